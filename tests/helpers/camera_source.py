"""A camera's device whose every picture, pause and fault a test decides."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from recorder.cameras.camera import UNKNOWN, CameraAbout, CameraHealth
from recorder.cameras.capture import CapturedCamera
from recorder.cameras.source import Grab

PATIENCE_S = 20


def picture(
    number: int = UNKNOWN, capture_ns: int | None = None, arrival_ns: int | None = None
) -> Grab:
    """What a device gives now."""
    now_ns = time.monotonic_ns()
    image = np.zeros((6, 8, 3), np.uint8)
    arrival_ns = now_ns if arrival_ns is None else arrival_ns
    return Grab(image, number, arrival_ns if capture_ns is None else capture_ns, arrival_ns)


class ScriptedSource:
    """A `Source`: each opening runs `script` anew, which yields a grab, None, or raises.

    Attributes:
        opened, closed: how often.
    """

    def __init__(self, script: Callable[[int], Iterator[Grab | None]]) -> None:
        self._script = script
        self._running: Iterator[Grab | None] = iter(())
        self.opened = self.closed = 0

    def open(self) -> CameraAbout:
        """Begins the script, with the number of this opening, from 1."""
        self.opened += 1
        self._running = self._script(self.opened)
        return CameraAbout("webcam", device=f"opening {self.opened}", not_set=("gain is 3.",))

    def read(self, timeout_s: float) -> Grab | None:
        """The script's next; at its end there are no pictures any more."""
        grab = next(self._running, None)
        if grab is None:
            time.sleep(min(timeout_s, 0.02))
        return grab

    def close(self) -> None:
        """Counts."""
        self.closed += 1


def wait_until(happened: Callable[[], object]) -> None:
    """Polls, with patience for a busy machine."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.005)


def health(camera: CapturedCamera) -> CameraHealth:
    """How it is doing now."""
    return camera.health(time.monotonic_ns())


def newest_number(camera: CapturedCamera) -> int:
    """UNKNOWN without a frame."""
    frame = camera.newest_arrived_before(time.monotonic_ns())
    return UNKNOWN if frame is None else frame.number
