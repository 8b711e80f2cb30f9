"""Several works at a time, a thread each: libav, OpenCV and Arrow let go of Python's lock."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from typing import TypeVar

import cv2

from replay.progress import Progress

T = TypeVar("T")


def together(works: Sequence[Callable[[Progress], T]], jobs: int, progress: Progress) -> list[T]:
    """Do all, at most `jobs` at a time, and return what they return, in their order.

    Each is told whom to tell of its progress. When one fails, or somebody interrupts, the others
    end where they next tell.
    """
    stop, lock = threading.Event(), threading.Lock()

    def tell(done: int) -> None:
        if stop.is_set():
            raise CancelledError
        with lock:
            progress(done)

    # OpenCV's own threads would only spin beside these.
    with ThreadPoolExecutor(jobs, "cameras", cv2.setNumThreads, (1,)) as pool:
        futures: list[Future[T]] = []
        try:
            for work in works:  # each may be the one for which there is no thread any more
                futures.append(pool.submit(work, tell))
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
    return _results(futures)


def _results(futures: list[Future[T]]) -> list[T]:
    for future in futures:
        if not future.cancelled() and not isinstance(future.exception(), CancelledError):
            future.result()  # raises what stopped the rest
    return [future.result() for future in futures]
