"""The arm that is served alone: what its command lines promise."""

import os
import threading
import time
from typing import Any

import pytest
import rustypot

SEVERAL_STEPS_S = 0.05
ANSWERS_WITHIN_S = 10


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
    ],
)
def test_a_bad_command_is_answered_and_changes_nothing(line: str, arm_bus: Any) -> None:
    arm = arm_bus("follower")
    assert "error" in send_at_once(arm, line)[0]
    time.sleep(SEVERAL_STEPS_S)
    assert arm.register(2, "present_position") == 2048
    assert rustypot.Xl430PyController(arm.port, 1_000_000, 0.5).ping(2) is True
