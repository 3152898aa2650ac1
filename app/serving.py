"""How a web process is served: one place, so that what is measured is what is run."""

import uvicorn


def serve(application: str, *, host: str, port: int, processes: int = 1) -> None:
    """Serve the ASGI application that the factory ``application`` (``module:function``) makes, until told to stop."""
    uvicorn.run(
        application,
        factory=True,
        host=host,
        port=port,
        workers=processes,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
