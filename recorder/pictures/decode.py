"""From the JPEGs of an episode to images. Its counterpart is `recorder.pictures.encode`."""

from typing import Final

import cv2
import numpy as np

from recorder.cameras.camera import Image

EIGHTH: Final = cv2.IMREAD_REDUCED_GRAYSCALE_8


def decode_jpeg(jpeg: bytes) -> Image | None:
    """The RGB image of a JPEG, None if it is not one. Trailing zeros do no harm."""
    if not jpeg:
        return None
    try:
        bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
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
