"""How a web process is served: one place, so that what is measured is what is run."""

import gc

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


YOUNG = 20_000
"""How many new objects have the garbage collector look at them.

A batch of a hundred products is thousands of objects, of which all live until it is written down. Looked at whenever there
are 700 more, as Python has it, they took a twentieth of a worker's time.
"""


def settle_in() -> None:
    """Have the garbage collector never look again at what is there now, since it stays as long as the process does.

    A full collection would look at all of it, 150 ms long, and nobody would be answered meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
