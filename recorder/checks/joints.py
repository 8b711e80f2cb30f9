"""Whether positions, commands and efforts are what arms can do."""

import numpy as np

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.grading import Rule, grade, marked
from recorder.checks.kinds import Kind, Severity
from recorder.checks.spans import longest
from recorder.checks.streams import Array, Mask, Streams
from recorder.limits import QualityLimits
from teleop.joints import JOINT_SERVO_IDS, JOINTS_PER_ARM
from teleop.tick import Limited


def not_finite(streams: Streams, limits: QualityLimits) -> Findings:
    """Numbers that are none: a training cannot use positions and actions with them."""
    columns: tuple[tuple[str, Array, Severity], ...] = (
        ("position", streams.qpos, "reject"),
        ("action", streams.action, "reject"),
        ("velocity", streams.qvel, "warn"),
        ("effort", streams.effort, "warn"),
    )
    return [
        each
        for what, values, severity in columns
        for joint, name in enumerate(streams.joint_names)
        for each in _not_finite(name, what, ~np.isfinite(values[:, joint]), severity)
    ]


def position_jump(streams: Streams, limits: QualityLimits) -> Findings:
    """Followers that moved faster than they can.

    Not looked at just after readings that were held: where a joint was in between is not known.
    """
    return _jumps(streams, "position_jump", streams.qpos, ~_held_before(streams), limits)


def action_jump(streams: Streams, limits: QualityLimits) -> Findings:
    """Commands that no joint can follow."""
    anywhere = np.ones(streams.action.shape, bool)
    return _jumps(streams, "action_jump", streams.action, anywhere, limits)


def limited(streams: Streams, limits: QualityLimits) -> Findings:
    """Joints whose commands the limits of control changed for long."""
    return [
        each
        for joint, name in enumerate(streams.joint_names)
        for each in marked(
            streams,
            "limited",
            name,
            streams.limited[:, joint] != 0,
            Rule(limits.limited_s),
            f"held back by limits ({_flags(streams.limited[:, joint])})",
        )
    ]


def effort(streams: Streams, limits: QualityLimits) -> Findings:
    """Servos that pushed as hard as makes them shut down sooner or later."""
    allowed = limits.effort_share * streams.effort_limit
    strained = np.abs(streams.effort) > allowed
    return [
        each
        for joint, name in enumerate(streams.joint_names)
        for each in marked(
            streams,
            "effort",
            name,
            strained[:, joint],
            Rule(limits.effort_s),
            f"effort beyond {allowed[joint]:.0f}",
        )
    ]


def _not_finite(name: str, what: str, mask: Mask, severity: Severity) -> list[Finding]:
    if not mask.any():
        return []
    measure = Measure(float(mask.sum()), 0.0, "steps")
    return [finding("not_finite", severity, name, mask, measure, f"{what} is not a number")]


def _held_before(streams: Streams) -> Mask:
    """(T, J) the joint's reading of the step before was none."""
    followers = [bus for bus, name in enumerate(streams.bus_names) if "follower" in name]
    servos = np.array(JOINT_SERVO_IDS) - 1
    joints = streams.held[:, followers][:, :, servos] != 0
    before = np.zeros((streams.steps, len(followers) * JOINTS_PER_ARM), bool)
    before[1:] = joints.reshape(before.shape)[:-1]
    return before


def _jumps(
    streams: Streams, kind: Kind, values: Array, known: Mask, limits: QualityLimits
) -> list[Finding]:
    """Findings about steps (T, J) that lie too far from the ones before, in the slots between."""
    speed = np.zeros(values.shape)
    slots = np.clip(np.diff(streams.tick), 1, None)[:, None]
    speed[1:] = np.abs(np.diff(values.astype(np.float64), axis=0)) * streams.rate_hz / slots
    rule = Rule(0.0, limits.jump_reject_s, reject_share=limits.reject_share)
    found = []
    for joint, name in enumerate(streams.joint_names):
        gripper = joint in streams.grippers
        limit = limits.jump_gripper_per_s if gripper else limits.jump_rad_s
        jumps = known[:, joint] & (speed[:, joint] > limit)
        fastest = float(speed[jumps, joint].max(initial=0.0))
        measure = Measure(fastest, limit, _unit(gripper), "at most")
        found += _jumped(streams, kind, name, jumps, rule, measure)
    return found


def _jumped(
    streams: Streams, kind: Kind, name: str, jumps: Mask, rule: Rule, measure: Measure
) -> list[Finding]:
    share = float(jumps.mean()) if len(jumps) else 0.0
    graded = grade(longest(jumps) / streams.rate_hz, share, rule)
    what = "position jumps" if kind == "position_jump" else "command jumps"
    return [finding(kind, graded[0], name, jumps, measure, what)] if graded else []


def _unit(gripper: bool) -> str:
    return "1/s" if gripper else "rad/s"


def _flags(flags: Array) -> str:
    """Which limits there were, in words."""
    every = int(np.bitwise_or.reduce(flags, initial=0))
    return ", ".join(
        limit.name.lower().replace("_", " ") for limit in Limited if limit.name and every & limit
    )
