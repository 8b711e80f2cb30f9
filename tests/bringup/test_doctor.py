"""`teleop doctor` as an operator calls it, and what `--fix` does to emulated servos."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from emulated_rig import EmulatedRig

from bringup.cli import main
from bringup.findings import KINDS, MANUAL
from session import last_session
from session.calibration import save_calibration
from teleop.calibration import ServoCalibration
from teleop.port import SerialPort

REPOSITORY = Path(__file__).resolve().parents[2]
FOLLOWER, LEADER = "follower_left", "leader_left"


@pytest.fixture
def doctor(rig_path: Path, tmp_path: Path) -> Any:
    """Calls it for the pair with room for its episodes; returns the exit status."""

    def call(*options: str) -> int:
        return main(["doctor", "--rig", str(rig_path), "--out", str(tmp_path), *options])

    return call


@pytest.fixture
def kinds(doctor: Any, capsys: Any) -> Any:
    """Exit status, and what is found by kind, as programs read it."""

    def call(*options: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        status = doctor("--json", *options)
        return status, {each["kind"]: each for each in json.loads(capsys.readouterr().out)}

    return call


def test_a_healthy_rig_has_no_problem(doctor: Any, capsys: Any) -> None:
    assert doctor() == 0
    said = capsys.readouterr().out
    assert "EMULATED ARMS" in said.splitlines()[0]
    assert "PROBLEM" not in said


def test_a_problem_is_said_with_what_to_do_and_where_to_read(
    doctor: Any, changed: Any, capsys: Any
) -> None:
    changed(FOLLOWER, 3, "secondary_id", 255)
    assert doctor() == 1
    said = capsys.readouterr().out
    assert "PROBLEM secondary-id\n  follower_left, servo 3 (shoulder_shadow) has secondary" in said
    assert "teleop doctor --fix writes it. (docs/hardware.md#secondary-id)" in said


def test_nothing_is_written_without_being_asked_for(
    pair: EmulatedRig, doctor: Any, changed: Any, monkeypatch: Any, capsys: Any
) -> None:
    changed(FOLLOWER, 5, "return_delay_time", 250)
    doctor()
    for answer in ("n", "", "what?"):
        monkeypatch.setattr("builtins.input", lambda _prompt, answer=answer: answer)
        doctor("--fix")
        assert "return_delay_time 250 -> 0" in capsys.readouterr().out
    assert pair.register(FOLLOWER, 5, "return_delay_time") == 250
    monkeypatch.setattr("builtins.input", lambda _prompt: "y")
    doctor("--fix")
    assert pair.register(FOLLOWER, 5, "return_delay_time") == 0


@pytest.mark.parametrize(
    ("servo", "register", "wrong", "right"),
    [
        (2, "drive_mode", 0, 1),
        (3, "secondary_id", 255, 2),
        (4, "min_position_limit", 0, 898),
        (4, "max_position_limit", 4095, 3094),
        (1, "velocity_limit", 1023, 131),
        (7, "shutdown", 1, 0x35),
        (7, "startup_configuration", 1, 0),
        (7, "temperature_limit", 100, 80),
        (8, "hardware_error_status", 0x20, 0),
    ],
)
def test_fix_mends_and_verifies(
    pair: EmulatedRig,
    doctor: Any,
    kinds: Any,
    changed: Any,
    servo: int,
    register: str,
    wrong: int,
    right: int,
) -> None:
    changed(FOLLOWER, servo, register, wrong)
    status, found = kinds()
    assert any(each["fixes"] for each in found.values())
    doctor("--fix", "--yes")
    assert pair.register(FOLLOWER, servo, register) == right
    assert kinds()[0] == 0
    assert status in (0, 1)


def test_nothing_is_written_to_an_arm_that_holds(
    pair: EmulatedRig, doctor: Any, changed: Any, capsys: Any
) -> None:
    changed(FOLLOWER, 3, "secondary_id", 255)
    changed(FOLLOWER, 8, "hardware_error_status", 0x20)
    changed(LEADER, 1, "return_delay_time", 9)
    pair.ask("set", FOLLOWER, servo=6, register="torque_enable", value=1)
    try:
        assert doctor("--fix", "--yes") == 1
    finally:
        pair.ask("set", FOLLOWER, servo=6, register="torque_enable", value=0)
    said = capsys.readouterr().out
    assert "Servo 6 on" in said
    assert "nothing was written; bring the arms to rest first" in said
    assert pair.register(FOLLOWER, 3, "secondary_id") == 255
    assert pair.register(FOLLOWER, 8, "hardware_error_status") == 0x20
    assert pair.register(LEADER, 1, "return_delay_time") == 0  # its arm is limp


def test_a_new_servo_is_given_its_place_and_its_set_up(
    other_follower: Any, readdress: Any, doctor: Any
) -> None:
    arm = other_follower()
    for register, value in (("return_delay_time", 250), ("velocity_limit", 128), ("drive_mode", 0)):
        arm.set_register(7, register, value)
    arm.set_register(7, "baud_rate", 1)
    readdress(arm.port, 57_600, 7, 1)
    assert doctor("--fix", "--yes") == 0
    assert arm.register(7, "id") == 7
    assert arm.register(7, "baud_rate") == 3
    assert arm.register(7, "drive_mode") == 1
    assert arm.register(7, "velocity_limit") == 131


def test_a_whole_arm_is_brought_to_the_rig_files_line_speed(
    other_follower: Any, set_baud: Any, doctor: Any
) -> None:
    arm = other_follower()
    set_baud(4_000_000)
    assert doctor("--fix", "--yes") == 0
    assert {arm.register(servo, "baud_rate") for servo in range(1, 10)} == {6}


def test_a_servo_that_is_not_understood_at_a_new_speed_comes_back_and_no_other_goes(
    other_follower: Any, set_baud: Any, doctor: Any, monkeypatch: Any, capsys: Any
) -> None:
    arm = other_follower()
    set_baud(4_000_000)
    monkeypatch.setattr("builtins.input", lambda _prompt: next(answers))
    answers = iter(["y", "n"])

    def spoil_the_line() -> None:
        while arm.register(1, "baud_rate") != 6:
            time.sleep(0.005)
        arm.garble("drop", bursts=5)  # the new speed's answers do not come through

    spoiler = threading.Thread(target=spoil_the_line)
    spoiler.start()
    doctor("--fix")
    spoiler.join()
    said = capsys.readouterr().out
    assert "cannot be understood at 4000000 baud and is back at the old speed" in said
    assert "left out after that: follower_left, servo 2" in said
    assert {arm.register(servo, "baud_rate") for servo in range(1, 10)} == {3}


def test_a_port_held_by_another_program_is_found(pair: EmulatedRig, kinds: Any) -> None:
    port = SerialPort(pair.ports[FOLLOWER], 1_000_000)
    try:
        status, found = kinds()
    finally:
        port.close()
    assert status == 1
    assert found["port-held"]["where"].startswith(FOLLOWER)


def test_a_port_that_is_not_there_is_found(other_follower: Any, kinds: Any) -> None:
    arm = other_follower()
    arm.unplug()
    status, found = kinds()
    assert status == 1
    assert found["port-missing"]["where"] == f"follower_left ({arm.port})"
    assert "servo-missing" not in found


def test_room_for_the_episodes_of_a_task(kinds: Any) -> None:
    assert "disk" not in kinds("--task", "battery", "--episodes", "1")[1]
    status, found = kinds("--task", "battery", "--episodes", "100000")
    assert status == 1
    assert "100000 episodes of up to" in found["disk"]["what"]
    status, found = kinds("--episodes", "100000")
    assert (status, found["disk"]["severity"]) == (0, "warning")


def test_a_calibration_of_other_servos_is_found(rig_path: Path, kinds: Any, changed: Any) -> None:
    assert "calibration-missing" in kinds()[1]
    servos = [
        ServoCalibration(bus, servo, model, 46, 0, 0, "", "2026-11-22T10:00:00+00:00")
        for bus, servo, model in [
            (FOLLOWER, 1, "XM540-W270"),
            (FOLLOWER, 5, "XM540-W270"),
            (LEADER, 1, "XM430-W350"),
        ]
    ]
    save_calibration(rig_path, servos)
    status, found = kinds()
    assert status == 0
    assert not {"calibration-missing", "calibration-stale", "drift"} & set(found)
    changed(FOLLOWER, 1, "homing_offset", 30)
    changed(FOLLOWER, 5, "present_position", 2048 + 15)
    status, found = kinds()
    assert status == 1
    assert "its homing offset is 30, not 0" in found["calibration-stale"]["what"]
    assert "reads +15 ticks beside its primary, and +0 when calibrated" in found["drift"]["what"]


def test_what_changed_since_the_last_session_is_found(
    pair: EmulatedRig, rig_path: Path, kinds: Any, changed: Any
) -> None:
    pair.ask("move", FOLLOWER, servo=4, rad=0.0)
    inventory = {FOLLOWER: {"5": "XM540-W270 firmware 46"}, LEADER: {"8": "XL430-W250 firmware 46"}}
    assert last_session.save(rig_path, json.dumps(inventory)) == last_session.last_session_path(
        rig_path
    )
    assert not {"servo-changed", "drift"} & set(kinds()[1])
    changed(LEADER, 8, "firmware_version", 47)
    changed(FOLLOWER, 5, "homing_offset", -20)
    changed(FOLLOWER, 5, "present_position", 2048 + 12)
    _, found = kinds()
    assert (
        "with firmware 47, and was a XL430-W250 with firmware 46" in found["servo-changed"]["what"]
    )
    assert found["drift"]["where"] == "follower_left, servo 5 (elbow_shadow)"
    pair.ask("move", FOLLOWER, servo=4, rad=0.0)


def test_a_simulated_rig_and_json_with_fix_are_one_sentence(doctor: Any, capsys: Any) -> None:
    assert main(["doctor", "--rig", "sim"]) == 2
    assert "is a simulated one and is always well" in capsys.readouterr().err
    assert doctor("--json", "--fix") == 2
    assert "--json only looks" in capsys.readouterr().err


def test_every_finding_has_its_heading_in_the_manual() -> None:
    headings = re.findall(r"^### (\S+)$", (REPOSITORY / MANUAL).read_text(), re.MULTILINE)
    assert headings == list(KINDS)


def test_links_within_the_manual_lead_somewhere() -> None:
    text = (REPOSITORY / MANUAL).read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
