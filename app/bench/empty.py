"""What the intake is compared with: a FastAPI route that reads nothing, does nothing and answers 200."""

from typing import Annotated

import typer
from fastapi import FastAPI, Response

from app import serving

PATH = "/empty"


def create_app() -> FastAPI:
    """Return an application with that one route."""
    app = FastAPI()

    @app.post(PATH)
    async def empty() -> Response:
        return Response(status_code=200)

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(status_code=200)

    serving.settle_in()
    return app


def main(port: Annotated[int, typer.Option(help="Port to listen on.")]) -> None:
    """Serve it as the service itself is served."""
    serving.serve("app.bench.empty:create_app", host="127.0.0.1", port=port)


if __name__ == "__main__":
    typer.run(main)
