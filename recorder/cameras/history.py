"""The frames of a captured camera's last moments, numbered and with stamps that can be true.

What devices say is not taken as it comes: numbers go on where a device's counter begins anew (see
`Numbers`), and capture times are brought to where they can lie (see `sound_capture_ns`).
"""

import math
import threading
from collections import deque
from typing import Final

from recorder.cameras.camera import UNKNOWN, Frame
from recorder.cameras.rate import WINDOW_NS
from recorder.cameras.source import Grab

OLDEST_NS: Final = 1_000_000_000
"""No camera takes longer from scene to computer; what says so has a wrong clock."""
_LAG_NS: Final = 400_000_000
"""So far a recorder may be behind, and is still given what had arrived by its tick."""
_FIT_NS: Final = 10_000_000
"""Clocks that are fitted to each other, as those of a RealSense, err by some milliseconds."""
_FEWEST_FRAMES: Final = 4
_FASTER: Final = 6
"""So many times faster than configured a camera may be, and _LAG_NS of it is still kept: 200 Hz of
30 Hz. More would be memory without end: a picture of 1280x720 has 2.8 MB."""
_MOST_ARRIVALS: Final = 2048
"""Two seconds of the fastest camera that can be configured."""


def sound_capture_ns(capture_ns: int, arrival_ns: int, last_ns: int) -> int:
    """A capture time that can be true.

    A picture is not taken after it arrived, nor before the one before it. One that would be older
    than a second gets that age: it then counts as stale, live and in the file, where the time of
    its arrival would pass off a broken clock as a fresh picture.

    Args:
        last_ns: of the frame before, sound itself.
    """
    return max(last_ns, min(max(capture_ns, arrival_ns - OLDEST_NS), arrival_ns))


class Numbers:
    """Frame numbers that always increase, whatever the device counts, if it counts at all.

    Where the device was opened again, or its counter has begun anew, one number is left out: nobody
    knows how many frames are lost there.
    """

    def __init__(self) -> None:
        self._last = self._device_last = UNKNOWN
        self._interrupted = False

    def interrupt(self) -> None:
        """The device is opened again."""
        self._interrupted = self._last != UNKNOWN

    def next(self, device_number: int) -> int:
        """The number of the next frame; the device counts it as `device_number`, or as UNKNOWN."""
        self._last += self._step(device_number)
        self._device_last = device_number
        self._interrupted = False
        return self._last

    def _step(self, device_number: int) -> int:
        if self._interrupted:
            return 2
        if UNKNOWN in (device_number, self._device_last):
            return 1
        step = device_number - self._device_last
        return step if step > 0 else 2


class History:
    """What has arrived lately. One thread adds, any may ask; nobody waits longer than for a copy of
    some numbers. Kept is what `newest_arrived_before` needs to reach back 0.4 s from the newest
    frame, whatever the camera's real rate; at most _FASTER times the frames of the configured one.

    Args:
        period_ns: configured time between frames.
    """

    def __init__(self, period_ns: int) -> None:
        size = max(_FEWEST_FRAMES, math.ceil(_LAG_NS / period_ns) + 2)
        self._frames: deque[Frame] = deque()
        self._fewest, self._most = _FEWEST_FRAMES, _FASTER * size
        self._let_go = False
        self._arrivals: deque[int] = deque(maxlen=_MOST_ARRIVALS)
        self._numbers = Numbers()
        self._lock = threading.Lock()
        self._moved = 0

    @property
    def moved(self) -> int:
        """Frames whose capture time could not be true, by more than the fit of a clock explains."""
        return self._moved

    def add(self, grab: Grab, now_ns: int) -> None:
        """A frame has come.

        Args:
            now_ns: the clock by which ticks are asked for.
        """
        frame = self._frame(grab, now_ns)
        with self._lock:
            self._frames.append(frame)
            self._forget(frame.arrival_ns - _LAG_NS)
            self._arrivals.append(frame.arrival_ns)
            while frame.arrival_ns - self._arrivals[0] > WINDOW_NS:
                self._arrivals.popleft()

    def interrupt(self) -> None:
        """The device is opened again."""
        self._numbers.interrupt()

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        """The newest with ``arrival_ns <= t_ns`` of those that are still here."""
        with self._lock:
            return next((f for f in reversed(self._frames) if f.arrival_ns <= t_ns), None)

    def has_passed(self, t_ns: int) -> bool:
        """See `Camera`."""
        with self._lock:
            return self._let_go and all(frame.arrival_ns > t_ns for frame in self._frames)

    def arrivals_ns(self) -> list[int]:
        """Of the frames of the last two seconds before the newest, oldest first."""
        with self._lock:
            return list(self._arrivals)

    def _forget(self, before_ns: int) -> None:
        """Let go of frames for which a newer one had arrived by then, too."""
        while len(self._frames) > self._fewest and (
            self._frames[1].arrival_ns <= before_ns or len(self._frames) > self._most
        ):
            self._frames.popleft()
            self._let_go = True

    def _frame(self, grab: Grab, now_ns: int) -> Frame:
        last = self._frames[-1] if self._frames else None
        arrival_ns = _sound_arrival_ns(grab.arrival_ns, now_ns, last.arrival_ns if last else 0)
        capture_ns = sound_capture_ns(grab.capture_ns, arrival_ns, last.capture_ns if last else 0)
        self._moved += abs(capture_ns - grab.capture_ns) > _FIT_NS
        return Frame(
            grab.image,
            self._numbers.next(grab.number),
            capture_ns,
            arrival_ns,
            sensor_ns=grab.sensor_ns,
            exposure_us=grab.exposure_us,
        )


def _sound_arrival_ns(arrival_ns: int, now_ns: int, last_ns: int) -> int:
    """Not in the future, not long ago, not before the frame before: frames are searched by it."""
    return max(last_ns, arrival_ns if now_ns - OLDEST_NS <= arrival_ns <= now_ns else now_ns)
