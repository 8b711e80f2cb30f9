"""Values that a servo's registers take by themselves: at power-up, by mode, by factory reset."""

from collections.abc import Mapping
from typing import Final

from sim.servos.access import LIMITED_BY
from sim.servos.control_table import ControlTable
from teleop.registers import OperatingMode

_RESET_KEEPS: Final[Mapping[int, tuple[str, ...]]] = {
    0xFF: (),
    0x01: ("id",),
    0x02: ("id", "baud_rate"),
}
"""What a factory reset leaves alone, by its option."""

_DRIVES_IN: Final = {
    "goal_pwm": OperatingMode.PWM,
    "goal_current": OperatingMode.CURRENT,
    "goal_velocity": OperatingMode.VELOCITY,
}
_RESET_BY_MODE: Final = (
    "velocity_i_gain",
    "velocity_p_gain",
    "position_d_gain",
    "position_i_gain",
    "position_p_gain",
    "feedforward_2nd_gain",
    "feedforward_1st_gain",
    "profile_acceleration",
    "profile_velocity",
)


def power_up(table: ControlTable) -> None:
    """RAM as after power-up: no torque, no hardware error, no registered write."""
    table.reset(eeprom=False)
    table.set("hardware_error_status", 0)
    table.set("registered_instruction", 0)
    _reset_goals(table)


def change_mode(table: ControlTable) -> None:
    """The manual's note on operating mode (11): gains, profile and goals start afresh."""
    for name in _RESET_BY_MODE:
        table.set(name, table.model.registers[name].initial)
    _reset_goals(table)


def factory_reset(table: ControlTable, option: int) -> bool:
    """EEPROM as the factory left it, but for what the option keeps; False: no such option."""
    if option not in _RESET_KEEPS:
        return False
    table.reset(eeprom=True, kept=_RESET_KEEPS[option])
    return True


def _reset_goals(table: ControlTable) -> None:
    """Goals at their limits, where they limit; 0 where they drive, so that torque moves nothing."""
    mode = table.get("operating_mode")
    for goal, limit in LIMITED_BY.items():
        if goal in table.model.registers:
            table.set(goal, 0 if mode == _DRIVES_IN[goal] else table.get(limit))
