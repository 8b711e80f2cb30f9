"""One tick of the control loop: the record that decides everything about an episode.

Control writes one a period into the tick ring. The recorder opens, fills and closes episodes from
these records alone.
"""

import math
import struct
from enum import IntEnum, IntFlag
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from teleop.joints import BUS_NAMES, DOF, SERVOS_PER_ARM


class State(IntEnum):
    """Safety state of the rig, in the order of a session."""

    DISCONNECTED = 0
    CHECKING = 1
    HOMING = 2
    WAITING = 3
    FOLLOWING = 4
    HOLDING = 5
    RESTING = 6


class Outcome(IntEnum):
    """Verdict of the operator (or of the simulated task) on an episode."""

    UNLABELLED = 0
    SUCCESS = 1
    FAILURE = 2


class Limited(IntFlag):
    """Which limits changed a joint's command in a tick."""

    POSITION = 1
    VELOCITY = 2
    STEP = 4
    NOT_FINITE = 8


class Stage(IntEnum):
    """The timed parts of a tick, in order; the columns of `stage_ns`."""

    OBSERVE = 0
    LIMIT = 1
    COMMAND = 2
    PUBLISH = 3


class Need(IntEnum):
    """What a hold waits for before the arms may move again."""

    NOTHING = 0
    CONFIRM = 1
    """A joint that carries weight is limp: the operator supports the arm and says so (Recover)."""
    PLUG = 2
    """A bus is gone: plug its adapter in; it comes back by itself."""
    SERVO = 3
    """A servo does not answer or does not come back: mend it, then Recover."""
    RECOVERING = 4
    """What was wrong is being put right: wait."""


class Led(IntEnum):
    """Who led the followers in a tick of following; else nobody did."""

    NOBODY = 0
    LEADERS = 1
    """The leader arms."""
    RECORDING = 2
    """An episode that is played back."""
    POLICY = 3


class Realtime(IntFlag):
    """What the system granted the control process."""

    FIFO = 1
    MEMORY_LOCKED = 2


BUSES: Final = len(BUS_NAMES)
NO_EPISODE: Final = -1
TICK_RING: Final = "ticks"
EVENT_RING: Final = "control-events"
TICK_RING_SLOTS: Final = 4096
"""82 s at 50 Hz."""
EVENT_RING_SLOTS: Final = 1024

TICK_DTYPE: Final = np.dtype(
    [
        ("number", "<u8"),  # counts ticks since control started, skipped slots included
        ("t_ns", "<i8"),  # the session's clock when the tick began (see /tandem time base)
        ("deadline_ns", "<i8"),  # when it should have begun; equal to t_ns in lock-step
        ("state", "u1"),  # State
        ("led", "u1"),  # Led
        ("episode", "<i8"),  # episode number, NO_EPISODE while none is recorded
        ("step", "<i8"),  # step within the episode, -1 while none is recorded
        ("last_episode", "<i8"),  # the episode that ended last, NO_EPISODE if none
        ("outcome", "u1"),  # Outcome of last_episode
        ("leader", "<f8", (DOF,)),  # raw leader joints, gripper as joint angle, rad
        ("qpos", "<f8", (DOF,)),  # follower: rad, gripper 0-1 from the finger position
        ("qvel", "<f8", (DOF,)),  # follower: rad/s, gripper 1/s
        ("effort", "<f8", (DOF,)),  # follower: mA, or 0.1 % on load servos
        ("action", "<f8", (DOF,)),  # command sent: rad, gripper 0-1 (leader's joint)
        ("limited", "u1", (DOF,)),  # Limited flags
        ("bus_read_ns", "<i8", (BUSES,)),  # the session's clock when the bus's reply was complete
        ("bus_ok", "?", (BUSES,)),  # every servo of the bus answered in this tick
        ("held", "?", (BUSES, SERVOS_PER_ARM)),  # value is the last one known: no reply this tick
        ("servo_error", "u1", (BUSES, SERVOS_PER_ARM)),  # error byte of the newest status packet
        ("lost", "<u4", (BUSES,)),  # replies lost since start
        ("retries", "<u4", (BUSES,)),  # replies that were asked for again, since start
        (
            "rejected",
            "<u4",
            (BUSES,),
        ),  # readings that cannot be true, and were not used, since start
        ("connected", "?", (BUSES,)),  # the bus is there: its port is open
        ("need", "u1"),  # Need
        ("gestures", "<u4"),  # seen since start: to start while waiting, to end while following
        ("realtime", "u1"),  # Realtime flags
        ("missed", "<u4"),  # deadlines skipped since start
        ("stage_ns", "<i8", (len(Stage),)),  # duration of each Stage; PUBLISH is the last tick's
        ("temperature_degc", "u1", (BUSES, SERVOS_PER_ARM)),  # refreshed at 1 Hz
        ("voltage_v", "<f4", (BUSES, SERVOS_PER_ARM)),  # refreshed at 1 Hz
        ("hardware_error", "u1", (BUSES, SERVOS_PER_ARM)),  # register 70, refreshed at 1 Hz
    ]
)

_CODES: Final = {"<u8": "Q", "<i8": "q", "<u4": "I", "<f8": "d", "<f4": "f", "|u1": "B", "|b1": "?"}


def _format(field: np.dtype[Any]) -> str:
    """A field for `struct`; tables of single bytes are one string of bytes."""
    count = math.prod(field.shape)
    return f"{count}s" if field.base.itemsize == 1 < count else f"{count}{_CODES[field.base.str]}"


TICK_STRUCT: Final = struct.Struct(
    "<" + "".join(_format(TICK_DTYPE[name]) for name in TICK_DTYPE.names or ())
)
"""A tick from plain numbers, in the order of `TICK_DTYPE`: one call where numpy takes thirty."""

EVENT_DTYPE: Final = np.dtype([("t_ns", "<i8"), ("tick", "<u8"), ("text", "S240")])


def empty_tick() -> npt.NDArray[Any]:
    """A 0-d tick record outside any episode, every measured value NaN."""
    tick = np.zeros((), TICK_DTYPE)
    for field in ("leader", "qpos", "qvel", "effort", "action"):
        tick[field] = np.nan
    tick["episode"] = tick["step"] = tick["last_episode"] = NO_EPISODE
    return tick
