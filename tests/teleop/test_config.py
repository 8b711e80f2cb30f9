"""Configuration: what is wrong is named, with what would do instead."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from teleop.calibration import ServoCalibration, counted_offset, offset_for_zero
from teleop.config import ConfigError, build, read_json, read_toml, write_json
from teleop.joints import BUS_NAMES, SIDES
from teleop.rig_config import ArmConfig, ControlConfig, PoseConfig, RigConfig, SafetyConfig
from teleop.servos import FOLLOWER, LEADER

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


def real(*buses: str, **table: Any) -> RigConfig:
    """A real rig with these arms, as its file has it."""
    arms = [dict(zip(("role", "side"), bus.split("_"), strict=True)) for bus in buses]
    arms = [{**arm, "port": f"/dev/{bus}"} for arm, bus in zip(arms, buses, strict=True)]
    return build(RigConfig, {"name": "x", "simulated": False, "arms": arms, **table}, "rig.toml")


def test_one_pair_or_two() -> None:
    one = real("follower_right", "leader_right")
    assert one.sides == ("right",)
    assert one.bus_names == ("leader_right", "follower_right")
    assert real(*BUS_NAMES[::-1]).bus_names == BUS_NAMES
    assert real(*BUS_NAMES).sides == SIDES
    assert one.servos("follower") == FOLLOWER
    assert real(*BUS_NAMES, start="grippers").start == "grippers"


@pytest.mark.parametrize(
    "buses",
    [
        (),
        ("leader_left",),
        ("leader_left", "follower_right"),
        BUS_NAMES[:3],
        ("leader_left", "follower_left", "follower_left"),
    ],
)
def test_arms_that_are_no_pairs(buses: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=f"one or two pairs.*not {', '.join(buses) or 'none'}"):
        real(*buses)


def test_ports_of_a_real_rig() -> None:
    arms = [{**arm, "port": "/dev/one"} for arm in ARMS]
    with pytest.raises(ConfigError, match="two arms have the port /dev/one"):
        build(RigConfig, {"name": "x", "simulated": False, "arms": arms}, "rig.toml")
    with pytest.raises(ConfigError, match="leader_left has no port"):
        build(RigConfig, {"name": "x", "simulated": False, "arms": ARMS}, "rig.toml")


def test_the_simulated_rig_is_started_by_key() -> None:
    table = {"name": "x", "simulated": True, "arms": ARMS, "start": "grippers"}
    with pytest.raises(ConfigError, match="start must be 'key'"):
        build(RigConfig, table, "rig.toml")


def rows(**changes: Any) -> list[dict[str, Any]]:
    """The followers' servos as a table of a rig file, with changes to the shoulder's shadow."""
    table = [asdict(spec) for spec in FOLLOWER]
    for row in table:
        del row["current_limit_ma"]
    table[2] |= changes
    return table


def test_a_table_of_servos() -> None:
    changed = real(*BUS_NAMES, follower_servos=rows(min_ticks=900, current_limit_ma=1500))
    assert changed.follower_servos[2] == replace(
        FOLLOWER[2], min_ticks=900, current_limit_ma=1500.0
    )
    assert changed.follower_servos[3:] == FOLLOWER[3:]
    assert changed.leader_servos == LEADER


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"servo_id": 10}, "number 3 must be servo 3 (shoulder_shadow), not 10"),
        ({"joint": "elbow"}, "number 3 must be servo 3 (shoulder_shadow), not 3 (elbow)"),
        ({"secondary_id": 4}, "shoulder_shadow: secondary_id must be 2"),
        ({"models": ["XM540-W210"]}, "Did you mean 'XM540-W270'"),
        ({"models": []}, "needs one model"),
        ({"drive_mode": 4}, "drive_mode must be 0 or 1"),
        ({"min_ticks": 3000}, "min_ticks 3000"),
        ({"max_ticks": 4096}, "max_ticks 4096"),
        ({"velocity_limit": 0}, "velocity_limit must be 1-1023"),
        ({"current_limit_ma": 9000}, "at most 5506, not 9000"),
        ({"models": ["XL430-W250"], "current_limit_ma": 500}, "has no current limit"),
    ],
)
def test_a_table_of_servos_that_is_wrong(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        real(*BUS_NAMES, follower_servos=rows(**changes))


def test_what_a_follower_gripper_must_be() -> None:
    table = rows()
    with pytest.raises(ConfigError, match="must be the 9 servos of an arm, not 8"):
        real(*BUS_NAMES, follower_servos=table[:-1])
    table[8]["models"] = ["XC430-W150"]
    with pytest.raises(ConfigError, match="gripper: it must be a model that limits its current"):
        real(*BUS_NAMES, follower_servos=table)
    table[8] |= {"models": ["XM430-W350"], "current_limit_ma": 500}
    with pytest.raises(ConfigError, match="gripper_current_ma is its current limit"):
        real(*BUS_NAMES, follower_servos=table)


def test_offsets_that_do_not_count_are_refused() -> None:
    with pytest.raises(ValueError, match="within 1024 either way, not -1025"):
        ServoCalibration("leader_left", 1, "XM430-W350", 45, -1025, 0, "", "")


@pytest.mark.parametrize("position", [1024, 2048, 3000, 3072])
@pytest.mark.parametrize("offset", [0, 7, -900, 2000])
def test_an_offset_makes_the_position_zero(position: int, offset: int) -> None:
    shown = position + counted_offset(offset)
    assert position + offset_for_zero(shown, offset) == 2048


def test_no_offset_makes_up_for_more_than_a_quarter_turn() -> None:
    for position in (1023, 3073):
        with pytest.raises(ValueError, match="quarter turn"):
            offset_for_zero(position, 0)


def test_integers_become_floats_but_not_booleans() -> None:
    poses = build(PoseConfig, {"start_rad": [0, 0, 0, 0, 0, 0]}, "[poses]")
    assert poses.start_rad == (0.0,) * 6
    with pytest.raises(ConfigError):
        build(PoseConfig, {"start_gripper": True}, "[poses]")


def test_json_hands_a_configuration_over_unchanged(tmp_path: Path) -> None:
    rig = build(RigConfig, {"name": "x", "simulated": True, "arms": ARMS}, "[rig]")
    known = ServoCalibration("follower_left", 2, "XM540-W270", 45, -12, 0, "FT1", "2026-01-02")
    config = ControlConfig(rig, "/dev/shm/tandem-1", None, calibration=(known,), mend=False)
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
