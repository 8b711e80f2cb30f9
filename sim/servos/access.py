"""Which writes a servo refuses: EEPROM under torque, values outside limits, and so on."""

from typing import Final

from sim.servos.control_table import ControlTable
from sim.servos.orders import WATCHDOG_TRIPPED
from sim.servos.packets import Error
from sim.servos.settings import Settings
from teleop.registers import RAM_START, Register

LIMITED_BY: Final = {
    "goal_pwm": "pwm_limit",
    "goal_current": "current_limit",
    "goal_velocity": "velocity_limit",
}
"""Goals that another register limits, either sign."""
_GOALS: Final = frozenset((*LIMITED_BY, "goal_position"))


def write_refusal(
    table: ControlTable, settings: Settings, address: int, data: bytes, *, as_secondary: bool
) -> Error:
    """Why a write is refused, all of it, in the servo's present state; NONE if it is not."""
    if not data:
        return Error.DATA_LENGTH
    locked = as_secondary or table.get("torque_enable") == 1

    def refuses(register: Register, value: int) -> Error:
        if register.address < RAM_START and locked:
            return Error.ACCESS
        return _value_refusal(table, settings, register, value)

    for at, run in table.runs(address, data):
        error = table.refusal(at, run, refuses)
        if error != Error.NONE:
            return error
    return Error.NONE


def _value_refusal(
    table: ControlTable, settings: Settings, register: Register, value: int
) -> Error:
    if register.name in _GOALS or register.name == "bus_watchdog":
        tripped = table.get("bus_watchdog") == WATCHDOG_TRIPPED
        if tripped and (register.name in _GOALS or value != 0):
            return Error.DATA_RANGE
    if not register.minimum <= value <= register.maximum:
        return Error.DATA_RANGE
    if register.name == "goal_position":
        lowest, highest = settings.goal_range
        return Error.NONE if lowest <= value <= highest else Error.DATA_LIMIT
    if register.name in LIMITED_BY and abs(value) > table.get(LIMITED_BY[register.name]):
        return Error.DATA_LIMIT
    if register.name == "operating_mode" and value not in table.model.operating_modes:
        return Error.DATA_RANGE
    if register.name == "torque_enable" and value:
        shut_down = table.get("hardware_error_status") & settings.shutdown
        return Error.RESULT_FAIL if shut_down else Error.NONE
    return Error.NONE
