"""What the recorder asks of a camera, whatever its kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


def always() -> bool:
    """For frames that own their image."""
    return True


@dataclass(frozen=True, slots=True)
class Frame:
    """One image and its stamps, in the session's time.

    Attributes:
        image: (H, W, 3) uint8, RGB. It may lie in memory that its source will use again: whoever
            has used it asks `is_whole` afterwards.
        number: counts the camera's frames; a gap means frames were lost on the way.
        capture_ns: when the scene was seen (middle of the exposure, as far as is known).
        arrival_ns: when the image was there to be used.
    """

    image: npt.NDArray[np.uint8]
    number: int
    capture_ns: int
    arrival_ns: int
    is_whole: Callable[[], bool] = always
    """The image has not been overwritten since it was taken."""


class Camera(Protocol):
    """A source of frames.

    Reading never blocks and never waits for a late frame: it gives what a policy could have used
    at that time. A camera that has stalled keeps giving its last frame, whose `capture_ns` tells
    how old it is; that is for `align` to judge, not for the camera to hide.
    """

    name: str

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        """The newest frame with ``arrival_ns <= t_ns``.

        Returns:
            None if there was no frame yet, or all that had arrived are overwritten by now.
        """
        ...

    def close(self) -> None:
        """Let the device or the shared memory go."""
        ...


Image = npt.NDArray[np.uint8]
Record = npt.NDArray[Any]
