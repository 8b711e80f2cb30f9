"""JPEG encoding beside the loop: a small pool, results taken in order, a bounded queue.

OpenCV takes BGR and writes standard JPEGs, so images are turned from RGB first: any decoder that
gives RGB (Pillow, a browser), or BGR and says so (OpenCV), then shows true colours.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import cv2

from recorder.cameras.camera import Image
from recorder.config import RecordingConfig
from recorder.pictures.stats import PictureStats, picture_stats

THREADS: Final = 2
SAMPLING_FACTORS: Final = {
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as it goes on record: its JPEG, and what is known of it without decoding that."""

    jpeg: bytes
    stats: PictureStats


def encode_jpeg(image: Image, config: RecordingConfig) -> bytes:
    """A standard JPEG of an RGB image of shape (H, W, 3), uint8."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    parameters = [
        cv2.IMWRITE_JPEG_QUALITY,
        config.jpeg_quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        SAMPLING_FACTORS[config.jpeg_subsampling],
    ]
    encoded, buffer = cv2.imencode(".jpg", bgr, parameters)
    if not encoded:  # not seen with a uint8 image; never write an empty row silently
        raise ValueError(f"OpenCV could not encode an image of shape {image.shape}.")
    return buffer.tobytes()


def encode(image: Image, config: RecordingConfig) -> Picture:
    """What goes on record of an RGB image of shape (H, W, 3), uint8."""
    return Picture(encode_jpeg(image, config), picture_stats(image))


class EncodePool:
    """Encodes the images of a step on threads (OpenCV releases the interpreter's lock).

    Args:
        on_done: called from a pool thread whenever the images of a step are done.
    """

    def __init__(self, config: RecordingConfig, on_done: Callable[[], object]) -> None:
        self.config = config
        self._on_done = on_done
        self._lock = threading.Lock()
        self.cpu_ns = 0  # that encoding has taken so far, of all threads
        # The pool is our parallelism; OpenCV's own threads would only spin beside it (measured
        # 1.8 instead of 1.1 ms an image). OpenCV 5 takes the setting from the calling thread.
        self._pool = ThreadPoolExecutor(THREADS, "jpeg", cv2.setNumThreads, (1,))

    def submit(self, images: Sequence[Image]) -> "Future[list[Picture]]":
        """Encode these images, in this order, without waiting."""
        future = self._pool.submit(self._encode, images)
        future.add_done_callback(lambda _: self._on_done())
        return future

    def _encode(self, images: Sequence[Image]) -> list[Picture]:
        before = time.thread_time_ns()
        encoded = [encode(image, self.config) for image in images]
        with self._lock:
            self.cpu_ns += time.thread_time_ns() - before
        return encoded

    def close(self) -> None:
        """End the threads, after what was submitted."""
        self._pool.shutdown()
