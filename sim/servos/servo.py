"""One emulated Dynamixel X servo, at register level.

Simulated: the control table of its model with sizes, access rights, factory values and ranges;
EEPROM locked while torque is on; limits that registers set for each other (goal position inside
the position limits in position mode, goal velocity, current and PWM inside theirs); reverse drive
mode; homing offset; refusal of torque while a hardware error stands; reboot with a silent boot
time; the alert bit; one common millisecond counter in `realtime_tick`.

Chosen where the manual leaves it open (check on hardware):
- Enabling torque does NOT move `goal_position` to the present position. It keeps what was last
  written, or the position at power-up or reboot, so a driver that forgets to write the present
  position first makes the arm jump, here as there.
- A write that spans several registers is all or nothing. Reads may run over unused addresses inside
  the table (they read 0) but must not start on one or leave the table.
- Values outside the table's fixed range: data range error. Values outside a limit that another
  register sets: data limit error.

Not simulated: motion (the world moves the joint; see `sense` and `goal_rad`), on which neither the
velocity and current limits nor `goal_current` act; velocity and acceleration profiles; velocity,
PWM and current control; the bus watchdog, overload, temperature and supply voltage (constant),
moving status, trajectories, indirect addresses (plain storage), the gains (plain storage), torque
on by goal update, start-up configuration, baud rate.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Final

from sim.servos.packets import ALERT, Error
from teleop.registers import (
    CENTRE_TICKS,
    RAM_START,
    REVERSE_BIT,
    TICKS_PER_TURN,
    OperatingMode,
    Register,
    ServoModel,
)

BOOT_TIME_NS: Final = 300_000_000
"""How long a servo stays silent after a reboot (order of magnitude; check on hardware)."""

FIRMWARE_VERSION: Final = 46
SUPPLY_DECIVOLT: Final = 120
TEMPERATURE_DEGC: Final = 32

STALL_CURRENT_MA: Final = 1400.0
"""Current at 100 % load of the XL430-W250 and XC430-W150 at 12 V (e-manual)."""

_TICKS_PER_RAD: Final = TICKS_PER_TURN / math.tau
_HOMING_LIMIT: Final = 1024
"""In position mode the servo ignores homing offsets beyond a quarter turn."""
_TABLE_SIZE: Final = 662
_REALTIME_TICK_ADDRESS: Final = 120
_REALTIME_TICK_PERIOD: Final = 32_768
# What every tick asks of every servo is looked up by address: the same on all models.
_TORQUE_ENABLE_ADDRESS: Final = 64
_STATUS_RETURN_LEVEL_ADDRESS: Final = 68
_HARDWARE_ERROR_ADDRESS: Final = 70
_GOAL_POSITION_ADDRESS: Final = 116
_GOAL_POSITION = struct.Struct("<i")
_PRESENT = struct.Struct("<hii")
_PRESENT_ADDRESS: Final = 126
"""Effort, velocity and position lie side by side from here: one pack writes all three."""
_MAX_INT16: Final = 32_767
_MAX_INT32: Final = 2_147_483_647

_LIMITED_BY: Final = {
    "goal_pwm": "pwm_limit",
    "goal_current": "current_limit",
    "goal_velocity": "velocity_limit",
}


class Servo:
    """A servo and its control table.

    `mount_sign` is +1 where the shaft turns with the joint and -1 where the servo faces the other
    way. `eeprom` holds values by register name that the set-up wrote over the factory ones. A new
    servo stands at joint angle 0 with torque off. `silent` takes it off the bus: it neither hears
    nor answers, as with a broken cable, but keeps driving.
    """

    def __init__(
        self,
        servo_id: int,
        model: ServoModel,
        *,
        mount_sign: int = 1,
        eeprom: Mapping[str, int] | None = None,
    ) -> None:
        self.model = model
        self.mount_sign = mount_sign
        self.silent = False
        self._boot_until_ns = 0
        self._memory = bytearray(_TABLE_SIZE)
        self._owner: list[Register | None] = [None] * _TABLE_SIZE
        for register in model.registers.values():
            span = range(register.address, register.address + register.size)
            self._owner[span.start : span.stop] = [register] * register.size
            self._store(register, register.initial)
        self.set("firmware_version", FIRMWARE_VERSION)
        self.set("present_input_voltage", SUPPLY_DECIVOLT)
        self.set("present_temperature", TEMPERATURE_DEGC)
        self.set("id", servo_id)
        for name, value in (eeprom or {}).items():
            self.set(name, value)
        self.sense(0.0, 0.0, 0.0)
        self._power_up()

    # ---- the bus side -------------------------------------------------------------------------

    @property
    def servo_id(self) -> int:
        """The ID it answers to."""
        return self.get("id")

    @property
    def secondary_id(self) -> int:
        """The ID whose instructions it also executes, without answering; above 252: none."""
        return self.get("secondary_id")

    @property
    def alert(self) -> int:
        """The alert bit, set while a hardware error stands."""
        return ALERT if self._memory[_HARDWARE_ERROR_ADDRESS] else 0

    @property
    def status_return_level(self) -> int:
        """Which instructions it answers."""
        return self._memory[_STATUS_RETURN_LEVEL_ADDRESS]

    def hears(self, now_ns: int) -> bool:
        """Whether it takes part in the bus at this instant."""
        return not self.silent and now_ns >= self._boot_until_ns

    def read(self, address: int, size: int, now_ns: int) -> tuple[int, bytes]:
        """Error byte and `size` bytes from `address` on; no bytes where the read is refused."""
        end = address + size
        if size == 0:
            return self.alert | Error.DATA_LENGTH, b""
        if end > _TABLE_SIZE or self._owner[address] is None:
            return self.alert | Error.ACCESS, b""
        if address < _REALTIME_TICK_ADDRESS + 2 and end > _REALTIME_TICK_ADDRESS:
            self.set("realtime_tick", now_ns // 1_000_000 % _REALTIME_TICK_PERIOD)
        return self.alert, bytes(self._memory[address:end])

    def write(self, address: int, data: bytes, *, as_secondary: bool = False) -> int:
        """Writes `data` unless it is refused; returns the error byte.

        `as_secondary`: the instruction was for its secondary ID, which never reaches EEPROM.
        """
        error = self._refusal(address, data, as_secondary)
        if error == Error.NONE:
            self._memory[address : address + len(data)] = data
            if address < RAM_START:
                self._derive()
        return self.alert | error

    def reboot(self, now_ns: int) -> None:
        """RAM to power-up values, torque off, hardware error cleared; silent for the boot time."""
        self._power_up()
        self._boot_until_ns = now_ns + BOOT_TIME_NS

    # ---- the physical side: joint values, whatever the mounting -------------------------------

    def sense(self, position_rad: float, velocity_rad_s: float, effort_ma: float) -> None:
        """Takes the joint's state at this instant into the present_* registers.

        Joint side: positive in the joint's direction. Effort becomes 0.1 % of stall current on
        servos without a current register. What a register cannot hold becomes its largest value.
        """
        effort = round(effort_ma * self._counts_per_ma)
        velocity = round(velocity_rad_s * self._counts_per_rad_s)
        position = round(position_rad * self._counts_per_rad) + self._zero_ticks
        _PRESENT.pack_into(
            self._memory,
            _PRESENT_ADDRESS,
            _within(effort, self._max_effort),
            _within(velocity, _MAX_INT32),
            _within(position, _MAX_INT32),
        )

    @property
    def torque_on(self) -> bool:
        """Whether the servo drives its joint; otherwise the joint is limp."""
        return self._memory[_TORQUE_ENABLE_ADDRESS] == 1

    @property
    def goal_rad(self) -> float:
        """Joint angle that the position modes drive to; clamped in position mode only."""
        goal: int = _GOAL_POSITION.unpack_from(self._memory, _GOAL_POSITION_ADDRESS)[0]
        if self._mode == OperatingMode.POSITION:
            lowest, highest = self._position_limits
            goal = min(max(goal, lowest), highest)
        return (goal - self._zero_ticks) / self._counts_per_rad

    # ---- registers by name, past all access rules ---------------------------------------------

    def get(self, name: str) -> int:
        """The value of a register. RegisterError where the model has none of that name."""
        register = self.model.register(name)
        raw = self._memory[register.address : register.address + register.size]
        return int.from_bytes(raw, "little", signed=register.signed)

    def set(self, name: str, value: int) -> None:
        """Sets a register as the servo itself would: for set-up and for injecting faults."""
        register = self.model.register(name)
        self._store(register, value)
        if register.eeprom:
            self._derive()

    def _store(self, register: Register, value: int) -> None:
        raw = value.to_bytes(register.size, "little", signed=register.signed)
        self._memory[register.address : register.address + register.size] = raw

    def _power_up(self) -> None:
        for register in self.model.registers.values():
            if not register.eeprom and register.writable:
                self._store(register, register.initial)
        for goal, limit in _LIMITED_BY.items():
            if goal in self.model.registers:
                self.set(goal, self.get(limit))
        self.set("goal_position", self.get("present_position"))
        self.set("hardware_error_status", 0)

    def _derive(self) -> None:
        """Recomputes what `sense` and `goal_rad` need from the EEPROM registers."""
        sign = self.mount_sign * (-1 if self.get("drive_mode") & REVERSE_BIT else 1)
        unit_ma = self.model.current_unit_ma
        self._counts_per_ma = sign * (1000.0 / STALL_CURRENT_MA if unit_ma is None else 1 / unit_ma)
        self._max_effort = 1000 if unit_ma is None else _MAX_INT16
        self._counts_per_rad_s = sign * 60.0 / (math.tau * self.model.velocity_unit_rpm)
        self._counts_per_rad = sign * _TICKS_PER_RAD
        self._mode = self.get("operating_mode")
        self._position_limits = (self.get("min_position_limit"), self.get("max_position_limit"))
        homing = self.get("homing_offset")
        ignored = self._mode == OperatingMode.POSITION and abs(homing) > _HOMING_LIMIT
        self._zero_ticks = CENTRE_TICKS + (0 if ignored else homing)

    # ---- what a servo refuses -----------------------------------------------------------------

    def _refusal(self, address: int, data: bytes, as_secondary: bool) -> Error:
        at, end = address, address + len(data)
        if at == end:
            return Error.DATA_LENGTH
        if end > _TABLE_SIZE:
            return Error.ACCESS
        while at < end:
            register = self._owner[at]
            if register is None or not register.writable:
                return Error.ACCESS
            if register.address != at or at + register.size > end:
                return Error.DATA_LENGTH
            if register.eeprom and (self.torque_on or as_secondary):
                return Error.ACCESS
            raw = data[at - address : at - address + register.size]
            value = int.from_bytes(raw, "little", signed=register.signed)
            if (error := self._value_refusal(register, value)) != Error.NONE:
                return error
            at += register.size
        return Error.NONE

    def _value_refusal(self, register: Register, value: int) -> Error:
        if not register.minimum <= value <= register.maximum:
            return Error.DATA_RANGE
        name = register.name
        if name == "goal_position" and self._mode == OperatingMode.POSITION:
            lowest, highest = self._position_limits
            return Error.NONE if lowest <= value <= highest else Error.DATA_LIMIT
        if name in _LIMITED_BY and abs(value) > self.get(_LIMITED_BY[name]):
            return Error.DATA_LIMIT
        if name == "operating_mode" and value not in self.model.operating_modes:
            return Error.DATA_RANGE
        if name == "torque_enable" and value and self.alert:
            return Error.RESULT_FAIL
        return Error.NONE


def _within(value: int, limit: int) -> int:
    return limit if value > limit else -limit if value < -limit else value
