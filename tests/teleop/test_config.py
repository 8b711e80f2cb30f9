"""Configuration: what is wrong is named, with what would do instead."""

import json
from pathlib import Path

import pytest

from teleop.config import ConfigError, build, read_json, read_toml, write_json
from teleop.rig_config import ArmConfig, ControlConfig, PoseConfig, RigConfig, SafetyConfig

ARMS = [
    {"role": role, "side": side} for role in ("leader", "follower") for side in ("left", "right")
]


def test_defaults_and_nesting() -> None:
    rig = build(RigConfig, {"name": "x", "simulated": True, "arms": ARMS}, "[rig]")
    assert rig.arm("follower", "right") == ArmConfig("right", "follower")
    assert rig.period_s == pytest.approx(0.02)
    assert rig.safety == SafetyConfig()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"velocity_limit": 1.0}, ("unknown key 'velocity_limit'", "'velocity_limit_rad_s'")),
        ({"velocity_limit_rad_s": "fast"}, ("velocity_limit_rad_s", "float", "'fast'")),
        ({"velocity_limit_rad_s": float("nan")}, ("velocity_limit_rad_s", "finite")),
        ({"velocity_limit_rad_s": -1.0}, ("velocity_limit_rad_s", "positive")),
        ({"velocity_limit_rad_s": 10**400}, ("velocity_limit_rad_s", "too large")),
        ({"joint_lower_rad": [0.0]}, ("joint_lower_rad", "6 joints")),
        ({"joint_lower_rad": [4.0] * 6}, ("joint_lower_rad", "not below")),
        ({"joint_lower_rad": 3}, ("joint_lower_rad", "list")),
        ({"lost_ticks_to_hold": True}, ("lost_ticks_to_hold", "int")),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        build(SafetyConfig, table, "sim.toml [rig.safety]")
    for word in ("sim.toml", *words):
        assert word in str(caught.value)


def test_choice_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'leader'"):
        build(ArmConfig, {"side": "left", "role": "leadre"}, "arm")


def test_missing_key_and_wrong_arms() -> None:
    with pytest.raises(ConfigError, match="'side' is missing"):
        build(ArmConfig, {"role": "leader"}, "arm")
    with pytest.raises(ConfigError, match="arms must be exactly"):
        build(RigConfig, {"name": "x", "simulated": True, "arms": ARMS[:2]}, "[rig]")


def test_integers_become_floats_but_not_booleans() -> None:
    poses = build(PoseConfig, {"start_rad": [0, 0, 0, 0, 0, 0]}, "[poses]")
    assert poses.start_rad == (0.0,) * 6
    with pytest.raises(ConfigError):
        build(PoseConfig, {"start_gripper": True}, "[poses]")


def test_json_hands_a_configuration_over_unchanged(tmp_path: Path) -> None:
    rig = build(RigConfig, {"name": "x", "simulated": True, "arms": ARMS}, "[rig]")
    config = ControlConfig(rig, "/dev/shm/tandem-1", None)
    write_json(tmp_path / "c.json", config)
    assert build(ControlConfig, read_json(tmp_path / "c.json"), "c") == config


@pytest.mark.parametrize(
    "text", ["[rig\n", "\udcff", f"a = {'[' * 9000}", f"a = {'9' * 5000}"], ids=range(4)
)
def test_unreadable_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match=r"rig\.toml is not TOML"):
        read_toml(path)
    with pytest.raises(ConfigError, match="Cannot read"):
        read_toml(tmp_path / "none.toml")
    path.write_text(json.dumps([1]))
    with pytest.raises(ConfigError, match="holds no object"):
        read_json(path)
