"""The session's status block: where it is in its flow, for whoever watches."""

from enum import IntEnum
from typing import Final

import numpy as np

STATUS_RING: Final = "session"
PROMPT_BYTES: Final = 240
MAX_TAKES: Final = 12
"""So many of the newest takes are in the status."""
REASON_BYTES: Final = 160


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
    PAUSED = 10
    """The arms wait at their start; no gesture starts anything until the operator goes on."""
    REVIEWING = 11
    """The last take is over: time to record it again before the session ends."""
    REPLAYING = 12
    """Recorded commands lead the arms."""


class TakeState(IntEnum):
    """What has become of a take: one attempt at a demonstration."""

    RECORDING = 0
    SAVING = 1
    """Over, and not a file yet: it counts until its verdict says otherwise."""
    ACCEPTED = 2
    """A file that counts."""
    REJECTED = 3
    """A file that does not count: the quality checks, or a fault that ended it."""
    DISCARDED = 4
    """In the trash, to be recorded again; can be undone."""
    LOST = 5
    """Not even one step of it could be saved."""


TAKE_DTYPE: Final = np.dtype(
    [
        ("episode", "<i8"),
        ("state", "u1"),  # TakeState
        ("outcome", "u1"),  # teleop.tick.Outcome
        ("verdict", "u1"),  # recorder.status.Verdict
        ("steps", "<i8"),
        ("reason", f"S{REASON_BYTES}"),  # the worst finding, or why it ended
        ("advice", f"S{REASON_BYTES}"),  # what to do about it
        ("label", f"S{REASON_BYTES}"),  # why the operator called it a success or a failure
    ]
)

SESSION_DTYPE: Final = np.dtype(
    [
        ("heartbeat_ns", "<i8"),
        ("phase", "u1"),
        ("kind", "u1"),  # session.kind.RigKind
        ("attempt", "<u4"),  # n of `episodes`, counted from 1: accepted ones + 1
        ("episodes", "<u4"),  # 0: none are recorded
        ("episode", "<i8"),  # number of the episode being prepared or recorded
        ("saved", "<u4"),
        ("successes", "<u4"),
        ("faults", "<u4"),  # episodes that a fault has ended
        ("accepted", "<u4"),  # of this collection, those of earlier sessions included
        ("rejected", "<u4"),  # takes of this session that do not count, without the discarded ones
        ("pausing", "?"),  # the next episode waits until the operator goes on
        (
            "reset_until_ns",
            "<i8",
        ),  # CLOCK_MONOTONIC: the scene should be reset by then; 0: no clock
        ("seed", "<i8"),
        ("prompt", f"S{PROMPT_BYTES}"),  # what the operator is asked for; empty: nothing
        ("takes", "<u4"),  # how many of the table below count, newest first
        ("take", TAKE_DTYPE.descr, (MAX_TAKES,)),
    ]
)
