"""The sandbox that a request is for."""

from typing import Annotated

from fastapi import Depends, Request

from app.sandbox.channelengine.sandbox import Sandbox


def _here(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


Here = Annotated[Sandbox, Depends(_here)]
