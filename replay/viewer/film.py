"""The pictures of an episode, decoded no larger than they are shown, and only when they are."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from recorder.cameras.camera import Image
from recorder.episode.schema import checksum
from recorder.errors import EpisodeError
from recorder.pictures.decode import jpeg_size
from replay.viewer.loaded import Loaded

REDUCED: Final = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    1: cv2.IMREAD_COLOR,
}
MAX_KEPT: Final = 48
"""Pictures; those of large cameras have some 200 kB each."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """(H, W, 3) RGB; or None, and why, in a word or two."""

    image: Image | None
    fault: str = ""


class Asked(NamedTuple):
    """Which picture, and the pixels that it is to be shown in."""

    camera: str
    step: int
    width: int
    height: int


class Film:
    """The pictures of one episode; it keeps the last few."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._kept: OrderedDict[tuple[str, int, int], Picture] = OrderedDict()

    def picture(self, asked: Asked) -> Picture:
        """A picture, at least as large as asked for where the file has it so large."""
        try:
            reduced = self._reduced(asked)
        except EpisodeError:
            return Picture(None, "no pictures")
        key = asked.camera, asked.step, reduced
        if (known := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return known
        made = self._kept[key] = self._decoded(asked.camera, asked.step, reduced)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return made

    def _reduced(self, asked: Asked) -> int:
        assert self._loaded.reader is not None
        width, height = self._loaded.reader.image_size(asked.camera)
        fits = [by for by in REDUCED if width // by >= asked.width and height // by >= asked.height]
        return fits[0] if fits else 1

    def _decoded(self, camera: str, step: int, reduced: int) -> Picture:
        loaded = self._loaded
        assert loaded.reader is not None
        try:
            jpeg, size = loaded.reader.jpeg(camera, step), loaded.reader.image_size(camera)
        except EpisodeError:
            return Picture(None, "cannot be read")
        if jpeg_size(jpeg) != size:  # a small JPEG may claim to be a huge picture
            return Picture(None, "no picture of its size")
        # OpenCV writes to the terminal about JPEGs that are damaged, and nobody can stop it.
        sums = loaded.checksums
        if sums is None or int(sums[step, loaded.cameras.index(camera)]) != checksum(jpeg):
            return Picture(None, "damaged")
        try:
            bgr = cv2.imdecode(
                np.frombuffer(jpeg, np.uint8), REDUCED[reduced] | cv2.IMREAD_IGNORE_ORIENTATION
            )
        except cv2.error:
            return Picture(None, "does not decode")
        if bgr is None:
            return Picture(None, "does not decode")
        return Picture(np.ascontiguousarray(bgr[..., ::-1]).astype(np.uint8))
