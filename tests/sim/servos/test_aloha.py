"""The arms' servos as their maker sets them up."""

from typing import Any

import pytest

from sim.servos.aloha import aloha_servos
from sim.servos.servo import Servo
from teleop.registers import model


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_every_servo_of_an_arm_reads_its_joints_angle(role: Any) -> None:
    for servo in aloha_servos(role):
        servo.sense(0.25, 0.5, 100.0)
        assert servo.get("present_position") == 2048 + 163
        assert servo.get("present_velocity") == 21
        assert servo.get(servo.model.effort_register) > 0
        assert servo.get("return_delay_time") == 0
        assert servo.get("baud_rate") == 3


def test_pairs_face_each_other_and_share_their_limits() -> None:
    for role in ("leader", "follower"):
        servos = {servo.servo_id: servo for servo in aloha_servos(role)}
        for primary, shadow in ((servos[2], servos[3]), (servos[4], servos[5])):
            assert primary.mount_sign == -shadow.mount_sign
            assert primary.get("drive_mode") != shadow.get("drive_mode")
            assert shadow.secondary_id == primary.servo_id
            for limit in ("min_position_limit", "max_position_limit"):
                assert primary.get(limit) == shadow.get(limit)


def test_a_wrong_drive_mode_turns_the_reading_round() -> None:
    servo = Servo(2, model(1120), mount_sign=-1, eeprom={"drive_mode": 0})
    servo.sense(0.25, 0.0, 0.0)
    assert servo.get("present_position") == 2048 - 163
