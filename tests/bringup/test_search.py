"""Finding ports, servos, and what is wrong with them, on emulated arms."""

import os
from pathlib import Path
from typing import Any

import pytest

from bringup.errors import BringupError
from bringup.search import find_ports, known_bauds, search
from teleop.port import SerialPort

MBPS = [1_000_000]
QUICK_S = 0.2


def test_every_adapter_is_searched_at_once_and_known_by_its_models(arm_bus: Any) -> None:
    arms = [arm_bus("leader"), arm_bus("follower")]
    leader, follower = search([arm.port for arm in arms], MBPS, QUICK_S)
    assert (leader.role, follower.role) == ("leader", "follower")
    assert [servo.servo_id for servo in follower.servos] == list(range(1, 10))
    assert {servo.name for servo in leader.servos} == {"XM430-W350", "XL430-W250", "XC430-W150"}
    assert leader.baud == 1_000_000
    assert leader.emulated
    assert leader.error is None
    assert leader.garbled == ()


def test_a_servo_at_another_line_speed_is_found_there(arm_bus: Any) -> None:
    arm = arm_bus("follower")
    arm.set_register(9, "baud_rate", 1)
    (adapter,) = search([arm.port], [1_000_000, 57_600], QUICK_S)
    bauds = {servo.servo_id: servo.baud for servo in adapter.servos}
    assert bauds == dict.fromkeys(range(1, 9), 1_000_000) | {9: 57_600}
    assert adapter.baud == 1_000_000


def test_a_servo_that_missed_the_broadcast_is_asked_by_itself(arm_bus: Any) -> None:
    arm = arm_bus("leader")
    arm.garble("drop", bursts=1)
    (adapter,) = search([arm.port], MBPS, QUICK_S)
    assert len(adapter.servos) == 9


def test_broken_answers_are_not_taken_for_silence(arm_bus: Any) -> None:
    arm = arm_bus("leader")
    arm.garble("flip", bursts=1000)
    (adapter,) = search([arm.port], MBPS, QUICK_S)
    assert adapter.servos == ()
    assert set(adapter.garbled) == {(1_000_000, each) for each in (None, *range(1, 10))}
    arm.silence(1)
    assert search([arm.port], MBPS, QUICK_S)[0].garbled[-1] == (1_000_000, 9)


def test_one_bad_port_does_not_keep_the_others_from_being_searched(arm_bus: Any) -> None:
    held, gone, well = arm_bus("leader"), arm_bus("leader"), arm_bus("follower")
    port = SerialPort(held.port, 1_000_000)
    gone.unplug()
    try:
        found = search([held.port, gone.port, well.port], MBPS, QUICK_S)
    finally:
        port.close()
    assert "held by another process" in (found[0].error or "")
    assert "does not exist" in (found[1].error or "")
    assert len(found[2].servos) == 9


def test_line_speeds_are_those_of_servos_and_system() -> None:
    bauds = known_bauds()
    assert bauds[0] == 1_000_000
    assert {57_600, 4_000_000} < set(bauds)
    assert 4_500_000 not in bauds  # Linux has no name for it


def test_names_that_stay_come_before_names_that_change(tmp_path: Path) -> None:
    by_id = tmp_path / "serial" / "by-id"
    by_id.mkdir(parents=True)
    for number in (0, 1):
        (tmp_path / f"ttyUSB{number}").touch()
    (tmp_path / "ttyACM0").touch()
    (by_id / "usb-FTDI_FT000001-if00-port0").symlink_to(tmp_path / "ttyUSB1")
    assert [os.path.basename(path) for path in find_ports(dev=tmp_path)] == [
        "usb-FTDI_FT000001-if00-port0",
        "ttyUSB0",
        "ttyACM0",
    ]


def test_no_port_at_all_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BringupError, match="No USB serial adapter is plugged in: connect"):
        find_ports(dev=tmp_path)
    with pytest.raises(BringupError, match=r"nothing/\* or .*: correct --ports"):
        find_ports(["nothing/*", "void"])
