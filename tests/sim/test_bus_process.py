"""The arm that is served alone: what its command lines promise."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import rustypot

SEVERAL_STEPS_S = 0.05
ANSWERS_WITHIN_S = 10
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("register", ["present_position", "present_velocity", "present_current"])
def test_what_a_servo_is_told_to_sense_stays_until_it_is_moved(register: str, arm_bus: Any) -> None:
    arm = arm_bus("follower")
    arm.set_register(2, register, -77)
    time.sleep(SEVERAL_STEPS_S)
    assert arm.register(2, register) == -77
    arm.move(2, 0.0)
    time.sleep(SEVERAL_STEPS_S)
    assert arm.register(2, register) == (2048 if register == "present_position" else 0)


def test_faults_can_be_called_up_on_a_served_arm(arm_bus: Any) -> None:
    arm = arm_bus("follower")
    client = rustypot.Xl430PyController(arm.port, 1_000_000, 0.5)
    arm.move(4, 0.5)
    assert client.read_raw_data(4, 132, 2) == client.read_raw_data(5, 132, 2) == [0x46, 0x09]
    for how, seen in (
        ("flip", "Checksum error"),
        ("cut", "Operation timed out"),
        ("drop", "Operation timed out"),
        ("junk", "Parsing error"),
    ):
        arm.garble(how)
        with pytest.raises(RuntimeError, match=seen):
            client.read_raw_data(4, 132, 2)
        client.close()
        client = rustypot.Xl430PyController(arm.port, 1_000_000, 0.5)
        assert client.read_raw_data(4, 132, 2) == [0x46, 0x09]
    arm.silence(4)
    assert client.ping(4) is False
    arm.silence(4, False)
    assert client.ping(4) is True
    assert arm.counters()["packets"] > 0
    before = arm.port
    client.close()
    arm.unplug()
    assert not os.path.exists(before)
    arm.plug()
    assert rustypot.Xl430PyController(arm.port, 1_000_000, 0.5).ping(9)


def send_at_once(arm: Any, *lines: str) -> list[dict[str, Any]]:
    """Writes lines in one go; an answer for each. A process that owes one is ended in the end."""
    arm._process.stdin.write("".join(line + "\n" for line in lines))
    arm._process.stdin.flush()
    give_up = threading.Timer(ANSWERS_WITHIN_S, arm._process.kill)
    give_up.start()
    answers = [arm._answer() for _ in lines]
    give_up.cancel()
    return answers


def test_commands_that_arrive_together_are_all_answered(arm_bus: Any) -> None:
    get = '{"do": "get", "servo": 3, "register": "id"}'
    assert send_at_once(arm_bus("leader"), get, get, get) == [{"value": 3}] * 3


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "{}",
        '{"do": "nonsense"}',
        '{"do": "get", "servo": 3, "register": "presnt_position"}',
        '{"do": "get", "servo": 30, "register": "led"}',
        '{"do": "get"}',
        '{"do": "set", "servo": 2, "register": "present_position", "value": "far"}',
        '{"do": "set", "servo": 2, "register": "led", "value": 256}',
        '{"do": "move", "servo": 2, "rad": "far"}',
        '{"do": "move", "servo": 2, "rad": NaN}',
        '{"do": "garble", "how": "flip", "bursts": "many"}',
        '{"do": "garble", "how": "shout", "bursts": 1}',
        '{"do": "episode"}',
    ],
)
def test_a_bad_command_is_answered_and_changes_nothing(line: str, arm_bus: Any) -> None:
    arm = arm_bus("follower")
    assert "error" in send_at_once(arm, line)[0]
    time.sleep(SEVERAL_STEPS_S)
    assert arm.register(2, "present_position") == 2048
    assert rustypot.Xl430PyController(arm.port, 1_000_000, 0.5).ping(2) is True


# ---- options ------------------------------------------------------------------------------------


def refused(*options: str) -> str:
    """What it says when it does not start; nothing on standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "sim.bus_process", *options],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_it_cannot_be_started_with_is_a_sentence(tmp_path: Path) -> None:
    script = tmp_path / "faults.toml"
    assert f"Cannot read {script}: No such file" in refused("--faults", str(script))
    script.write_text('[[faults]]\nkind = "unplug"\nbus = "follower_right"\n')
    assert "has no fault of follower_left: choose another arm" in refused("--faults", str(script))
    assert "has no fault of leader_right" in refused(
        "--faults", str(script), "--role", "leader", "--side", "right"
    )
    assert "usb_latency_ms must be 0-255, not 300.0" in refused("--usb-latency-ms", "300")
    script.write_text("")
    assert "is in the way of a port's name" in refused("--link", str(script))
    nowhere = str(tmp_path / "no" / "where")
    assert f"Cannot link {nowhere} to a port: No such file" in refused("--link", nowhere)


def test_the_side_is_the_arm_of_the_script(tmp_path: Path, arm_bus: Any) -> None:
    script = tmp_path / "faults.toml"
    script.write_text(
        '[[faults]]\nkind = "silence"\nbus = "leader_right"\nservo = 2\nsince = "start"\n'
    )
    arm = arm_bus("leader", "--side", "right", "--faults", str(script))
    client = rustypot.Xl430PyController(arm.port, 1_000_000, 0.5)
    assert [client.ping(servo_id) for servo_id in (1, 2, 3)] == [True, False, True]
    garble = '{"do": "garble", "how": "flip", "bursts": 1}'
    assert "--faults" in send_at_once(arm, garble)[0]["error"]


def test_a_link_leads_to_the_port_while_it_is_plugged_in(tmp_path: Path, arm_bus: Any) -> None:
    link = tmp_path / "arm"
    arm = arm_bus("follower", "--link", str(link))
    assert arm.port == str(link)
    assert rustypot.Xl430PyController(arm.port, 1_000_000, 0.5).ping(9)
    arm.unplug()
    assert not link.exists()
    assert arm.plug() == str(link)
    assert rustypot.Xl430PyController(arm.port, 1_000_000, 0.5).ping(9)
    arm._process.terminate()
    arm._process.wait(ANSWERS_WITHIN_S)
    assert not link.is_symlink()


def test_on_a_timed_line_everything_still_arrives(arm_bus: Any) -> None:
    arm = arm_bus("follower", "--wire-time", "--usb-latency-ms", "1")
    client = rustypot.Xl430PyController(arm.port, 1_000_000, 0.5)
    assert client.sync_read_raw_data(list(range(1, 10)), 132, 4) == [b"\x00\x08\0\0"] * 9
