import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from teleop import safety
from teleop.joints import DOF, JOINT_NAMES
from teleop.rig_config import SafetyConfig
from teleop.tick import Limited

PERIOD_S = 0.02
LIMITS = safety.limits_of(SafetyConfig())
REACH = np.minimum(LIMITS.velocity * PERIOD_S, LIMITS.step)
HOME = np.zeros(DOF)

anything = arrays(np.float64, DOF, elements=st.floats(width=64) | st.floats(-4, 4))
poses = arrays(np.float64, DOF, elements=st.floats(-7, 7))


def limited(wanted: Any, last: Any = HOME) -> Any:
    command, flags = safety.limit(np.array(wanted, float), np.array(last, float), PERIOD_S, LIMITS)
    return command, np.array(flags)


@given(st.lists(anything, min_size=1, max_size=20))
def test_no_sequence_of_inputs_makes_a_command_outside_the_limits(sequence: Any) -> None:
    last = HOME
    for wanted in sequence:
        command, _ = limited(wanted, last)
        assert np.isfinite(command).all()
        assert (command >= LIMITS.lower).all()
        assert (command <= LIMITS.upper).all()
        assert (np.abs(command - last) <= REACH + 1e-12).all()
        last = command


@given(poses, anything)
def test_from_outside_the_limits_it_comes_back_at_bounded_speed(last: Any, wanted: Any) -> None:
    command, _ = limited(wanted, last)
    outside = np.maximum(LIMITS.lower - last, last - LIMITS.upper).clip(0)
    still = np.maximum(LIMITS.lower - command, command - LIMITS.upper).clip(0)
    assert (still <= outside + 1e-12).all()
    assert (np.abs(command - last) <= REACH + 1e-12).all()


@given(poses)
def test_what_is_within_the_limits_is_not_touched(pose: Any) -> None:
    last = np.clip(pose, LIMITS.lower, LIMITS.upper)
    wanted = np.clip(last + 0.9 * REACH, LIMITS.lower, LIMITS.upper)
    command, flags = limited(wanted, last)
    assert (command == wanted).all()
    assert not flags.any()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_keeps_the_last_command(value: Any) -> None:
    last = np.full(DOF, 0.5)
    wanted = last.copy()
    wanted[3] = value
    command, flags = limited(wanted, last)
    assert (command == last).all()
    assert flags.tolist() == [Limited.NOT_FINITE if i == 3 else 0 for i in range(DOF)]


def test_flags_say_what_limited_which_joint() -> None:
    wanted = HOME.copy()
    wanted[0] = 0.07  # faster than pi rad/s, within the step limit
    wanted[1] = -1.8  # both
    wanted[6] = -0.01  # below closed
    _, flags = limited(wanted)
    assert flags[0] == Limited.VELOCITY
    assert flags[1] == Limited.VELOCITY | Limited.STEP
    assert flags[6] == Limited.POSITION
    assert not flags[[2, 3, 4, 5, *range(7, 14)]].any()


def test_a_mismatch_names_the_worst_joint() -> None:
    leader = HOME.copy()
    leader[2], leader[8] = 0.6, -0.9
    assert safety.mismatch(leader, HOME, JOINT_NAMES, 0.5) == ("right_shoulder", -0.9)
    assert safety.mismatch(leader, HOME, JOINT_NAMES, 1.0) is None
    leader[4] = math.nan
    assert safety.mismatch(leader, HOME, JOINT_NAMES, 1.0)[0] == "left_wrist_angle"


@given(poses, poses, st.floats(0.05, 5))
def test_a_ramp_arrives_at_bounded_speed(start: Any, target: Any, speed: Any) -> None:
    ramp = safety.ramp(start, target, np.full(DOF, speed), PERIOD_S)
    way = np.array([ramp.at(tick) for tick in range(ramp.ticks + 2)])
    assert (way[0] == start).all() or ramp.ticks == 0
    assert (way[-2:] == target).all()
    assert np.abs(np.diff(way, axis=0)).max() <= speed * PERIOD_S * (1 + 1e-9)


def test_a_ramp_without_distance_is_one_tick() -> None:
    assert safety.ramp(HOME, HOME, np.ones(DOF), PERIOD_S).ticks == 1


@given(anything)
def test_a_pose_to_start_from_lies_within_the_position_limits(pose: Any) -> None:
    inside = safety.inside(pose, LIMITS)
    known = np.isfinite(pose)
    assert ((inside >= LIMITS.lower) & (inside <= LIMITS.upper))[known].all()
    assert np.isnan(inside[np.isnan(pose)]).all()
    within = known & (pose >= LIMITS.lower) & (pose <= LIMITS.upper)
    assert np.array_equal(inside[within], pose[within])
