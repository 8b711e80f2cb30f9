"""Faults of positions, commands and motion, planted and found at their steps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recorder.checks.streams import Streams
from recorder.checks.tracking import lag_ticks
from recorder.limits import QualityLimits
from teleop.joints import JOINT_NAMES
from teleop.tick import Limited
from tests.recorder.quality_streams import STEPS, clean, found, only, put

LEFT_ELBOW, LEFT_GRIPPER, RIGHT_WAIST = 2, 6, 7


def planted(column: str, index: Any, value: Any) -> Streams:
    streams = clean()
    return replace(streams, **{column: put(getattr(streams, column), index, value)})


@pytest.mark.parametrize(
    ("column", "severity", "word"),
    [
        ("qpos", "reject", "position"),
        ("action", "reject", "action"),
        ("qvel", "warn", "velocity"),
        ("effort", "warn", "effort"),
    ],
)
def test_numbers_that_are_none(column: str, severity: str, word: str) -> None:
    finding = only(planted(column, (slice(100, 103), RIGHT_WAIST), np.nan), "not_finite")
    assert (finding.where, finding.severity) == ("right_waist", severity)
    assert (finding.spans, finding.value, finding.unit) == (((100, 102),), 3.0, "steps")
    assert finding.text.startswith(f"right_waist: {word} is not a number at steps 100-102")


def test_infinity_is_no_number_either() -> None:
    kinds = [each.check for each in found(planted("action", (100, 3), np.inf))]
    assert kinds[0] == "not_finite"


@pytest.mark.parametrize(
    ("joint", "limit", "unit"), [(LEFT_ELBOW, 8.0, "rad/s"), (LEFT_GRIPPER, 20.0, "1/s")]
)
def test_a_position_that_jumps(joint: int, limit: float, unit: str) -> None:
    """There and back: both are steps that no joint can take."""
    streams = clean()
    elsewhere = streams.qpos[300, joint] + 0.6
    finding = only(planted("qpos", (300, joint), elsewhere), "position_jump")
    assert (finding.where, finding.severity) == (JOINT_NAMES[joint], "warn")
    assert finding.spans == ((300, 301),)
    assert finding.value == pytest.approx(30, rel=0.1)
    assert (finding.limit, finding.unit) == (limit, unit)


def test_a_command_that_jumps_for_good() -> None:
    streams = clean()
    after = np.arange(STEPS) >= 300
    moved = streams.action + 0.3 * (after[:, None] & (np.arange(14) == LEFT_ELBOW))
    finding = only(replace(streams, action=moved), "action_jump")
    assert (finding.where, finding.spans) == ("left_elbow", ((300, 300),))
    assert finding.value == pytest.approx(15, rel=0.1)


def test_jumps_all_the_time_are_a_reject() -> None:
    streams = clean()
    noise = 0.2 * (np.arange(STEPS) % 2)[:, None] * (np.arange(14) == LEFT_ELBOW)
    finding = only(replace(streams, qpos=streams.qpos + noise), "position_jump")
    assert finding.severity == "reject"


def test_what_was_not_seen_in_between_is_no_jump() -> None:
    """A servo that was silent for two ticks has gone on meanwhile; so it has in missed ticks."""
    streams = clean()
    qpos = streams.qpos + 0.2 * (np.arange(STEPS) >= 300)[:, None] * (np.arange(14) == LEFT_ELBOW)
    held = put(streams.held, (slice(298, 300), 2, 3), 1)  # follower_left, servo 4
    assert found(replace(streams, qpos=qpos, held=held)) == []
    tick = streams.tick + (np.arange(STEPS) >= 300)
    assert found(replace(streams, qpos=qpos, tick=tick)) == []
    assert only(replace(streams, qpos=qpos), "position_jump").spans == ((300, 300),)


def test_commands_that_are_limited_for_long() -> None:
    flags = Limited.VELOCITY | Limited.STEP
    finding = only(planted("limited", (slice(100, 160), LEFT_ELBOW), flags), "limited")
    assert (finding.where, finding.severity) == ("left_elbow", "warn")
    assert (finding.spans, finding.value, finding.limit) == (((100, 159),), 1.2, 1.0)
    assert finding.text.startswith("left_elbow: held back by limits (velocity, step) at steps")


def test_commands_that_are_limited_for_a_moment() -> None:
    streams = clean()
    often = np.arange(STEPS) % 60 < 40  # as when a gripper is shut fast, again and again
    limited = put(streams.limited, (often, LEFT_GRIPPER), Limited.VELOCITY)
    assert found(replace(streams, limited=limited)) == []


def test_a_servo_that_pushes_too_hard() -> None:
    finding = only(planted("effort", (slice(100, 160), LEFT_ELBOW), -1300.0), "effort")
    assert (finding.where, finding.severity) == ("left_elbow", "warn")
    assert (finding.spans, finding.value, finding.limit) == (((100, 159),), 1.2, 1.0)
    assert "effort beyond 1150" in finding.text


def test_a_servo_of_which_no_limit_is_known() -> None:
    strained = planted("effort", (slice(100, 160), LEFT_ELBOW), 1e5)
    assert found(replace(strained, effort_limit=np.full(14, np.inf))) == []


@pytest.mark.parametrize(
    ("ticks", "severity", "limit"), [(10, "warn", 160.0), (20, "reject", 300.0)]
)
def test_followers_that_lag(ticks: int, severity: str, limit: float) -> None:
    late = np.maximum(np.arange(STEPS) - ticks, 0)
    streams = clean()
    lagging = replace(streams, qpos=streams.action[late])
    finding = next(each for each in found(lagging) if each.check == "tracking_lag")
    assert (finding.severity, finding.where, finding.unit) == (severity, "", "ms")
    assert (finding.value, finding.limit) == (20.0 * ticks, limit)
    assert finding.spans == ((0, STEPS - 1),)


def test_the_lag_is_where_velocities_correlate_best() -> None:
    streams = clean()
    assert lag_ticks(streams.action, streams.qpos) == 3
    broken = put(streams.qpos, (200, slice(None)), np.nan)
    assert lag_ticks(streams.action, broken) == 3


def test_arms_that_do_not_move_have_no_lag() -> None:
    still = np.zeros((STEPS, 14))
    assert lag_ticks(still, still) is None
    assert lag_ticks(clean().action[:2], still[:2]) is None  # nor have two steps
    assert lag_ticks(clean().action, still) == 0  # the followers do not move at all


@pytest.mark.parametrize(("steps", "severity", "limit"), [(28, "warn", 0.3), (120, "reject", 2.0)])
def test_a_joint_that_is_not_where_it_should_be(steps: int, severity: str, limit: float) -> None:
    """The arm is blocked: it comes to rest away from its command, at a speed that joints have."""
    streams = clean()
    away = np.clip(np.minimum(np.arange(STEPS) - 199, 200 + steps - np.arange(STEPS)), 0, 5) / 5
    qpos = streams.action + 0.38 * away[:, None] * (np.arange(14) == LEFT_ELBOW)
    finding = only(replace(streams, qpos=qpos.astype("f4")), "tracking_error")
    assert (finding.where, finding.severity) == ("left_elbow", severity)
    assert finding.spans == ((204, 195 + steps),)
    assert (finding.value, finding.limit) == (pytest.approx((steps - 8) / 50), limit)
    assert "up to 0.38 rad (limit 0.35) from its command" in finding.text


def test_a_gripper_that_holds_something_is_not_where_it_should_be() -> None:
    streams = clean()
    squeezing = np.minimum(streams.qpos[:, LEFT_GRIPPER] + 0.6, 1.0)
    assert found(planted("qpos", (slice(None), LEFT_GRIPPER), squeezing)) == []


def test_a_gripper_that_never_moves() -> None:
    streams = clean()
    still = replace(
        streams,
        qpos=put(streams.qpos, np.s_[:, LEFT_GRIPPER], 0.5),
        action=put(streams.action, np.s_[:, LEFT_GRIPPER], 0.5),
    )
    finding = only(still, "gripper_still")
    assert (finding.where, finding.severity) == ("left_gripper", "warn")
    assert (finding.value, finding.limit, finding.steps) == (0.0, 0.05, STEPS)
    assert found(still, QualityLimits(ignore=("gripper_still",))) == []


def test_a_gripper_that_does_not_obey() -> None:
    finding = only(planted("qpos", np.s_[:, LEFT_GRIPPER], 0.5), "gripper_still")
    assert finding.severity == "reject"
    assert "does not move though it is told to" in finding.text


def test_an_arm_that_has_nothing_to_do_needs_no_gripper() -> None:
    streams = clean()
    idle = replace(
        streams,
        qpos=put(streams.qpos, np.s_[:, :7], streams.qpos[0, :7]),
        action=put(streams.action, np.s_[:, :7], streams.qpos[0, :7]),
    )
    assert found(idle) == []


def resting(head: int, tail: int) -> Streams:
    """Arms that wait at both ends, with the small motions of a hand."""
    streams = clean()
    moving = np.clip(np.arange(STEPS), head, STEPS - 1 - tail)
    sway = 0.01 * np.sin(np.arange(STEPS) / 7)[:, None]
    return replace(streams, action=streams.action[moving] + sway, qpos=streams.qpos[moving] + sway)


def test_an_idle_head() -> None:
    streams = resting(200, 0)
    finding = only(streams, "idle_head")
    assert (finding.severity, finding.where, finding.limit) == ("warn", "", 3.0)
    ((first, last),) = finding.spans
    away = np.abs(streams.action - streams.action[0]).max(axis=1) > 0.03
    assert (first, last) == (0, int(np.argmax(away)) - 1)
    assert finding.value == pytest.approx((last + 1) / 50)


def test_an_idle_tail() -> None:
    streams = resting(0, 200)
    finding = only(streams, "idle_tail")
    assert (finding.severity, finding.where, finding.limit) == ("warn", "", 3.0)
    ((first, last),) = finding.spans
    assert last == STEPS - 1
    away = np.abs(streams.action - streams.action[-1]).max(axis=1) > 0.03
    assert first == np.flatnonzero(away)[-1] + 1


def test_nothing_at_all() -> None:
    finding = only(resting(STEPS, 0), "idle_head")
    assert (finding.severity, finding.steps, finding.value) == ("reject", STEPS, STEPS / 50)
