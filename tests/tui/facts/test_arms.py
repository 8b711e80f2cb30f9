"""Joints of leader and follower, from real tick rings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from live_rings import PERIOD_NS, LiveRings

from session.config import load_rig
from teleop.gripper import GRIPPERS
from teleop.joints import BUS_NAMES, JOINT_NAMES
from teleop.rig_config import RigConfig
from teleop.ring import RingReader
from teleop.tick import TICK_RING, Limited, State
from tui.facts.arms import Arms
from tui.facts.facts import ArmsFacts, JointFacts
from tui.facts.ticks import Ticks

RIG = load_rig("sim").rig


@pytest.fixture
def rings(tmp_path: Path) -> Iterator[LiveRings]:
    made = LiveRings(tmp_path)
    yield made
    made.close()


def arms_in(folder: Path, rig: RigConfig = RIG) -> ArmsFacts:
    ticks = Ticks()
    ticks.look(RingReader(folder / TICK_RING))
    found = Arms(rig).look(ticks)
    assert found is not None
    return found


def joint(arms: ArmsFacts, name: str) -> JointFacts:
    return next(each for each in arms.joints if each.name == name)


def of_joint(name: str, value: float, elsewhere: float = 0.0) -> np.ndarray:
    values = np.full(14, elsewhere)
    values[JOINT_NAMES.index(name)] = value
    return values


def test_before_the_first_tick_nothing_is_known() -> None:
    assert Arms(RIG).look(Ticks()) is None


def test_fourteen_joints_in_their_order(rings: LiveRings, tmp_path: Path) -> None:
    rings.tick(0)
    arms = arms_in(tmp_path)
    assert tuple(each.name for each in arms.joints) == JOINT_NAMES
    assert joint(arms, "left_waist") == JointFacts("left_waist", None, None, None)
    assert (arms.following, arms.effort_unit, arms.hottest) == (False, "mA", None)


def test_places_are_shares_of_the_followers_range(rings: LiveRings, tmp_path: Path) -> None:
    leader = of_joint("right_waist", np.pi / 2)
    rings.tick(0, state=State.FOLLOWING, leader=leader, qpos=of_joint("right_waist", 99.0))
    arms = arms_in(tmp_path)
    waist = joint(arms, "right_waist")
    assert arms.following
    assert waist.leader == pytest.approx(0.75)
    assert waist.follower == 1.0
    assert waist.apart == pytest.approx(np.pi / 2 - 99.0)
    assert joint(arms, "left_waist").follower == pytest.approx(0.5)


def test_a_leaders_gripper_is_a_share_as_its_followers_is(rings: LiveRings, tmp_path: Path) -> None:
    open_rad = GRIPPERS[RIG.gripper].leader_open_rad
    rings.tick(0, leader=of_joint("left_gripper", open_rad), qpos=of_joint("left_gripper", 0.25))
    gripper = joint(arms_in(tmp_path), "left_gripper")
    assert (gripper.leader, gripper.follower) == (pytest.approx(1.0), 0.25)
    assert gripper.apart == pytest.approx(0.75)


def test_limits_are_shown_for_a_second(rings: LiveRings, tmp_path: Path) -> None:
    both = Limited.POSITION | Limited.VELOCITY
    rings.tick(0, limited=of_joint("right_elbow", Limited.STEP))
    rings.tick(2 * 10**9, limited=of_joint("left_waist", both))
    rings.tick(2 * 10**9 + PERIOD_NS, limited=0)
    arms = arms_in(tmp_path)
    assert joint(arms, "left_waist").limited == "position+velocity"
    assert joint(arms, "right_elbow").limited == ""


def test_a_pair_is_as_hot_as_its_hotter_servo(rings: LiveRings, tmp_path: Path) -> None:
    degc = np.zeros((4, 9), np.uint8)
    follower = BUS_NAMES.index("follower_left")
    degc[follower] = 30
    degc[follower, 2], degc[BUS_NAMES.index("leader_right"), 8] = 61, 64
    rings.tick(0, temperature_degc=degc)
    arms = arms_in(tmp_path)
    assert joint(arms, "left_shoulder").temperature_degc == 61
    assert joint(arms, "left_elbow").temperature_degc == 30
    assert joint(arms, "right_elbow").temperature_degc is None
    assert arms.hottest == ("leader_right 9", 64)


def test_effort_is_compared_with_what_the_servo_may_take(rings: LiveRings, tmp_path: Path) -> None:
    rings.tick(0, effort=of_joint("left_gripper", -RIG.gripper_current_ma / 2, elsewhere=1e4))
    arms = arms_in(tmp_path)
    gripper, waist = joint(arms, "left_gripper"), joint(arms, "left_waist")
    assert (gripper.effort, gripper.effort_share) == (-RIG.gripper_current_ma / 2, 0.5)
    assert waist.effort_share == 1.0


def test_a_reading_that_is_not_new(rings: LiveRings, tmp_path: Path) -> None:
    held = np.zeros((4, 9), bool)
    held[BUS_NAMES.index("follower_right"), 3] = True  # servo 4: the elbow
    held[BUS_NAMES.index("leader_left"), 2] = True  # servo 3: a shadow, which is not read from
    rings.tick(0, held=held)
    assert [each.name for each in arms_in(tmp_path).joints if each.held] == ["right_elbow"]


def test_one_pair_has_seven_joints_and_its_own_hottest_servo(
    rings: LiveRings, tmp_path: Path
) -> None:
    pair = tuple(replace(arm, port=arm.name) for arm in RIG.arms if arm.side == "right")
    rig = replace(RIG, simulated=False, arms=pair)
    degc = np.zeros((4, 9), np.uint8)
    degc[BUS_NAMES.index("follower_right"), 0] = 41
    rings.tick(0, temperature_degc=degc)
    arms = arms_in(tmp_path, rig)
    assert tuple(each.name for each in arms.joints) == JOINT_NAMES[7:]
    assert arms.hottest == ("follower_right 1", 41)
