"""Work on pictures beside what reads and writes them. OpenCV releases the interpreter's lock."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import cv2

A = TypeVar("A")
B = TypeVar("B")
MOST_THREADS: Final = 8
AHEAD: Final = 4
"""So many results a thread may wait to be taken: each may be a picture of a megabyte."""


def in_threads(
    function: Callable[[A], B], items: Iterable[A], most_threads: int = MOST_THREADS
) -> Generator[B, None, None]:
    """The results in the order of the items, of which no more are taken than is needed."""
    threads = min(os.cpu_count() or 1, most_threads)
    waiting: deque[Future[B]] = deque()
    # The pool is our parallelism: OpenCV's own threads would only spin beside it.
    with ThreadPoolExecutor(threads, "pictures", cv2.setNumThreads, (1,)) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= threads * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)  # somebody has had enough, or an item was bad
