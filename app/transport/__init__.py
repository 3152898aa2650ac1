"""HTTP: sends what adapters and the Orderchamp client describe, and tells nothing of httpx to the rest.

``client`` sends and reads, ``network`` keeps the deadline and connects to checked addresses only, ``addresses`` tells which
those are. What a request asks for and what its answer means is not known here.
"""

from app.transport.addresses import Resolver
from app.transport.client import MAX_BODY, HttpTransport

__all__ = ["MAX_BODY", "HttpTransport", "Resolver"]
