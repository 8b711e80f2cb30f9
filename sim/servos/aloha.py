"""The nine servos of an ALOHA arm, set up as its maker sets them up."""

from dataclasses import dataclass
from typing import Final

from sim.servos.servo import Servo
from teleop.joints import Role
from teleop.registers import REVERSE_BIT, model


@dataclass(frozen=True, slots=True)
class _ServoRow:
    """One servo of an arm after its set-up (facts/aloha.md has the sources)."""

    model_number: int
    drive_mode: int
    min_ticks: int
    max_ticks: int


_XM430, _XM540, _XL430, _XC430 = 1020, 1120, 1060, 1070

_FOLLOWER_ROWS: Final = (
    _ServoRow(_XM540, 0, 0, 4095),
    _ServoRow(_XM540, 1, 841, 2867),
    _ServoRow(_XM540, 0, 841, 2867),
    _ServoRow(_XM540, 1, 898, 3094),
    _ServoRow(_XM540, 0, 898, 3094),
    _ServoRow(_XM540, 0, 0, 4095),
    _ServoRow(_XM540, 1, 830, 3504),
    _ServoRow(_XM430, 0, 0, 4095),
    _ServoRow(_XM430, 0, 0, 4095),
)
_LEADER_ROWS: Final = (
    _ServoRow(_XM430, 0, 0, 4095),
    _ServoRow(_XM430, 0, 819, 3345),
    _ServoRow(_XM430, 1, 819, 3345),
    _ServoRow(_XM430, 0, 648, 3094),
    _ServoRow(_XM430, 1, 648, 3094),
    _ServoRow(_XM430, 0, 0, 4095),
    _ServoRow(_XM430, 1, 910, 3447),
    _ServoRow(_XL430, 0, 0, 4095),
    _ServoRow(_XC430, 0, 0, 4095),
)
_SHADOW_OF: Final = {3: 2, 5: 4}
"""Shoulder and elbow have a second servo, which follows the first by its secondary ID."""
_VELOCITY_LIMIT: Final = 131
"""pi rad/s."""
_BAUD_1_MBPS: Final = 3


def aloha_servos(role: Role) -> list[Servo]:
    """The nine servos of a leader (WidowX-250) or follower (ViperX-300), IDs 1 to 9, set up.

    waist, shoulder and its shadow, elbow and its shadow, forearm_roll, wrist_angle, wrist_rotate,
    gripper. Torque is off, operating mode is position. A servo in reverse drive mode is one that
    faces against its joint, so that every servo reads positive in its joint's direction.
    """
    rows = _FOLLOWER_ROWS if role == "follower" else _LEADER_ROWS
    return [_servo(servo_id, row) for servo_id, row in enumerate(rows, start=1)]


def _servo(servo_id: int, row: _ServoRow) -> Servo:
    eeprom = {
        "baud_rate": _BAUD_1_MBPS,
        "return_delay_time": 0,
        "drive_mode": row.drive_mode,
        "velocity_limit": _VELOCITY_LIMIT,
        "min_position_limit": row.min_ticks,
        "max_position_limit": row.max_ticks,
    }
    if servo_id in _SHADOW_OF:
        eeprom["secondary_id"] = _SHADOW_OF[servo_id]
    mount_sign = -1 if row.drive_mode & REVERSE_BIT else 1
    return Servo(servo_id, model(row.model_number), mount_sign=mount_sign, eeprom=eeprom)
