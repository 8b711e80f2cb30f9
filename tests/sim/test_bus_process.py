"""The arm that is served alone: what its command lines promise."""

import os
import time
from typing import Any

import pytest
import rustypot

SEVERAL_STEPS_S = 0.05


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
    for how in ("flip", "cut", "drop"):
        arm.garble(how)
        with pytest.raises(Exception, match=r"\w"):
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
