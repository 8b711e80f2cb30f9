"""Which arms an episode holds."""

import pytest

from recorder.arms import Arms, arms_of
from recorder.config import RecorderConfig
from teleop.config import ConfigError, build
from teleop.joints import BUS_NAMES, JOINT_NAMES


def test_both_pairs_are_all_there_is() -> None:
    assert (Arms().joint_names, Arms().bus_names) == (JOINT_NAMES, BUS_NAMES)
    assert (Arms().joints, Arms().buses) == (list(range(14)), list(range(4)))


def test_one_pair_is_a_leader_and_its_follower() -> None:
    right = Arms(("right",))
    assert right.joints == list(range(7, 14))
    assert right.bus_names == ("leader_right", "follower_right")
    assert right.buses == [1, 3]


@pytest.mark.parametrize("arms", [Arms(), Arms(("left",)), Arms(("right",))])
def test_a_file_s_joints_tell_its_arms(arms: Arms) -> None:
    assert arms_of(arms.joint_names) == arms
    assert arms_of(arms.joint_names[:-1]) is None
    assert arms_of(arms.joint_names[::-1]) is None


@pytest.mark.parametrize("sides", [[], ["right", "left"], ["left", "left"], ["middle"]])
def test_other_arms_are_refused_by_the_recorder(sides: list[str]) -> None:
    table = {
        "runtime_dir": "/tmp",
        "dataset_dir": "/tmp",
        "cameras": [],
        "rig_name": "rig",
        "simulated": False,
        "time_base": "monotonic",
    }
    assert build(RecorderConfig, {**table, "sides": ["right"]}, "config").sides == ("right",)
    with pytest.raises(ConfigError, match="config"):
        build(RecorderConfig, {**table, "sides": sides}, "config")
