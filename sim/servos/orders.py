"""What a servo's RAM registers ask of its motor, in ticks and seconds.

Read from memory by address, the same on all models: a driver may write these in every tick.
"""

import struct
from dataclasses import dataclass
from typing import Final

from sim.servos.motor import FULL_PWM
from sim.servos.settings import Settings
from teleop.registers import TICKS_PER_TURN, OperatingMode

WATCHDOG_TRIPPED: Final = 0xFF
"""What bus watchdog (98) reads after a trip: -1."""

POSITION_MODES: Final = frozenset(
    {
        OperatingMode.POSITION,
        OperatingMode.EXTENDED_POSITION,
        OperatingMode.CURRENT_BASED_POSITION,
    }
)
_CURRENT_MODES: Final = (OperatingMode.CURRENT, OperatingMode.CURRENT_BASED_POSITION)

_TORQUE_ENABLE, _POSITION_P_GAIN, _FROM_WATCHDOG = 64, 84, 98
_UINT16: Final = struct.Struct("<H")
_WATCHDOG_TO_PROFILE: Final = struct.Struct("<BxhhiII")
"""Bus watchdog, goal PWM, current and velocity, profile acceleration and velocity."""
_WATCHDOG_UNIT_NS: Final = 20_000_000
_ACCELERATION_UNIT: Final = 214.577 / 3600 * TICKS_PER_TURN
"""Profile acceleration, rev/min^2, in ticks/s^2."""


@dataclass(slots=True)
class Orders:
    """Derived from RAM and `Settings`; read only.

    Attributes:
        velocity: of the profile, ticks/s, or its whole time in s; 0 is no profile.
        acceleration: of the profile, ticks/s^2, or the time that it takes in s; 0 is infinite.
        goal_velocity: ticks/s.
        push: direction of the goal current or PWM in their own modes.
        torque_share: 0-1 of its full torque that goals and limits of PWM and current leave.
        stiffness: position P gain as a share of the factory's, 1 outside position modes.
        watchdog_ns: how long the bus may be silent; 0: for ever.
        stepped: the set-point is the goal position itself: a position mode without profile.
    """

    torque_on: bool
    tripped: bool
    timed: bool
    mode: int
    velocity: float
    acceleration: float
    goal_velocity: float
    push: int
    torque_share: float
    stiffness: float
    watchdog_ns: int
    stepped: bool


def orders_of(memory: bytearray, settings: Settings) -> Orders:
    """What the registers say now."""
    watchdog, pwm, current, goal_velocity, acceleration, velocity = (
        _WATCHDOG_TO_PROFILE.unpack_from(memory, _FROM_WATCHDOG)
    )
    mode, limit, timed = settings.mode, settings.velocity_limit, settings.timed
    torque_on = memory[_TORQUE_ENABLE] == 1
    tripped = watchdog == WATCHDOG_TRIPPED
    share = min(abs(pwm), settings.pwm_limit) / FULL_PWM
    if mode in _CURRENT_MODES:
        counts = min(abs(current), settings.current_limit)
        share = min(share, counts * settings.stall_per_count)
    current_drives, pwm_drives = mode == OperatingMode.CURRENT, mode == OperatingMode.PWM
    driving = current if current_drives else pwm if pwm_drives else 0
    in_position = mode in POSITION_MODES
    p_gain: int = _UINT16.unpack_from(memory, _POSITION_P_GAIN)[0]
    return Orders(
        torque_on=torque_on,
        tripped=tripped,
        timed=timed,
        mode=mode,
        velocity=velocity / 1000 if timed else min(velocity, limit) * settings.ticks_per_count,
        acceleration=acceleration / 1000 if timed else acceleration * _ACCELERATION_UNIT,
        goal_velocity=min(max(goal_velocity, -limit), limit) * settings.ticks_per_count,
        push=(driving > 0) - (driving < 0),
        torque_share=share,
        stiffness=p_gain / settings.usual_p_gain if in_position else 1.0,
        watchdog_ns=watchdog * _WATCHDOG_UNIT_NS if torque_on and not tripped else 0,
        stepped=velocity == 0 and in_position,
    )
