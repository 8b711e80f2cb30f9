"""Which position readings can be true. Pure.

A servo whose encoder slips, or a reply that is wrong in spite of its checksum, would make the
followers jump or a ramp start from nowhere. Such a reading is not used: the last one that could be
true stands in, flagged.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.units import Floats

UNSEEN_RAD_PER_TICK: Final = 0.2
"""What a joint may have moved in a tick in which it was not seen: 10 rad/s, a fast hand."""
IMPOSSIBLE_RAD: Final = 2 * math.pi
"""No joint of these arms turns so far from its centre."""


def believable(
    position_rad: Floats,
    last_rad: Floats,
    unseen_ticks: npt.NDArray[np.int64],
    jump_rad: float | Floats,
) -> npt.NDArray[np.bool_]:
    """Whether each reading (9,) may follow the last one that was believed.

    Args:
        last_rad: NaN where nothing has been believed yet: then any angle a joint can have will do.
        unseen_ticks: ticks since in which the servo did not answer at all.
        jump_rad: farther in one tick no joint gets; one number, or one a servo.
    """
    reach = jump_rad + UNSEEN_RAD_PER_TICK * unseen_ticks
    near = np.abs(position_rad - last_rad) <= reach
    possible = np.abs(position_rad) <= IMPOSSIBLE_RAD
    return np.asarray(possible & (near | np.isnan(last_rad)))
