"""How well the followers do what they are told: how late, and how far off."""

from typing import Final

import numpy as np

from recorder.checks.finding import Findings, Measure, finding
from recorder.checks.grading import ROUNDING, Rule, marked
from recorder.checks.spans import extent
from recorder.checks.streams import Array, Streams
from recorder.limits import QualityLimits
from teleop.joints import ARM_DOF, JOINTS_PER_ARM

MAX_LAG_TICKS: Final = 25
MOVING_RAD: Final = 0.02
"""A joint that moves less over the whole episode tells nothing about tracking."""
LARGEST_RAD: Final = 1e6
"""Of a step of a joint: stands for anything beyond, so that sums stay finite."""


def tracking_lag(streams: Streams, limits: QualityLimits) -> Findings:
    """The time by which motion is behind the commands, over the whole episode."""
    ticks = lag_ticks(streams.action, streams.qpos)
    lag_ms = 1e3 * (ticks or 0) / streams.rate_hz
    every = np.ones(streams.steps, bool)
    what = "the followers move late"
    if lag_ms > limits.lag_reject_ms + ROUNDING:
        measure = Measure(lag_ms, limits.lag_reject_ms, "ms", "at most")
        return [finding("tracking_lag", "reject", "", every, measure, what)]
    if lag_ms > limits.lag_warn_ms + ROUNDING:
        measure = Measure(lag_ms, limits.lag_warn_ms, "ms", "at most")
        return [finding("tracking_lag", "warn", "", every, measure, what)]
    return []


def tracking_error(streams: Streams, limits: QualityLimits) -> Findings:
    """Arm joints that are not where they should be; grippers hold things and never are."""
    error_rad = np.abs(streams.action - streams.qpos)
    far = error_rad > limits.error_rad
    rule = Rule(limits.error_warn_s, limits.error_reject_s)
    found = []
    for joint in streams.arm_joints:
        worst_rad = float(error_rad[far[:, joint], joint].max(initial=0.0))
        what = f"up to {worst_rad:.2f} rad (limit {limits.error_rad:g}) from its command"
        name = streams.joint_names[joint]
        found += marked(streams, "tracking_error", name, far[:, joint], rule, what)
    return found


def lag_ticks(action: Array, qpos: Array) -> int | None:
    """Ticks by which `qpos` follows `action`, both (T, J): where their velocities correlate best.

    Returns:
        None if no arm joint moves, or the episode is too short to tell.
    """
    arm = [joint for joint in range(action.shape[1]) if joint % JOINTS_PER_ARM < ARM_DOF]
    moving = [joint for joint in arm if extent(action[:, [joint]])[0] > MOVING_RAD]
    command, motion = _steps(action[:, moving]), _steps(qpos[:, moving])
    longest = min(MAX_LAG_TICKS, len(command) // 2)
    if not moving or longest < 1:
        return None
    correlations = [
        _correlation(command[: len(command) - lag], motion[lag:]) for lag in range(longest + 1)
    ]
    return int(np.argmax(correlations))


def _steps(values: Array) -> Array:
    """From each row to the next; what is not known counts as no motion."""
    steps = np.diff(values.astype(np.float64), axis=0)
    return np.clip(np.nan_to_num(steps, nan=0.0), -LARGEST_RAD, LARGEST_RAD)


def _correlation(command: Array, motion: Array) -> float:
    scale = float(np.linalg.norm(command) * np.linalg.norm(motion))
    return float((command * motion).sum()) / scale if scale else 0.0
