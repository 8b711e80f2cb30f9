"""Small pictures of all cameras, for a display: what they see now, five times a second."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import Any, Final

import numpy as np

from recorder.cameras.camera import Camera, Frame, Image
from recorder.status import (
    THUMBNAIL_HEIGHT,
    THUMBNAIL_HZ,
    THUMBNAIL_RING,
    THUMBNAIL_SLOTS,
    THUMBNAIL_WIDTH,
    thumbnail_dtype,
)
from teleop.ring import RingWriter

INTERVAL_S: Final = 1 / THUMBNAIL_HZ
NO_FRAME: Final = -1


class Thumbnails:
    """Writes the ring `THUMBNAIL_RING`. Cheap enough for the recorder's loop."""

    def __init__(self, runtime_dir: Path, cameras: Sequence[Camera]) -> None:
        self._cameras = cameras
        self._record: Any = np.zeros((), thumbnail_dtype(len(cameras)))
        self._record["number"] = NO_FRAME
        self._ring = RingWriter(runtime_dir / THUMBNAIL_RING, self._record.dtype, THUMBNAIL_SLOTS)
        self._due = 0.0

    def close(self) -> None:
        """Let the ring go."""
        self._ring.close()

    def show(self, now_ns: int) -> None:
        """Publish the newest pictures, if it is time. Never blocks.

        Args:
            now_ns: in the session's time, which stands between ticks in lock-step.
        """
        if monotonic() < self._due:
            return
        self._due = monotonic() + INTERVAL_S
        for index, camera in enumerate(self._cameras):
            frame = camera.newest_arrived_before(now_ns)
            if frame and frame.number != self._record["number"][index]:
                self._take(index, frame)
        self._record["t_ns"] = monotonic_ns()
        self._ring.append(self._record)

    def _take(self, index: int, frame: Frame) -> None:
        """Unless it is overwritten meanwhile: then the one before stays."""
        small = shrunk(frame.image)
        if not frame.is_whole():
            return
        height, width = small.shape[:2]
        self._record["image"][index, :height, :width] = small
        self._record["size"][index] = height, width
        self._record["number"][index] = frame.number


def shrunk(image: Image) -> Image:
    """A copy of every n-th pixel of every n-th row, so that it fits: (h, w, 3), at most 60x80.

    Without a filter: it is for the eye, and must not cost what a picture for the file does.
    """
    height, width = image.shape[:2]
    stride = max(-(-height // THUMBNAIL_HEIGHT), -(-width // THUMBNAIL_WIDTH))
    return image[::stride, ::stride].copy()
