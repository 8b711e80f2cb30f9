"""From the JPEGs of an episode to images. Its counterpart is `recorder.pictures.encode`.

A JPEG of some kB may claim to be a picture of a gigabyte, so the size is asked before decoding.
"""

from itertools import chain
from typing import Final

import cv2
import numpy as np

from recorder.cameras.camera import Image

EIGHTH: Final = cv2.IMREAD_REDUCED_GRAYSCALE_8
AS_IT_IS: Final = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
START_OF_IMAGE: Final = b"\xff\xd8"
FRAME_MARKERS: Final = frozenset(chain(range(0xC0, 0xC4), range(0xC5, 0xC8), range(0xC9, 0xCC)))
"""SOF0-SOF11 (ITU-T T.81, table B.1) without DHT, JPG and DAC, which lie among them."""
FRAME_BYTES: Final = 9
"""Of a frame header up to the width: marker 2, length 2, precision 1, height 2, width 2."""


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as its frame header says; None if it is no JPEG. A few us."""
    at = len(START_OF_IMAGE)
    if not jpeg.startswith(START_OF_IMAGE):
        return None
    while at + FRAME_BYTES <= len(jpeg) and jpeg[at] == 0xFF:
        if jpeg[at + 1] in FRAME_MARKERS:
            height, width = _word(jpeg, at + 5), _word(jpeg, at + 7)
            return (width, height) if width and height else None
        at += 2 + _word(jpeg, at + 2)
    return None


def _word(jpeg: bytes, at: int) -> int:
    return jpeg[at] << 8 | jpeg[at + 1]


def decode_jpeg(jpeg: bytes) -> Image | None:
    """The RGB image of a JPEG, None if it is not one. Trailing zeros do no harm."""
    if not jpeg:
        return None
    try:
        bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), AS_IT_IS)
    except cv2.error:  # e.g. a header that claims more pixels than OpenCV accepts
        return None
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8)


def is_jpeg(jpeg: bytes) -> bool:
    """Whether it decodes. At an eighth of the size: all of it is read, little is computed."""
    if not jpeg:
        return False
    try:
        return cv2.imdecode(np.frombuffer(jpeg, np.uint8), EIGHTH) is not None
    except cv2.error:
        return False
