"""The session's status block: where it is in its flow, for whoever watches."""

from enum import IntEnum
from typing import Final

import numpy as np

STATUS_RING: Final = "session"


class Phase(IntEnum):
    """What the session is about."""

    STARTING = 0
    PREPARING = 1
    RECORDING = 2
    SAVING = 3
    HOLDING = 4
    RESTING = 5
    ENDED = 6
    FAULT = 7


SESSION_DTYPE: Final = np.dtype(
    [
        ("heartbeat_ns", "<i8"),
        ("phase", "u1"),
        ("simulated", "?"),
        ("attempt", "<u4"),  # n of `episodes`, counted from 1
        ("episodes", "<u4"),
        ("episode", "<i8"),  # number of the episode being prepared or recorded
        ("saved", "<u4"),
        ("successes", "<u4"),
        ("seed", "<i8"),
    ]
)
