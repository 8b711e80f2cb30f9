"""Which frames and pixels the statistics of pictures are taken from: those that LeRobot takes."""

from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Image
from replay.export.lerobot.statistics import LEVELS

LEAST_FRAMES: Final = 100
POWER: Final = 0.75
SMALL_PX: Final = 300
TARGET_PX: Final = 150
"""Of a picture whose longer side is not small, only every n-th pixel is looked at, so that about so
many are left along it."""


def sampled_steps(steps: int) -> frozenset[int]:
    """The steps of an episode whose pictures count: 100, or T^0.75 where that is more."""
    wanted = max(min(steps, LEAST_FRAMES), int(steps**POWER))
    return frozenset(np.linspace(0, steps - 1, wanted).round().astype(int).tolist())


def stride(width: int, height: int) -> int:
    """Every so many pixels of a row and of a column count: 4 at 640x480."""
    longer = max(width, height)
    return 1 if longer < SMALL_PX else longer // TARGET_PX


def levels(image: Image) -> npt.NDArray[np.int64]:
    """(3, 256): how often the sampled pixels of a picture have each level."""
    every = stride(image.shape[1], image.shape[0])
    pixels = image[::every, ::every].reshape(-1, image.shape[2])
    return np.stack([np.bincount(channel, minlength=LEVELS) for channel in pixels.T])
