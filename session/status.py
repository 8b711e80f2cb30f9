"""The session's status block: where it is in its flow, for whoever watches."""

from enum import IntEnum
from typing import Final

import numpy as np

STATUS_RING: Final = "session"
PROMPT_BYTES: Final = 240


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
    READY = 8
    """The arms wait at their start for the operator's sign."""
    MIRRORING = 9


SESSION_DTYPE: Final = np.dtype(
    [
        ("heartbeat_ns", "<i8"),
        ("phase", "u1"),
        ("kind", "u1"),  # session.kind.RigKind
        ("attempt", "<u4"),  # n of `episodes`, counted from 1
        ("episodes", "<u4"),  # 0: none are recorded
        ("episode", "<i8"),  # number of the episode being prepared or recorded
        ("saved", "<u4"),
        ("successes", "<u4"),
        ("faults", "<u4"),  # episodes that a fault has ended
        ("seed", "<i8"),
        ("prompt", f"S{PROMPT_BYTES}"),  # what the operator is asked for; empty: nothing
    ]
)
