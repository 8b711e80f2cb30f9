"""Whether a stream gives its newest picture, or one that has lain waiting and how old that is.

A URL tells no time of capture. Its pictures wait in the buffers of TCP, megabytes, while nobody
reads: after a stop of this process, or on a computer that cannot keep up, they come in a burst and
are seconds old. What tells them apart is that nobody had to wait for them.
"""

import statistics
import time
from collections import deque
from pathlib import Path
from typing import Final

TOLERATED_NS: Final = 100_000_000
TOLERATED_PERIODS: Final = 2
"""So much later than its camera's cadence a picture may come, the more of both: pictures are not
thrown away for what a network or a busy computer does all the time."""
_WAITED_GAP: Final = 0.75
_WAITED_SLEEP: Final = 0.2
"""Shares of the usual period: what comes sooner than the first after the picture before, or with
less sleep than the second, was there already. Decoding is no sleep, hence the small one."""
_USUAL_SLEEP: Final = 0.5
"""Share of the time between two pictures that was slept, for that time to be the camera's."""
_SURE: Final = 2
"""Waits in a row that show the newest picture though by the cadence it is old. One alone may be the
read in which the process was stopped."""
_GAPS: Final = 7
_SCHEDSTAT: Final = Path("/proc/thread-self/schedstat")


def awake_ns() -> int:
    """How long this thread has run, or wanted to: what is missing to the time on the wall, it has
    slept, waiting for something. Without the kernel's schedstat, how long it has run."""
    try:
        wanted_ns = int(_SCHEDSTAT.read_bytes().split()[1])
    except (OSError, IndexError):
        wanted_ns = 0
    return time.thread_time_ns() + wanted_ns


class LiveEdge:
    """Follows one stream, picture by picture, those that are thrown away too. Pure.

    Args:
        period_ns: configured time between pictures; the camera's real one is learned.
        now_ns: when the newest picture was read; times are of one clock.
    """

    def __init__(self, period_ns: int, now_ns: int) -> None:
        self._gaps: deque[int] = deque([period_ns], maxlen=_GAPS)
        self._capture_ns = self._arrival_ns = now_ns
        self._doubted_waits = 0

    @property
    def late_ns(self) -> int:
        """From when the camera's cadence has taken the last picture to when it was read; 0 if it
        had to be waited for."""
        return self._arrival_ns - self._capture_ns

    @property
    def behind(self) -> bool:
        """The last picture is an old one, newer ones are there or will be at once."""
        return self.late_ns > self._tolerated_ns()

    @property
    def period_ns(self) -> int:
        """Usual time between pictures."""
        return round(statistics.median(self._gaps))

    def arrived(self, arrival_ns: int, slept_ns: int) -> None:
        """The next picture was read.

        Args:
            slept_ns: of the time that reading took, what nothing was done in but wait.
        """
        gap_ns, self._arrival_ns = arrival_ns - self._arrival_ns, arrival_ns
        waited = self._waited(gap_ns, slept_ns)
        self._capture_ns = min(self._capture_ns + self.period_ns, arrival_ns)
        self._doubted_waits = self._doubted_waits + 1 if waited and self.behind else 0
        if waited and (self._doubted_waits >= _SURE or not self.behind):
            self._capture_ns, self._doubted_waits = arrival_ns, 0
        if self.late_ns == 0 and slept_ns >= _USUAL_SLEEP * gap_ns:
            self._gaps.append(gap_ns)

    def _waited(self, gap_ns: int, slept_ns: int) -> bool:
        """The picture was not there when it was asked for."""
        usual_ns = self.period_ns
        return gap_ns >= _WAITED_GAP * usual_ns and slept_ns >= _WAITED_SLEEP * usual_ns

    def _tolerated_ns(self) -> int:
        return max(TOLERATED_NS, TOLERATED_PERIODS * self.period_ns)
