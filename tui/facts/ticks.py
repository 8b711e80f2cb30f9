"""The last ten seconds of ticks, as far as displays need them: every tick is read once."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from teleop.joints import DOF
from teleop.ring import EmptyRingError, OverrunError, Record, RingError, RingReader
from teleop.tick import BUSES

WINDOW_NS: Final = 10_000_000_000
SECOND_NS: Final = 1_000_000_000
LONGEST_TICKS: Final = 2048
"""Ten seconds at 200 Hz."""

BRIEF_DTYPE: Final = np.dtype(
    [
        ("t_ns", "<i8"),
        ("late_ns", "<i8"),
        ("missed", "<i8"),  # deadlines skipped since start
        ("lost", "<i8", (BUSES,)),  # replies lost for good since start
        ("limited", "u1", (DOF,)),  # teleop.tick.Limited
    ]
)
Briefs = npt.NDArray[Any]


class Ticks:
    """The window, which moves on with every `look`.

    Attributes:
        newest: the newest tick, whole; None before the first.
        briefs: of `BRIEF_DTYPE`, oldest first, at most ten seconds of the session's time.
    """

    def __init__(self) -> None:
        self.newest: Record | None = None
        self.briefs: Briefs = np.zeros(0, BRIEF_DTYPE)
        self._ring: RingReader | None = None
        self._next = 0

    def look(self, ring: RingReader | None) -> None:
        """Take in what is new; a ring that is another one begins anew, with its first tick."""
        if ring is None:
            return
        if ring is not self._ring:
            self._next = 0
        new = self._read(ring)
        if not new:
            return
        kept = self.briefs if ring is self._ring else self.briefs[:0]
        self._ring, self.newest = ring, new[-1]
        self.briefs = np.concatenate([kept, np.array([_brief(t) for t in new], BRIEF_DTYPE)])
        self.briefs = self.briefs[self._first_of(WINDOW_NS) :]

    def last_second(self) -> Briefs:
        """The part of the window that began at most a second before its newest tick."""
        return self.briefs[self._first_of(SECOND_NS) :]

    def _first_of(self, span_ns: int) -> int:
        """Where the ticks begin that are at most so much older than the newest, and in order."""
        t_ns = self.briefs["t_ns"]
        outside = (t_ns < t_ns[-1:] - span_ns) | (t_ns > t_ns[-1:])
        return 0 if not outside.any() else int(np.flatnonzero(outside)[-1]) + 1

    def _read(self, ring: RingReader) -> list[Record]:
        new = []
        first = max(self._next, ring.oldest(), len(ring) - LONGEST_TICKS)
        for index in range(first, len(ring)):
            try:
                new.append(ring.read(index))
            except OverrunError:  # we were away for long
                continue
            except (EmptyRingError, RingError):
                break
            self._next = index + 1
        return new


def _brief(tick: Record) -> tuple[Any, ...]:
    t_ns = int(tick["t_ns"])
    return (
        t_ns,
        max(0, t_ns - int(tick["deadline_ns"])),
        tick["missed"],
        tick["lost"],
        tick["limited"],
    )
