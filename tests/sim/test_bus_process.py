"""The arm that is served alone: what its command lines promise."""

import time
from typing import Any

import pytest

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
