"""A transport that reaches the stand-ins of a test."""

from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from app.domain.http import Request, Response


@dataclass
class ToSandbox:
    """Sends what the service asks of a shop to the sandbox behind ``client``, and notes the operations that were ``asked``."""

    client: httpx.AsyncClient
    asked: list[str] = field(default_factory=list)

    async def send(self, request: Request, *, within: timedelta) -> Response:
        self.asked.append(request.operation)
        answer = await self.client.request(
            request.method, request.url, headers=dict(request.headers), content=request.body
        )
        return Response(status=answer.status_code, headers=dict(answer.headers), body=answer.content)
