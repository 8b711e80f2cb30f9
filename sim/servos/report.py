"""The registers that tell how a servo moves (122 to 124, 136 to 143), worked out when read."""

import struct
from typing import Final

from sim.servos.motion import Motion
from sim.servos.motor import FULL_PWM, Motor
from sim.servos.orders import POSITION_MODES, Orders
from sim.servos.settings import Settings

IN_POSITION_TICKS: Final = 20
FOLLOWING_TICKS: Final = 100
"""How near a shaft is to its goal to be in position, and how far from its trajectory to be lagging:
bits of moving status without published thresholds."""

_IN_POSITION, _PROFILE_ONGOING, _FOLLOWING_ERROR = 0x01, 0x02, 0x08
_MOVING_AT, _PRESENT_AT, _TRAJECTORY_AT = 122, 126, 136
_MOVING, _PRESENT, _TRAJECTORY = struct.Struct("<BBh"), struct.Struct("<hii"), struct.Struct("<ii")
_MAX_INT32: Final = 2_147_483_647


def report_motion(
    memory: bytearray,
    motion: Motion,
    orders: Orders,
    settings: Settings,
    motor: Motor,
    goal_ticks: int,
) -> None:
    """Writes moving, moving status, present PWM and the two trajectories.

    PWM is what a motor needs for its load and its speed: an estimate, nothing drives by it.
    """
    effort, velocity, position = _PRESENT.unpack_from(memory, _PRESENT_AT)
    moving = motion.moving or abs(velocity) > settings.moving_threshold
    status = motion.kind | (_PROFILE_ONGOING if motion.moving else 0)
    if orders.mode in POSITION_MODES and orders.torque_on:
        status |= _IN_POSITION if abs(position - goal_ticks) <= IN_POSITION_TICKS else 0
        lag = abs(position - motion.position)
        status |= _FOLLOWING_ERROR if lag > FOLLOWING_TICKS else 0
    load = effort / (abs(settings.counts_per_ma) * motor.stall_current_ma)
    speed = velocity / (abs(settings.counts_per_rad_s) * motor.no_load_rad_s)
    pwm = round(FULL_PWM * min(max(load + speed, -1.0), 1.0))
    _MOVING.pack_into(memory, _MOVING_AT, moving, status, pwm)
    counts_per_tick = settings.counts_per_rad_s / settings.counts_per_rad
    _TRAJECTORY.pack_into(
        memory,
        _TRAJECTORY_AT,
        _int32(motion.velocity * counts_per_tick),
        _int32(motion.position),
    )


def _int32(value: float) -> int:
    return round(min(max(value, -_MAX_INT32), _MAX_INT32))
