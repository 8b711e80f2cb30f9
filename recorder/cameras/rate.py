"""How a camera does, from the times at which its newest frames arrived. Pure."""

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Final

from recorder.align import STALE_PERIODS
from recorder.cameras.camera import CameraHealth, CameraState
from recorder.durations import in_words

WINDOW_NS: Final = 2_000_000_000
SHORTEST_NS: Final = 500_000_000
USUAL_GAPS: Final = 7
"""So many of the newest say what is usual: a camera that has become slow is slow, not stalled."""
SLOWEST_PERIODS: Final = 5
"""A camera may be so much slower than configured before every one of its frames is a stall."""


def rate_hz(arrivals_ns: Sequence[int], t_ns: int) -> float:
    """Frames a second of the last two seconds; NaN until there is enough to tell, since what a
    device had kept comes in a burst."""
    recent = [arrival for arrival in arrivals_ns if t_ns - arrival <= WINDOW_NS]
    if len(recent) < 2 or recent[-1] - recent[0] < SHORTEST_NS:
        return math.nan
    return (len(recent) - 1) * 1e9 / (recent[-1] - recent[0])


def stall_ns(arrivals_ns: Sequence[int], period_ns: int) -> int:
    """How long no frame may come before that is a stall: two periods, of the configured rate or of
    the one that the camera keeps where that is slower."""
    newest = arrivals_ns[-USUAL_GAPS - 1 :]
    gaps = [after - before for before, after in itertools.pairwise(newest)]
    usual_ns = statistics.median(gaps) if gaps else period_ns
    return STALE_PERIODS * int(min(max(usual_ns, period_ns), SLOWEST_PERIODS * period_ns))


def health_of(arrivals_ns: Sequence[int], period_ns: int, t_ns: int) -> CameraHealth:
    """LIVE or STALLED, or OPENING where nothing has arrived yet.

    Args:
        arrivals_ns: of the newest frames, oldest first.
        t_ns: now.
    """
    if not arrivals_ns:
        return CameraHealth(CameraState.OPENING, math.nan, fault="has given no picture yet")
    silent_ns = max(t_ns - arrivals_ns[-1], 0)
    rate = rate_hz(arrivals_ns, t_ns)
    if silent_ns <= stall_ns(arrivals_ns, period_ns):
        return CameraHealth(CameraState.LIVE, rate, silent_ns=silent_ns)
    fault = f"has given no picture for {in_words(silent_ns * 1e-9)}"
    return CameraHealth(CameraState.STALLED, rate, fault=fault, silent_ns=silent_ns)
