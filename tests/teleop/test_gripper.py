import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.gripper import FOLLOWER_LINKAGE, GRIPPERS, LEADER_LINKAGE

every = pytest.mark.parametrize("gripper", GRIPPERS.values(), ids=GRIPPERS)


@pytest.mark.parametrize(
    ("linkage", "joint_rad", "finger_m"),
    [
        (FOLLOWER_LINKAGE, 1.4910, 0.05800),
        (FOLLOWER_LINKAGE, -0.6213, 0.01844),
        (FOLLOWER_LINKAGE, 1.6214, 0.0579),
        (FOLLOWER_LINKAGE, 0.6197, 0.0440),
        (LEADER_LINKAGE, 0.3083, 0.02417),
        (LEADER_LINKAGE, -0.6842, 0.01244),
    ],
)
def test_the_linkage_reproduces_the_published_ends(
    linkage: Any, joint_rad: Any, finger_m: Any
) -> None:
    assert float(linkage.finger_m(joint_rad)) == pytest.approx(finger_m, abs=1.5e-4)


@given(st.floats(-1.5, 1.5))
def test_the_linkage_can_be_inverted(joint_rad: Any) -> None:
    finger = FOLLOWER_LINKAGE.finger_m(joint_rad)
    assert float(FOLLOWER_LINKAGE.joint_rad(finger)) == pytest.approx(joint_rad, abs=1e-6)


def test_a_finger_out_of_reach_gives_the_nearest_end() -> None:
    assert float(FOLLOWER_LINKAGE.joint_rad(1.0)) == pytest.approx(math.pi / 2)


@every
def test_open_is_one_and_closed_is_zero(gripper: Any) -> None:
    ends = [gripper.leader_closed_rad, gripper.leader_open_rad]
    np.testing.assert_allclose([gripper.action(end) for end in ends], [0, 1], atol=1e-12)
    np.testing.assert_allclose([gripper.leader_rad(each) for each in [0, 1]], ends)
    ends = [gripper.follower_closed_rad, gripper.follower_open_rad]
    np.testing.assert_allclose([gripper.follower_rad(each) for each in [0, 1]], ends)
    shares = [gripper.action_of_follower(end) for end in ends]
    np.testing.assert_allclose(shares, [0, 1], atol=1e-12)
    np.testing.assert_allclose([gripper.qpos(end) for end in ends], [0, 1], atol=0.012)


@every
def test_nothing_is_clipped(gripper: Any) -> None:
    assert float(gripper.action(gripper.leader_rad(1.2))) == pytest.approx(1.2)
    assert float(gripper.qpos(gripper.follower_closed_rad - 0.1)) < 0


@given(st.floats(-1.2, 1.4))
def test_velocity_is_the_derivative_of_position(joint_rad: Any) -> None:
    gripper, step = GRIPPERS["tonyzhaozh"], 1e-6
    slope = (gripper.qpos(joint_rad + step) - gripper.qpos(joint_rad - step)) / (2 * step)
    assert float(gripper.qvel(joint_rad, 2.0)) == pytest.approx(2 * float(slope), rel=1e-4)
