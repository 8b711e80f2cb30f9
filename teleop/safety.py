"""The limits every command passes, and the ramps between poses. Pure functions.

Vectors have one entry a joint; limits act on each joint by itself.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from teleop.joints import ARM_DOF, SIDES
from teleop.rig_config import SafetyConfig
from teleop.tick import Limited
from teleop.units import Floats

Flags = Sequence[int]
"""Of `Limited`, a joint each."""
ROUNDING: Final = 2e-3
"""A servo tick is 1.5e-3 rad, and 0.7e-3 of a gripper's way."""

_POSITION, _VELOCITY = int(Limited.POSITION), int(Limited.VELOCITY)
_STEP, _NOT_FINITE = int(Limited.STEP), int(Limited.NOT_FINITE)


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What no command exceeds, (14,) each: rad for arm joints, 0-1 for grippers.

    Attributes:
        velocity: largest speed of the command, per second.
        step: largest distance of a command from the one before, whatever the period.
    """

    lower: Floats
    upper: Floats
    velocity: Floats
    step: Floats


def limits_of(safety: SafetyConfig) -> Limits:
    """The limits of both arms from the rig file; a gripper moves between 0 and 1."""
    return Limits(
        lower=_both_arms(safety.joint_lower_rad, 0.0),
        upper=_both_arms(safety.joint_upper_rad, 1.0),
        velocity=_both_arms(
            [safety.velocity_limit_rad_s] * ARM_DOF, safety.gripper_velocity_limit_per_s
        ),
        step=_both_arms([safety.step_limit_rad] * ARM_DOF, 1.0),
    )


def _both_arms(joints: Sequence[float], gripper: float) -> Floats:
    return np.array([*joints, gripper] * len(SIDES), np.float64)


def limit(wanted: Floats, last: Floats, period_s: float, limits: Limits) -> tuple[Floats, Flags]:
    """The command nearest to `wanted` that may follow the command `last`, and what limited it.

    A joint whose wanted value is not finite keeps its last command; one that never had a command
    (NaN: its arm is not there) has none. From a last command outside the
    position limits (an arm that sagged past them) the way leads back inside at bounded speed.

    Args:
        last: the command before; NaN where there is no arm.
        period_s: the nominal period: a skipped tick earns no larger step.
    """
    joints = zip(wanted.tolist(), last.tolist(), *_columns(limits, period_s), strict=True)
    limited = [_limit_joint(*joint) for joint in joints]
    commands, flags = zip(*limited, strict=True)
    return np.array(commands), flags


@functools.lru_cache(maxsize=8)
def _columns(limits: Limits, period_s: float) -> tuple[list[float], ...]:
    """Lower, upper, farthest by velocity, farthest step."""
    by_velocity = limits.velocity * period_s
    columns = limits.lower, limits.upper, by_velocity, limits.step
    return tuple(column.tolist() for column in columns)


def _limit_joint(
    wanted: float,
    last: float,
    lower: float,
    upper: float,
    by_velocity: float,
    step: float,
) -> tuple[float, int]:
    """The same of one joint. Plain numbers: after 20 ms of sleep numpy's code is out of the cache,
    and fourteen joints cost four times as much in it (measured)."""
    if not math.isfinite(last):
        return last, 0
    if not math.isfinite(wanted):
        return last, _NOT_FINITE
    inside = min(max(wanted, lower), upper)
    flags = 0 if inside == wanted else _POSITION
    distance = abs(inside - last)
    if distance > by_velocity:
        flags |= _VELOCITY
    if distance > step:
        flags |= _STEP
    reach = min(by_velocity, step)
    if distance > reach:
        return last + math.copysign(reach, inside - last), flags
    return inside, flags


def inside(pose: Floats, limits: Limits) -> Floats:
    """The pose nearest to this one (14,) within the position limits; NaN stays NaN."""
    return np.asarray(np.clip(pose, limits.lower, limits.upper))


def clipped(command: Floats, sent: Floats, limited: Flags) -> list[int]:
    """`limited`, and POSITION where a servo's own limits kept a command from being sent; that it
    was rounded is no limit."""
    return [
        flags | (_POSITION if abs(got - wanted) > ROUNDING else 0)
        for wanted, got, flags in zip(command.tolist(), sent.tolist(), limited, strict=True)
    ]


def mismatch(
    wanted: Floats, command: Floats, names: Sequence[str], limit_rad: float
) -> tuple[str, float] | None:
    """The joint where the leaders are farthest from the followers' command, if beyond the limit.

    Returns:
        Its name and the signed distance in rad; a joint that is not known counts as infinitely far.
    """
    distance = wanted - command
    far = np.where(np.isfinite(distance), np.abs(distance), np.inf)
    worst = int(np.argmax(far))
    if far[worst] <= limit_rad:
        return None
    return names[worst], float(distance[worst])


@dataclass(frozen=True, slots=True)
class Ramp:
    """A way from one pose to another with bounded joint speed, however far it is.

    All joints start and arrive together; speed follows half a sine wave.

    Attributes:
        ticks: how many ticks it takes; at least 1.
    """

    start: Floats
    target: Floats
    ticks: int

    def at(self, tick: int) -> Floats:
        """The pose `tick` ticks after the start; exactly `target` from the last tick on."""
        if tick >= self.ticks:
            return self.target
        share = (1 - math.cos(math.pi * tick / self.ticks)) / 2
        return np.asarray(self.start + share * (self.target - self.start))


def ramp(start: Floats, target: Floats, speed: Floats, period_s: float) -> Ramp:
    """The quickest `Ramp` that keeps every joint at or below its `speed` (per second).

    Joints of arms that are not there (NaN) have no say.
    """
    mean_speed_share = 2 / math.pi  # of half a sine wave
    duration_s = float(np.nanmax(np.abs(target - start) / (mean_speed_share * speed)))
    return Ramp(start, target, max(1, math.ceil(duration_s / period_s)))
