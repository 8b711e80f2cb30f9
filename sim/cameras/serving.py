"""Serving emulated webcams: one turn after the other, or in a thread beside a test."""

import contextlib
import select
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

from sim.cameras.served import ServedCamera

_LONGEST_WAIT_S: Final = 0.05
"""What was called from another thread takes effect after this at the latest."""


def turn(cameras: Sequence[ServedCamera], also: Sequence[int] = ()) -> set[int]:
    """Wait until a camera has something to do, or one of `also` can be read; do it.

    Returns:
        The descriptors of `also` that can be read.
    """
    readable = [*also, *(descriptor for camera in cameras for descriptor in camera.readable())]
    writable = [descriptor for camera in cameras for descriptor in camera.writable()]
    due_ns = min(camera.due_ns() for camera in cameras)
    wait_s = min(_LONGEST_WAIT_S, max(0, due_ns - time.monotonic_ns()) / 1e9)
    ready, _, _ = select.select(readable, writable, [], wait_s)
    for camera in cameras:
        camera.service(time.monotonic_ns())
    return {descriptor for descriptor in ready if descriptor in also}


@contextlib.contextmanager
def served(*cameras: ServedCamera) -> Iterator[None]:
    """Serve them in a thread of this process for as long as the context lasts, then close them.

    For measuring a reader take `python -m sim.emulated_cameras`: a thread here shares its
    interpreter.
    """
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            turn(cameras)

    thread = threading.Thread(target=run, name="served cameras", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        for camera in cameras:
            camera.close()
