"""Every check of servos can fail: registers are set wrong on an emulated arm, one at a time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from emulated_rig import EmulatedRig

from bringup.arm_state import ArmState, find_strays, opened_arms
from bringup.findings import Finding
from bringup.fixes import AddressFix
from bringup.servo_checks import check_arm
from session.config import load_rig
from teleop.rig_config import RigConfig

FOLLOWER, LEADER = "follower_left", "leader_left"


def look(rig_path: Path, bus: str) -> tuple[ArmState, RigConfig]:
    rig = load_rig(rig_path).rig
    with opened_arms(rig) as arms:
        pass
    return arms[bus], rig


def findings(rig_path: Path, bus: str = FOLLOWER) -> list[Finding]:
    """Without what every start sets anyway."""
    arm, rig = look(rig_path, bus)
    unset = ("operating-mode", "current-limit")
    return [each for each in check_arm(arm, rig) if each.kind not in unset]


@pytest.mark.parametrize("bus", [FOLLOWER, LEADER])
def test_nothing_is_found_where_all_is_well(rig_path: Path, bus: str) -> None:
    assert findings(rig_path, bus) == []


def test_a_new_follower_gripper_is_worth_a_notice(rig_path: Path) -> None:
    arm, rig = look(rig_path, FOLLOWER)
    found = {each.kind: each for each in check_arm(arm, rig)}
    assert set(found) == {"operating-mode", "current-limit"}
    assert all(each.severity == "notice" and not each.fixes for each in found.values())


@pytest.mark.parametrize(
    ("servo", "register", "value", "kind", "severity", "says"),
    [
        (5, "return_delay_time", 250, "return-delay", "warning", "waits 500 us"),
        (2, "drive_mode", 0, "drive-mode", "problem", "has drive mode 0, not 1"),
        (1, "drive_mode", 4, "drive-mode", "problem", "has drive mode 4, not 0"),
        (3, "secondary_id", 255, "secondary-id", "problem", "has secondary ID 255, not 2"),
        (6, "secondary_id", 1, "secondary-id", "problem", "has secondary ID 1, not 255"),
        (4, "min_position_limit", 0, "position-limits", "warning", "may go to 0..3094 ticks"),
        (1, "velocity_limit", 1023, "velocity-limit", "warning", "has velocity limit 1023"),
        (7, "shutdown", 0, "protection", "problem", "shutdown 0"),
        (7, "startup_configuration", 1, "protection", "problem", "startup_configuration 1"),
        (7, "temperature_limit", 100, "protection", "problem", "temperature_limit 100"),
        (8, "hardware_error_status", 0x24, "hardware-error", "problem", "(overheating, overload)"),
        (1, "temperature_limit", 40, "temperature", "warning", "switches itself off above 40"),
        (1, "min_voltage_limit", 130, "voltage", "problem", "outside its 13.0 to 16.0 V"),
        (1, "firmware_version", 37, "firmware", "problem", "no Bus Watchdog before 38"),
        (6, "firmware_version", 45, "firmware", "warning", "another XM540-W270 of its arm 46"),
        (6, "homing_offset", 1025, "homing-offset", "problem", "has homing offset 1025"),
        (6, "torque_enable", 1, "torque-on", "notice", "holds: torque is on"),
        (2, "model_number", 1020, "servo-model", "problem", "is a XM430-W350, not XM540-W270"),
        (2, "model_number", 7, "servo-model", "problem", "is a unknown model 7, not XM540"),
    ],
)
def test_what_is_wrong_is_found_and_nothing_else(
    rig_path: Path,
    changed: Any,
    servo: int,
    register: str,
    value: int,
    kind: str,
    severity: str,
    says: str,
) -> None:
    changed(FOLLOWER, servo, register, value)
    found = findings(rig_path)
    hit = [each for each in found if each.kind == kind]
    assert len(hit) == 1, found
    assert (hit[0].severity, says in hit[0].what) == (severity, True), hit
    assert hit[0].where.startswith(FOLLOWER)
    follow = {"hardware-error"} if kind == "voltage" else set()  # soon, but not at once
    assert {each.kind for each in found} - follow == {kind}
    assert findings(rig_path, LEADER) == []


@pytest.mark.parametrize(
    ("ticks", "severity"), [(22, None), (23, "warning"), (97, "warning"), (98, "problem")]
)
def test_a_pair_that_disagrees_is_judged_by_how_much(
    pair: EmulatedRig, rig_path: Path, ticks: int, severity: str | None
) -> None:
    position = pair.register(FOLLOWER, 4, "present_position")
    pair.ask("set", FOLLOWER, servo=5, register="present_position", value=position + ticks)
    try:
        found = findings(rig_path)
    finally:
        pair.ask("move", FOLLOWER, servo=4, rad=0.0)
    assert [(each.kind, each.severity) for each in found] == (
        [("pair-mismatch", severity)] if severity else []
    )


def test_a_joint_beyond_its_range_is_found(pair: EmulatedRig, rig_path: Path) -> None:
    pair.ask("move", FOLLOWER, servo=7, rad=2.3)  # the servo's limit is 2.234
    try:
        (found,) = findings(rig_path)
    finally:
        pair.ask("move", FOLLOWER, servo=7, rad=0.0)
    assert found.kind == "position-range"


def test_a_weak_supply_is_a_warning(other_follower: Any, rig_path: Path, tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(
        '[[faults]]\nkind = "voltage"\nbus = "follower_left"\nvalue = 10.5\nsince = "start"\n'
    )
    arm = other_follower("--faults", str(faults))
    while arm.register(9, "present_input_voltage") != 105:  # servos measure now and then
        time.sleep(0.01)
    found = findings(rig_path)
    assert {(each.kind, each.severity) for each in found} == {("voltage", "warning")}
    assert "10.5 V instead of 12" in found[0].what


def test_a_silent_servo_is_missing_and_only_that_one(pair: EmulatedRig, rig_path: Path) -> None:
    pair.ask("silence", FOLLOWER, servo=3, on=True)
    try:
        (found,) = findings(rig_path)
    finally:
        pair.ask("silence", FOLLOWER, servo=3, on=False)
    assert (found.kind, found.where) == (
        "servo-missing",
        "follower_left, servo 3 (shoulder_shadow)",
    )


def test_two_talkers_are_not_taken_for_silence(other_follower: Any, rig_path: Path) -> None:
    arm = other_follower()
    arm.garble("flip", bursts=3)  # of the first servo's pings
    (found,) = findings(rig_path)
    assert (found.kind, found.where) == ("servo-garbled", "follower_left, servo 1 (waist)")


def test_swapped_arms_are_one_finding(rig_path: Path, other_follower: Any) -> None:
    other_follower(role="leader")
    (found,) = findings(rig_path)
    assert found.kind == "wrong-arm"
    assert found.fixes == ()


def test_a_slow_bus_is_a_problem(rig_path: Path, changed: Any, set_baud: Any) -> None:
    for servo in range(1, 10):
        changed(FOLLOWER, servo, "baud_rate", 2)
    set_baud(115_200)
    (found,) = findings(rig_path)
    assert (found.kind, found.severity) == ("slow-bus", "problem")


def strays(rig_path: Path) -> list[Finding]:
    """Findings about who is there, other places included."""
    arm, rig = look(rig_path, FOLLOWER)
    find_strays({FOLLOWER: arm}, [1_000_000, 57_600])
    kinds = ("servo-missing", "servo-baud", "servo-id")
    return [each for each in check_arm(arm, rig) if each.kind in kinds]


def test_a_reset_servo_is_found_at_its_factory_speed(rig_path: Path, changed: Any) -> None:
    changed(FOLLOWER, 9, "baud_rate", 1)
    (found,) = strays(rig_path)
    assert found.kind == "servo-baud"
    assert found.fixes == (AddressFix(FOLLOWER, 9, 57_600, 9, 1_000_000),)


def test_a_new_servo_may_take_the_place_of_the_only_missing_one(
    other_follower: Any, readdress: Any, rig_path: Path
) -> None:
    arm = other_follower()
    arm.set_register(9, "baud_rate", 1)
    readdress(arm.port, 57_600, 9, 1)  # as from the factory: ID 1 at 57600
    found = {each.kind: each for each in strays(rig_path)}
    assert set(found) == {"servo-missing", "servo-id"}
    assert found["servo-id"].fixes == (AddressFix(FOLLOWER, 1, 57_600, 9, 1_000_000),)


def test_nobody_takes_a_place_where_there_is_doubt(
    other_follower: Any, readdress: Any, rig_path: Path
) -> None:
    arm = other_follower()
    readdress(arm.port, 1_000_000, 9, 20)
    readdress(arm.port, 1_000_000, 8, 21)
    found = strays(rig_path)
    assert sorted(each.kind for each in found) == ["servo-id"] * 2 + ["servo-missing"] * 2
    assert not any(each.fixes for each in found)


def test_a_servo_of_the_wrong_model_takes_no_place(
    other_follower: Any, readdress: Any, rig_path: Path
) -> None:
    arm = other_follower()
    arm.set_register(2, "model_number", 1060)
    readdress(arm.port, 1_000_000, 2, 20)
    found = strays(rig_path)
    assert {each.kind for each in found} == {"servo-missing", "servo-id"}
    assert not any(each.fixes for each in found)
