"""What one picture says about itself in three numbers, so that nobody has to decode it again.

Pure. The recorder's JPEG threads call it beside encoding, 200 times a second with four cameras.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from recorder.cameras.camera import Image

REDUCED_WIDTH: Final = 160
"""Pictures are reduced to about this width first: at 640 pixels one is the mean of sixteen, which
takes sensor noise to a quarter. Blur of a pixel or two is not seen then; blur that matters is."""
BLOWN_OUT: Final = 250
"""Luma from which a pixel holds no more detail; JPEG's ringing keeps it from being 255 sharp."""


@dataclass(frozen=True, slots=True)
class PictureStats:
    """One picture in numbers.

    Attributes:
        brightness: mean luma, 0-255.
        clipped: share of the picture that is blown out, 0-1.
        sharpness: variance of the Laplacian of the reduced picture; 0: nothing to be seen in it.
            To be compared within one camera: what is in view counts as much as the lens.
    """

    brightness: float
    clipped: float
    sharpness: float


def picture_stats(image: Image) -> PictureStats:
    """The numbers of an RGB image (H, W, 3), uint8, H and W at least 1. Never blocks.

    Costs about 0.1 ms of processor time at 640x480 (measured, OpenCV on one thread).
    """
    luma = _reduced(image)
    _, spread = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    _, blown_out = cv2.threshold(luma, BLOWN_OUT - 1, 255, cv2.THRESH_BINARY)
    return PictureStats(
        brightness=min(float(cv2.mean(luma)[0]), 255.0),  # OpenCV rounds up a little
        clipped=cv2.countNonZero(blown_out) / luma.size,
        sharpness=float(spread[0, 0]) ** 2,
    )


def _reduced(image: Image) -> Image:
    """Luma of the picture, halved until it is about REDUCED_WIDTH wide; pixels become means.

    Halving is the one reduction that OpenCV does fast: a tenth of what it takes to quarter at once.
    """
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    while luma.shape[1] >= 2 * REDUCED_WIDTH and luma.shape[0] > 1:
        half = (luma.shape[1] // 2, luma.shape[0] // 2)
        luma = cv2.resize(luma, half, interpolation=cv2.INTER_AREA)
    return luma.astype(np.uint8, copy=False)
