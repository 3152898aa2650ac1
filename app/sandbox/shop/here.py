"""The sandbox that a request is for."""

from typing import Annotated, Any

from fastapi import Depends, Request

from app.sandbox.shop.sandbox import Sandbox


def _here(request: Request) -> Sandbox[Any]:
    sandbox: Sandbox[Any] = request.app.state.sandbox
    return sandbox


AnyHere = Annotated[Sandbox[Any], Depends(_here)]
"""The sandbox of whatever platform."""
