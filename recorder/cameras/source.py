"""What a captured camera (realsense, webcam) has to provide: open, read, close; blocking is fine.

`recorder.cameras.capture` runs a source in a thread of its own and does everything else, the same
for all kinds: the frames of the last moments, numbers that go on after a reconnection, the real
rate, stalls, reconnecting.
"""

from dataclasses import dataclass
from typing import Protocol

from recorder.cameras.camera import UNKNOWN, CameraAbout, Image


@dataclass(frozen=True, slots=True)
class Grab:
    """One image as its device gave it.

    Attributes:
        image: (H, W, 3) uint8, RGB, contiguous, not to be used again by the source.
        number: the device's own frame counter; UNKNOWN if it has none (frames are counted then).
        capture_ns, arrival_ns: CLOCK_MONOTONIC.
        sensor_ns, exposure_us: as `Frame` has them.
    """

    image: Image
    number: int
    capture_ns: int
    arrival_ns: int
    sensor_ns: int = UNKNOWN
    exposure_us: int = UNKNOWN


class Source(Protocol):
    """A device that is opened, read and closed by one thread, and may be opened again after that.

    Raises:
        CameraError: from `open` and `read`: the device is missing, refuses, or is gone; one
            sentence that names the camera and says what to do. Nothing else is raised.
    """

    def open(self) -> CameraAbout:
        """Open the device and set what the configuration asks for; blocks for seconds at most.

        What could not be set is told in `CameraAbout.not_set`; only what would make the pictures
        wrong (another size, no such device) is an error, and then nothing stays open.
        """
        ...

    def read(self, timeout_s: float) -> Grab | None:
        """The next image; None if there was none in about that time (see it as a stall)."""
        ...

    def close(self) -> None:
        """Let the device go. May be called in any state; never raises."""
        ...
