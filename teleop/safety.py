"""The limits every command passes, and the ramps between poses. Pure functions.

Vectors have one entry a joint; limits act on each joint by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.joints import ARM_DOF, SIDES
from teleop.rig_config import SafetyConfig
from teleop.tick import Limited
from teleop.units import Floats

Flags = npt.NDArray[np.uint8]
ROUNDING: Final = 2e-3
"""A servo tick is 1.5e-3 rad, and 0.7e-3 of a gripper's way."""


@dataclass(frozen=True, slots=True)
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

    A joint whose wanted value is not finite keeps its last command. From a last command outside the
    position limits (an arm that sagged past them) the way leads back inside at bounded speed.

    Args:
        last: the command before; finite.
        period_s: the nominal period: a skipped tick earns no larger step.
    """
    finite = np.isfinite(wanted)
    target = np.where(finite, wanted, last)
    inside = np.where(finite, np.clip(target, limits.lower, limits.upper), last)
    by_velocity = limits.velocity * period_s
    distance = np.abs(inside - last)
    reach = np.minimum(by_velocity, limits.step)
    command = np.where(distance <= reach, inside, last + np.clip(inside - last, -reach, reach))
    flags = (
        np.where(inside != target, Limited.POSITION, 0)
        | np.where(distance > by_velocity, Limited.VELOCITY, 0)
        | np.where(distance > limits.step, Limited.STEP, 0)
        | np.where(finite, 0, Limited.NOT_FINITE)
    )
    return command, flags.astype(np.uint8)


def clipped(command: Floats, sent: Floats) -> Flags:
    """POSITION where a servo's own limits kept a command from being sent; rounding is none."""
    return np.where(np.abs(sent - command) > ROUNDING, Limited.POSITION, 0).astype(np.uint8)


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
    """The quickest `Ramp` that keeps every joint at or below its `speed` (per second)."""
    mean_speed_share = 2 / math.pi  # of half a sine wave
    duration_s = float(np.max(np.abs(target - start) / (mean_speed_share * speed)))
    return Ramp(start, target, max(1, math.ceil(duration_s / period_s)))
