"""Preview: what an import, and reconciling after it, would do now. It reads shop and Orderchamp, and changes neither.

It is the same import and the same reconciling, on a world of its own: what is known, overlaid with what the preview has come
to (``store.previewing``). ``collecting`` reads the shop and projects what it finds; ``rehearsing`` takes each batch of products
through reconciling's own steps, as if every change had been made; ``items`` puts into words what is found. Each step is one
transaction that keeps what it learned, what it found, and where to go on.
"""

from app.flows.preview.duty import preview
from app.flows.preview.order import cancel_preview, start_preview

__all__ = ["cancel_preview", "preview", "start_preview"]
