"""Faults of control, of the joints and of the servo buses, planted into a copy of a clean file.

Steps that are late, missed or lost, and an end that is; positions, commands and efforts that cannot
be, or should not; arms that wait; servos that do not answer or complain.
"""

import contextlib
from typing import Final

import numpy as np

from benchmarks.recorder_planted_copy import (
    ACTION,
    EFFORT,
    FRAME,
    QPOS,
    QVEL,
    Copy,
    NoPlaceError,
    Plant,
    Planted,
)
from recorder.checks.kinds import Kind, Severity
from recorder.checks.streams import Array
from recorder.episode import schema
from teleop.alarms import ALERT_BIT, HARDWARE_ERRORS, SUSTAINED_MA
from teleop.joints import SERVOS_PER_ARM
from teleop.tick import Limited

BROKEN_OFF: Final = "The journal breaks off in the middle of a record."
STRAIN: Final = 1.2
LAG_TICKS: Final = {"warn": (7, 10), "reject": (14, 18)}
"""More than the 3-4 that followers are behind anyway: from 160 and from 300 ms on."""
JUMP_RAD, JUMP_GRIPPER = 0.3, 0.6
"""In one step: 15 rad/s, and 30 of a gripper's ways a second. Too little for `tracking_error`."""
MOST_JUMP_STEPS: Final = 5
NEAR_RAD: Final = 0.04
RAMP_RAD: Final = (0.075, 0.15, 0.225, 0.3)
AWAY_RAD: Final = 0.4
"""Beyond `error_rad` at once, from where no joint is yet, and no faster than joints can move."""
NUDGE_RAD: Final = 0.04
"""With which a motion begins or ends, so that its first or last step is known."""
COMMUNICATION_ERROR: Final = 0x03
"""Of a status packet: the instruction came with a wrong checksum."""


# ---- ticks ---------------------------------------------------------------------------------------


def too_short(copy: Copy, severity: Severity) -> Planted:
    """Only its beginning."""
    shortest, longest = copy.limits.short_reject_s, copy.limits.short_warn_s
    if severity == "reject":
        shortest, longest = shortest / 2, shortest
    copy.keep(np.arange(copy.rng.integers(copy.steps_of(shortest), copy.steps_of(longest))))
    return Planted("", copy.mask(slice(None)), {"gripper_still": "so soon no gripper moves"})


def incomplete(copy: Copy, severity: Severity) -> Planted:
    """A file that was recovered from a journal, after which there was more."""
    copy.keep(np.arange(copy.rng.integers(copy.steps * 3 // 4, copy.steps)))
    copy.say("recovered", True)
    copy.say("recovery_note", BROKEN_OFF)
    return Planted("", copy.mask(-1))


def late_ticks(copy: Copy, severity: Severity) -> Planted:
    """They begin late, but before the next is due."""
    where = copy.stretch("late_ticks", severity)
    late_ms = copy.rng.uniform(1.05, 1.9, where.stop - where.start) * copy.limits.late_ms
    deadlines_ns = copy.read("/tandem/deadline_ns")[where]
    copy.put("/tandem/tick_ns", where, deadlines_ns + np.rint(late_ms * 1e6).astype(np.int64))
    return Planted("", copy.mask(where))


def missed_ticks(copy: Copy, severity: Severity) -> Planted:
    """Time and cameras go on in the slots that are left out."""
    gaps = _gaps(copy, "missed_ticks", severity)
    slots = np.cumsum(gaps)
    for path in ("/tandem/tick", "/tandem/missed"):
        copy.shift(path, ..., slots)
    for path in ("/tandem/tick_ns", "/tandem/deadline_ns"):
        copy.shift(path, ..., slots * copy.period_ns)
    for name in ("capture_ns", "arrival_ns"):
        copy.shift(f"{FRAME}{name}", ..., slots[:, None] * copy.period_ns)
    copy.shift(f"{FRAME}number", ..., slots[:, None])
    return Planted("", gaps > 0)


def lost_steps(copy: Copy, severity: Severity) -> Planted:
    """Rows that are not there."""
    gaps = _gaps(copy, "lost_steps", severity)
    lost = copy.mask([])
    for step in np.flatnonzero(gaps):
        lost[step : step + gaps[step]] = True
    rows = np.flatnonzero(~lost)
    copy.keep(rows)
    return Planted("", np.diff(rows, prepend=-1) > 1)


def _gaps(copy: Copy, kind: Kind, severity: Severity) -> Array:
    """(T,) how many are missing before each step: one gap that decides, and small ones."""
    gaps = np.zeros(copy.steps, np.int64)
    large = copy.length(kind, severity)
    where = copy.place(large)
    gaps[where.start] = large
    for step in (where.start // 2, (where.stop + copy.steps) // 2):
        gaps[step] = copy.rng.integers(0, min(large, 3) + 1)
    return gaps


# ---- joints --------------------------------------------------------------------------------------


def not_finite(copy: Copy, severity: Severity) -> Planted:
    """Numbers that are none, for a moment."""
    where, joint = copy.place(int(copy.rng.integers(1, 6))), _joint(copy)
    column = copy.one_of((QPOS, ACTION) if severity == "reject" else (QVEL, EFFORT))
    copy.put(column, (where, joint), np.nan)
    return Planted(copy.joints[joint], copy.mask(where))


def position_jump(copy: Copy, severity: Severity) -> Planted:
    """A joint is elsewhere."""
    return _jump(copy, QPOS, severity)


def action_jump(copy: Copy, severity: Severity) -> Planted:
    """A command is elsewhere."""
    return _jump(copy, ACTION, severity)


def limited(copy: Copy, severity: Severity) -> Planted:
    """Commands that are held back for long; now and then they are in a clean episode too."""
    where, joint = copy.stretch("limited", severity), _joint(copy)
    copy.put("/tandem/limited", (where, joint), copy.one_of(tuple(Limited)))
    return Planted(copy.joints[joint], copy.read("/tandem/limited")[:, joint] != 0)


def effort(copy: Copy, severity: Severity) -> Planted:
    """More than any servo of a follower stands."""
    where, joint = copy.stretch("effort", severity), _joint(copy)
    effort_ma = STRAIN * copy.limits.effort_share * max(SUSTAINED_MA.values())
    copy.put(EFFORT, (where, joint), copy.one_of((-1, 1)) * effort_ma)
    return Planted(copy.joints[joint], copy.mask(where))


def tracking_lag(copy: Copy, severity: Severity) -> Planted:
    """Followers that do everything later."""
    low, high = LAG_TICKS[severity]
    late = np.arange(copy.steps) - copy.rng.integers(low, high + 1)
    copy.write(QPOS, copy.read(QPOS)[np.maximum(late, 0)])
    return Planted(
        "", copy.mask(slice(None)), {"tracking_error": "a fast joint that is late is far off"}
    )


def tracking_error(copy: Copy, severity: Severity) -> Planted:
    """An arm's joint comes to rest away from its command, where it was close to that before."""
    length, ramp = copy.length("tracking_error", severity), len(RAMP_RAD)
    joint, whole = _obeying(copy, length + 2 * ramp)
    away = np.concatenate((RAMP_RAD, np.full(length, AWAY_RAD), RAMP_RAD[::-1]))
    action = copy.read(ACTION)[whole, joint]
    copy.put(QPOS, (whole, joint), action + copy.one_of((-1, 1)) * away)
    return Planted(copy.joints[joint], copy.mask(slice(whole.start + ramp, whole.stop - ramp)))


def gripper_still(copy: Copy, severity: Severity) -> Planted:
    """A gripper that stays where it is, though it is told to move or (warn) as it is told to."""
    gripper = int(copy.one_of([i for i in range(len(copy.joints)) if _is_gripper(copy, i)]))
    for column in (QPOS, ACTION) if severity == "warn" else (QPOS,):
        copy.put(column, (slice(None), gripper), copy.read(column)[0, gripper])
    return Planted(copy.joints[gripper], copy.mask(slice(None)))


def idle_head(copy: Copy, severity: Severity) -> Planted:
    """Everything happens later, and begins at one step; or (reject) nothing does."""
    if severity == "reject":
        for column in (QPOS, ACTION):
            copy.write(column, np.broadcast_to(copy.read(column)[:1], copy.read(column).shape))
        return Planted("", copy.mask(slice(None)))
    where = slice(0, copy.length("idle_head", severity))
    later = np.maximum(np.arange(copy.steps) - where.stop, 0)
    _rearrange(copy, later, slice(where.stop, None))
    return Planted("", copy.mask(where))


def idle_tail(copy: Copy, severity: Severity) -> Planted:
    """The episode's beginning, which ends at one step, and then nothing."""
    length = copy.length("idle_tail", severity)
    where = slice(copy.steps - length, copy.steps)
    _rearrange(copy, np.minimum(np.arange(copy.steps), where.start - 1), slice(0, where.start))
    return Planted("", copy.mask(where))


def _obeying(copy: Copy, length: int) -> tuple[int, slice]:
    """An arm's joint, and so many steps in which it is near its command."""
    near = np.abs(copy.read(ACTION) - copy.read(QPOS)) < NEAR_RAD
    windows = np.lib.stride_tricks.sliding_window_view(near, length, axis=0)
    from_here_on = np.asarray(windows.all(axis=2))
    for joint in copy.rng.permutation(_arm_joints(copy)).tolist():
        with contextlib.suppress(NoPlaceError):
            return joint, copy.place(length, from_here_on[:, joint])
    raise NoPlaceError(f"no joint is near its command for {length} steps")


def _jump(copy: Copy, column: str, severity: Severity) -> Planted:
    """There and back: once, or (reject) again and again."""
    joint = _joint(copy)
    size = JUMP_GRIPPER if _is_gripper(copy, joint) else JUMP_RAD
    if severity == "warn":
        where = copy.place(int(copy.rng.integers(1, MOST_JUMP_STEPS + 1)))
        elsewhere, jumps = where, copy.mask([where.start, where.stop])
    else:
        there_and_back = copy.steps_of(copy.limits.jump_reject_s / 2) + copy.rng.integers(1, 5)
        where = copy.place(2 * int(there_and_back))
        elsewhere, jumps = slice(where.start, where.stop, 2), copy.mask(where)
    copy.shift(column, (elsewhere, joint), np.float32(copy.one_of((-1, 1)) * size))
    return Planted(copy.joints[joint], jumps)


def _rearrange(copy: Copy, steps: Array, nudged: slice) -> None:
    """Arms do at every step what they did at `steps` (T,); one joint is nudged."""
    joint = int(copy.one_of(_arm_joints(copy)))
    for column in (QPOS, ACTION):
        values = copy.read(column)[steps]
        values[nudged, joint] += np.float32(NUDGE_RAD)
        copy.write(column, values)


def _joint(copy: Copy) -> int:
    return int(copy.rng.integers(len(copy.joints)))


def _is_gripper(copy: Copy, joint: int) -> bool:
    return copy.joints[joint].endswith("gripper")


def _arm_joints(copy: Copy) -> list[int]:
    return [joint for joint in range(len(copy.joints)) if not _is_gripper(copy, joint)]


# ---- buses ---------------------------------------------------------------------------------------


def held_readings(copy: Copy, severity: Severity) -> Planted:
    """One servo does not answer."""
    where, bus = copy.stretch("held_readings", severity), _bus(copy)
    copy.hold(bus, [_servo(copy)], where)
    return Planted(copy.buses[bus], copy.mask(where))


def retries(copy: Copy, severity: Severity) -> Planted:
    """Here and there."""
    share = copy.limits.retries_share * copy.rng.uniform(1.1, 3.0)
    steps = 1 + copy.rng.choice(copy.steps - 1, round(share * copy.steps), replace=False)
    bus = _bus(copy)
    copy.count("/tandem/retries", steps, bus)
    return Planted(copy.buses[bus], copy.mask(steps))


def rejected_readings(copy: Copy, severity: Severity) -> Planted:
    """A servo's readings are not believed: as if it had not answered."""
    where, bus = copy.stretch("rejected_readings", severity), _bus(copy)
    copy.hold(bus, [_servo(copy)], where)
    copy.count("/tandem/rejected", where, bus)
    return Planted(copy.buses[bus], copy.mask(where))


def servo_error(copy: Copy, severity: Severity) -> Planted:
    """The alert bit for a moment, or another error for longer."""
    where, bus, error = copy.stretch("servo_error", severity), _bus(copy), COMMUNICATION_ERROR
    if copy.one_of((True, False)):
        where, error = copy.place(1), ALERT_BIT
    copy.put("/tandem/servo_error", (where, bus, _servo(copy)), error)
    return Planted(copy.buses[bus], copy.mask(where))


def hardware_error(copy: Copy, severity: Severity) -> Planted:
    """Some looks in a row at register 70 of one servo; one bit, of which the first only warns."""
    warning, *others = HARDWARE_ERRORS
    seconds = copy.read(schema.SECOND_STEP)
    first = int(copy.rng.integers(len(seconds)))
    where, bus = slice(first, first + int(copy.rng.integers(1, 4))), _bus(copy)
    error = warning if severity == "warn" else copy.one_of(others)
    copy.put("/tandem/hardware_error", (where, bus, _servo(copy)), error)
    return Planted(copy.buses[bus], copy.mask(seconds[where]))


def unplugged(copy: Copy, severity: Severity) -> Planted:
    """The adapter is gone: no servo of the bus answers."""
    where, bus = copy.stretch("unplugged", severity), _bus(copy)
    copy.hold(bus, range(SERVOS_PER_ARM), where)
    copy.put("/tandem/connected", (where, bus), 0)
    return Planted(copy.buses[bus], copy.mask(where))


def _bus(copy: Copy) -> int:
    return int(copy.rng.integers(len(copy.buses)))


def _servo(copy: Copy) -> int:
    """ID - 1."""
    return int(copy.rng.integers(SERVOS_PER_ARM))


ARM_FAULTS: Final[dict[Kind, Plant]] = {
    "too_short": too_short,
    "incomplete": incomplete,
    "late_ticks": late_ticks,
    "missed_ticks": missed_ticks,
    "lost_steps": lost_steps,
    "not_finite": not_finite,
    "position_jump": position_jump,
    "action_jump": action_jump,
    "limited": limited,
    "effort": effort,
    "tracking_lag": tracking_lag,
    "tracking_error": tracking_error,
    "gripper_still": gripper_still,
    "idle_head": idle_head,
    "idle_tail": idle_tail,
    "held_readings": held_readings,
    "retries": retries,
    "rejected_readings": rejected_readings,
    "servo_error": servo_error,
    "hardware_error": hardware_error,
    "unplugged": unplugged,
}
