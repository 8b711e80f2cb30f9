"""Whether something happens: grippers that never move, arms that wait at either end."""

from typing import Final

import numpy as np

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.grading import ROUNDING
from recorder.checks.idle import first_move, last_move
from recorder.checks.kinds import Kind, Severity
from recorder.checks.spans import extent
from recorder.checks.streams import Mask, Streams
from recorder.limits import QualityLimits
from teleop.joints import ARM_DOF

TOLD: Final = 0.3
"""Of a gripper's way: a command that moves so far means it to move."""


def gripper_still(streams: Streams, limits: QualityLimits) -> Findings:
    """Grippers that stay where they are though they are told to move, or though their arm moves."""
    moved, told = extent(streams.qpos), extent(streams.action)
    still = [each for each in streams.grippers if moved[each] < limits.gripper_move]
    found = []
    for gripper in still:
        measure = Measure(float(moved[gripper]), limits.gripper_move, "of its way", "at least")
        if told[gripper] >= TOLD:
            what = "does not move though it is told to"
            found.append(_whole(streams, gripper, "reject", measure, what))
        elif (moved[max(gripper - ARM_DOF, 0) : gripper] > limits.idle_rad).any():
            found.append(_whole(streams, gripper, "warn", measure, "never moves"))
    return found


def idle_head(streams: Streams, limits: QualityLimits) -> Findings:
    """Steps before the first whose command is somewhere else than at the start."""
    first = first_move(streams.action, limits.idle_rad)
    severity: Severity = "reject" if first is None else "warn"
    idle = np.arange(streams.steps) < (streams.steps if first is None else first)
    return _idle(streams, "idle_head", severity, idle, limits.idle_head_s)


def idle_tail(streams: Streams, limits: QualityLimits) -> Findings:
    """Steps after the last whose command is somewhere else than at the end."""
    last = last_move(streams.action, limits.idle_rad)  # nothing at all: the head tells
    idle = np.arange(streams.steps) > (streams.steps if last is None else last)
    return _idle(streams, "idle_tail", "warn", idle, limits.idle_tail_s)


def _idle(
    streams: Streams, kind: Kind, severity: Severity, idle: Mask, limit_s: float
) -> list[Finding]:
    idle_s = float(idle.sum()) / streams.rate_hz
    if not idle.any() or idle_s < limit_s - ROUNDING:
        return []
    measure = Measure(idle_s, limit_s, "s")
    return [finding(kind, severity, "", idle, measure, "nothing moves")]


def _whole(
    streams: Streams, gripper: int, severity: Severity, measure: Measure, what: str
) -> Finding:
    every = np.ones(streams.steps, bool)
    return finding("gripper_still", severity, streams.joint_names[gripper], every, measure, what)
