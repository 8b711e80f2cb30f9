"""What the recorder asks of a camera, whatever its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Record = npt.NDArray[Any]
UNKNOWN: Final = -1
"""A stamp or number that the camera does not tell."""

CaptureClock = Literal["session", "device", "driver", "arrival"]
"""Where `Frame.capture_ns` comes from.

session: the camera lives in the session's time (simulated, pattern). device: the camera's own
clock, brought to this computer's (RealSense global time). driver: the kernel's stamp at the start
of the picture (V4L2). arrival: nobody tells; the picture is older than its stamp says.
"""


def always() -> bool:
    """For frames that own their image."""
    return True


@dataclass(frozen=True, slots=True)
class Frame:
    """One image and its stamps, in the session's time.

    Attributes:
        image: (H, W, 3) uint8, RGB. It may lie in memory that its source will use again: whoever
            has used it asks `is_whole` afterwards.
        number: counts the camera's frames and always increases; a gap means frames were lost on
            the way.
        capture_ns: when the scene was seen (middle of the exposure, as far as is known).
        arrival_ns: when the image was there to be used.
        sensor_ns: the device's own stamp as it gave it, in its own clock; UNKNOWN without one.
        exposure_us: of this frame; UNKNOWN where the camera does not tell.
    """

    image: Image
    number: int
    capture_ns: int
    arrival_ns: int
    is_whole: Callable[[], bool] = always
    """The image has not been overwritten since it was taken."""
    sensor_ns: int = UNKNOWN
    exposure_us: int = UNKNOWN


class CameraState(IntEnum):
    """How a camera is doing."""

    OPENING = 0
    """It has given no frame yet, or is being opened again."""
    LIVE = 1
    STALLED = 2
    """Open, but no frame for two periods."""
    LOST = 3
    """The device is gone or refuses; it is tried again by itself."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How a camera is doing at one moment.

    Attributes:
        rate_hz: frames a second of the last two seconds, by their arrival; NaN while unknown.
        reconnects: how often it was opened again.
        fault: why it is not LIVE: of a LOST one a sentence for the operator, of others what comes
            after its name; "" if it is.
        silent_ns: since its newest frame arrived; UNKNOWN if there was none.
    """

    state: CameraState
    rate_hz: float
    reconnects: int = 0
    fault: str = ""
    silent_ns: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class CameraAbout:
    """What a camera turned out to be: provenance for the file.

    Attributes:
        device: what it calls itself; "" while it is not known.
        path: where it is plugged in, as far as is known.
        options: what was set, as read back, e.g. {"exposure": "156"}.
        not_set: what was asked for and could not be set, a sentence each.
    """

    kind: str
    device: str = ""
    serial: str = ""
    firmware: str = ""
    path: str = ""
    clock: CaptureClock = "session"
    width: int = 0
    height: int = 0
    rate_hz: float = 0.0
    """As the device itself states it."""
    options: Mapping[str, str] = field(default_factory=dict)
    not_set: tuple[str, ...] = ()


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

    def has_passed(self, t_ns: int) -> bool:
        """Whether frames had arrived by `t_ns` and are gone by now: where there is none to be had,
        whoever asks has come too late, and the camera is not to blame. Never blocks."""
        ...

    def health(self, t_ns: int) -> CameraHealth:
        """How it is doing at `t_ns` of the session's time, which is about now. Never blocks."""
        ...

    def about(self) -> CameraAbout:
        """What it is, as far as is known by now."""
        ...

    def close(self) -> None:
        """Let the device or the shared memory go."""
        ...
