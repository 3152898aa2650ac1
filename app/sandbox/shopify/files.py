"""The files of bulk operations, whole or in the parts that ``Range`` names, as Google's storage gives them."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.sandbox.shop.sandbox import Unknown
from app.sandbox.shopify.here import Here

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")

routes = APIRouter()


@routes.get("/_files/{operation_id}/{secret}.jsonl")
async def file(sandbox: Here, operation_id: int, secret: str, request: Request) -> Response:
    """Give a file to whoever knows its address; no token is asked for."""
    operation = sandbox.bulk.operations.get(operation_id)
    if operation is None or operation.secret != secret or operation.status != "COMPLETED":
        raise Unknown("There is no such file")
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    size = len(operation.file)
    if asked is None or sandbox.courier.switches[operation.shop].ignores_range:
        return Response(bytes(operation.file), media_type="application/jsonl")
    start = int(asked[1])
    end = min(int(asked[2]) + 1 if asked[2] else size, size)
    if start >= size:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
    return Response(bytes(operation.file[start:end]), 206, headers=headers, media_type="application/jsonl")
