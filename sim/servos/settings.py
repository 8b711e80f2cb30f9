"""What a servo's EEPROM registers amount to: kept ready, it is needed all the time."""

import math
from dataclasses import dataclass
from typing import Final

from sim.servos.control_table import ControlTable
from sim.servos.motor import Motor
from teleop.registers import BAUD_RATES, REVERSE_BIT, TICKS_PER_TURN, OperatingMode

_TIMED_PROFILE_BIT: Final = 0x04
_TORQUE_ON_BY_GOAL_BIT: Final = 0x08
_HOMING_LIMIT: Final = 1024
"""In position mode the servo ignores homing offsets beyond a quarter turn."""
_WIDEST_GOAL: Final = 1_048_575
_MAX_INT16: Final = 32_767


@dataclass(slots=True)
class Settings:
    """Derived from EEPROM; read only.

    Attributes:
        counts_per_ma, counts_per_rad_s, counts_per_rad: registers per joint unit, signed by
            mounting and reverse mode.
        ticks_per_count: ticks/s per count of the velocity registers.
        max_effort: largest value of register 126.
        stall_per_count: goal and limit of current as a share of stall current; 0: there are none.
        homing_ticks: the homing offset as far as it counts.
        goal_range: goal positions that are accepted and driven to.
        timed: profiles are given by their times instead of velocity and acceleration.
    """

    mode: int
    counts_per_ma: float
    counts_per_rad_s: float
    counts_per_rad: float
    ticks_per_count: float
    max_effort: int
    stall_per_count: float
    homing_ticks: int
    goal_range: tuple[int, int]
    timed: bool
    torque_on_by_goal: bool
    velocity_limit: int
    pwm_limit: int
    current_limit: int
    usual_p_gain: int
    shutdown: int
    baud: int
    return_delay_ns: int
    hottest_degc: int
    lowest_v: float
    highest_v: float
    moving_threshold: int


def settings_of(table: ControlTable, motor: Motor, mount_sign: int) -> Settings:
    """What the registers say now."""
    drive_mode, mode = table.get("drive_mode"), table.get("operating_mode")
    sign = mount_sign * (-1 if drive_mode & REVERSE_BIT else 1)
    unit_ma, rpm = table.model.current_unit_ma, table.model.velocity_unit_rpm
    in_position_mode = mode == OperatingMode.POSITION
    homing = table.get("homing_offset")
    goal_range = -_WIDEST_GOAL, _WIDEST_GOAL
    if in_position_mode:
        goal_range = table.get("min_position_limit"), table.get("max_position_limit")
    return Settings(
        mode=mode,
        counts_per_ma=sign * (1000.0 / motor.stall_current_ma if unit_ma is None else 1 / unit_ma),
        counts_per_rad_s=sign * 60.0 / (math.tau * rpm),
        counts_per_rad=sign * TICKS_PER_TURN / math.tau,
        ticks_per_count=rpm / 60 * TICKS_PER_TURN,
        max_effort=1000 if unit_ma is None else _MAX_INT16,
        stall_per_count=0.0 if unit_ma is None else unit_ma / motor.stall_current_ma,
        homing_ticks=0 if in_position_mode and abs(homing) > _HOMING_LIMIT else homing,
        goal_range=goal_range,
        timed=bool(drive_mode & _TIMED_PROFILE_BIT),
        torque_on_by_goal=bool(drive_mode & _TORQUE_ON_BY_GOAL_BIT),
        velocity_limit=table.get("velocity_limit"),
        pwm_limit=table.get("pwm_limit"),
        current_limit=0 if unit_ma is None else table.get("current_limit"),
        usual_p_gain=table.model.registers["position_p_gain"].initial,
        shutdown=table.get("shutdown"),
        baud=BAUD_RATES[table.get("baud_rate")],
        return_delay_ns=2_000 * table.get("return_delay_time"),
        hottest_degc=table.get("temperature_limit"),
        lowest_v=table.get("min_voltage_limit") / 10,
        highest_v=table.get("max_voltage_limit") / 10,
        moving_threshold=table.get("moving_threshold"),
    )
