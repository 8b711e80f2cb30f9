"""Whether an arm may be let go of, as it lies on an emulated bus."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import TinyWorld
from live_rig import LiveRig

from teleop.resting import REST_TOLERANCE_RAD, not_at_rest

RESTING = np.array([0.0, -1.7, 1.55, 0.12, 0.65, 0.0, 0.03])


@pytest.fixture
def live(tmp_path: Path, world: TinyWorld) -> Any:
    with LiveRig(tmp_path, world, ["left"]) as live:
        yield live


def why_not(live: LiveRig, name: str = "follower_left") -> str:
    return not_at_rest(live.arm(name), live.config.poses)


def lie(live: LiveRig, joint: int, away_rad: float) -> None:
    """The follower lies at rest but for one joint; in steps that a joint can make."""
    for share in np.linspace(0, 1, 9):
        pose = RESTING.copy()
        pose[joint] += share * away_rad
        live.world.order(pose=["left", pose.tolist()])
        live.rig.observe()


def test_in_their_rest_poses_they_are_at_rest(live: LiveRig) -> None:
    assert why_not(live) == ""
    assert why_not(live, "leader_left") == ""


@pytest.mark.parametrize("joint", range(6))
def test_one_joint_away_is_not_at_rest(live: LiveRig, joint: int) -> None:
    away = -0.3 if joint == 2 else 0.3
    lie(live, joint, away)
    names = ["waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate"]
    assert why_not(live) == f"its {names[joint]} is 0.30 rad away"
    lie(live, joint, np.sign(away) * (REST_TOLERANCE_RAD - 0.01))
    assert why_not(live) == ""


def test_the_gripper_may_be_as_it_is(live: LiveRig) -> None:
    live.world.order(pose=["left", [*RESTING[:6], 0.05]])
    for _ in range(3):
        live.rig.observe()
    live.arm("follower_left").believe()
    live.rig.observe()
    assert why_not(live) == ""


def test_a_joint_that_cannot_be_read_is_not_known_to_be_at_rest(live: LiveRig) -> None:
    live.world.order(bus="follower_left", silence=4, on=True)
    live.rig.observe()
    assert why_not(live) == "its elbow does not answer"
    live.world.order(bus="follower_left", silence=4, on=False)
    live.world.order(bus="follower_left", silence=3, on=True)  # a shadow is no joint
    live.rig.observe()
    assert why_not(live) == ""


def test_a_bus_that_is_gone_is_not_at_rest(live: LiveRig) -> None:
    live.world.order(unplug="follower_left")
    live.rig.observe()
    assert "is gone, and its torque stays as it was" in why_not(live)
    assert why_not(live, "leader_left") == ""
