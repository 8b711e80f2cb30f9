"""Control tables of the Dynamixel X servos that ALOHA-type arms use.

Plain data: where each register lies, how wide it is, whether it may be written, what it holds
after a factory reset and which values the servo accepts. Sources: the ROBOTIS e-manual pages of the
four models; addresses and sizes agree with the tables that ship with dynamixel-sdk 4.1 (a test
compares them). Older manuals have an acceleration limit at 40; today's firmware has nothing there.
Addresses below 64 are EEPROM: kept without power, locked while torque is on.

XM servos measure current; XL430 and XC430 only estimate load (0.1 %) and have no current limit and
no current-based modes. `ServoModel.current_unit_ma` tells the two apart.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final, Literal

RAM_START: Final = 64
"""First RAM address; everything below is EEPROM."""

TICKS_PER_TURN: Final = 4096
"""Position resolution of every X servo here."""

CENTRE_TICKS: Final = 2048
"""Position register at the middle of the single-turn range: 0 rad by convention."""

BAUD_RATES: Final = (9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000)
"""Bit/s by value of the `baud_rate` register."""

NO_SECONDARY_ID: Final = 255
"""Any value above 252 in `secondary_id` means: no secondary ID."""

REVERSE_BIT: Final = 0x01
"""Drive mode bit 0: positive direction is clockwise instead of counter-clockwise."""


class RegisterError(Exception):
    """An unknown servo model or register name."""


class OperatingMode(IntEnum):
    """Values of the `operating_mode` register. Current modes exist on XM only."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3
    EXTENDED_POSITION = 4
    CURRENT_BASED_POSITION = 5
    PWM = 16


@dataclass(frozen=True, slots=True)
class Register:
    """One control table entry.

    `initial` is the factory (EEPROM) or power-up (RAM) value; 0 where the manual leaves it open.
    `minimum`/`maximum` bound accepted writes; limits that depend on other registers (a goal inside
    its limit registers) are the servo's business, not the table's.
    """

    name: str
    address: int
    size: int
    writable: bool
    initial: int
    signed: bool = False
    minimum: int = 0
    maximum: int = 0

    def accepts(self, value: int) -> bool:
        """Whether a write of this value is within the register's own range, if it has one."""
        return not self.writable or self.minimum <= value <= self.maximum

    @property
    def eeprom(self) -> bool:
        """Whether the value survives power loss (and is locked while torque is on)."""
        return self.address < RAM_START


@dataclass(frozen=True, slots=True)
class ServoModel:
    """One servo model: its control table and the units of its registers."""

    number: int
    name: str
    registers: Mapping[str, Register]
    operating_modes: frozenset[OperatingMode]
    current_unit_ma: float | None
    """mA per count of register 126; None: register 126 is load in 0.1 %."""
    velocity_unit_rpm: float = 0.229

    def register(self, name: str) -> Register:
        """The register called `name`; RegisterError names the nearest one this model has."""
        found = self.registers.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.registers, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise RegisterError(f"The {self.name} has no register {name!r}.{hint}")
        return found

    @property
    def effort_register(self) -> Literal["present_current", "present_load"]:
        """Name of register 126 on this model."""
        return "present_load" if self.current_unit_ma is None else "present_current"


def model(number: int) -> ServoModel:
    """The model with this model number (register 0); RegisterError names the known models."""
    found = MODELS.get(number)
    if found is None:
        known = ", ".join(f"{m.name} ({m.number})" for m in MODELS.values())
        raise RegisterError(f"Servo model number {number} is not known. Known models: {known}.")
    return found


def _read_only(
    name: str, address: int, size: int, initial: int = 0, *, signed: bool = False
) -> Register:
    return Register(name, address, size, writable=False, initial=initial, signed=signed)


def _writable(
    name: str, address: int, size: int, initial: int, minimum: int, maximum: int
) -> Register:
    return Register(name, address, size, True, initial, minimum < 0, minimum, maximum)


@dataclass(frozen=True, slots=True)
class _Factory:
    """What differs between the models' tables (e-manual, factory values and ranges)."""

    moving_threshold: int = 10
    temperature_limit_degc: int = 80
    voltage_range_dv: tuple[int, int] = (95, 160)
    min_voltage_limit_dv: int = 95
    current_limit: int | None = None
    velocity_limit: int = 200
    velocity_i_gain: int = 1920
    position_d_gain: int = 0
    position_p_gain: int = 800
    external_ports: bool = False


def _eeprom(number: int, factory: _Factory) -> list[Register]:
    lowest_dv, highest_dv = factory.voltage_range_dv
    return [
        _read_only("model_number", 0, 2, number),
        _read_only("model_information", 2, 4),
        _read_only("firmware_version", 6, 1),
        _writable("id", 7, 1, 1, 0, 252),
        _writable("baud_rate", 8, 1, 1, 0, 7),
        _writable("return_delay_time", 9, 1, 250, 0, 254),
        _writable("drive_mode", 10, 1, 0, 0, 13),
        _writable("operating_mode", 11, 1, OperatingMode.POSITION, 0, 16),
        _writable("secondary_id", 12, 1, NO_SECONDARY_ID, 0, 255),
        _writable("protocol_type", 13, 1, 2, 1, 2),
        _writable("homing_offset", 20, 4, 0, -1_044_479, 1_044_479),
        _writable("moving_threshold", 24, 4, factory.moving_threshold, 0, 1023),
        _writable("temperature_limit", 31, 1, factory.temperature_limit_degc, 0, 100),
        _writable("max_voltage_limit", 32, 2, highest_dv, lowest_dv, highest_dv),
        _writable("min_voltage_limit", 34, 2, factory.min_voltage_limit_dv, lowest_dv, highest_dv),
        _writable("pwm_limit", 36, 2, 885, 0, 885),
        _writable("velocity_limit", 44, 4, factory.velocity_limit, 0, 1023),
        _writable("max_position_limit", 48, 4, 4095, 0, 4095),
        _writable("min_position_limit", 52, 4, 0, 0, 4095),
        _writable("startup_configuration", 60, 1, 0, 0, 3),
        _writable("shutdown", 63, 1, 52, 0, 255),
    ]


def _ram(factory: _Factory) -> list[Register]:
    return [
        _writable("torque_enable", 64, 1, 0, 0, 1),
        _writable("led", 65, 1, 0, 0, 1),
        _writable("status_return_level", 68, 1, 2, 0, 2),
        _read_only("registered_instruction", 69, 1),
        _read_only("hardware_error_status", 70, 1),
        _writable("velocity_i_gain", 76, 2, factory.velocity_i_gain, 0, 16_383),
        _writable("velocity_p_gain", 78, 2, 100, 0, 16_383),
        _writable("position_d_gain", 80, 2, factory.position_d_gain, 0, 16_383),
        _writable("position_i_gain", 82, 2, 0, 0, 16_383),
        _writable("position_p_gain", 84, 2, factory.position_p_gain, 0, 16_383),
        _writable("feedforward_2nd_gain", 88, 2, 0, 0, 16_383),
        _writable("feedforward_1st_gain", 90, 2, 0, 0, 16_383),
        _writable("bus_watchdog", 98, 1, 0, 0, 127),
        _writable("goal_pwm", 100, 2, 885, -885, 885),
        _writable("goal_velocity", 104, 4, factory.velocity_limit, -1023, 1023),
        _writable("profile_acceleration", 108, 4, 0, 0, 32_767),
        _writable("profile_velocity", 112, 4, 0, 0, 32_767),
        _writable("goal_position", 116, 4, 0, -1_048_575, 1_048_575),
        _read_only("realtime_tick", 120, 2),
        _read_only("moving", 122, 1),
        _read_only("moving_status", 123, 1),
        _read_only("present_pwm", 124, 2, signed=True),
        _read_only("present_velocity", 128, 4, signed=True),
        _read_only("present_position", 132, 4, signed=True),
        _read_only("velocity_trajectory", 136, 4, signed=True),
        _read_only("position_trajectory", 140, 4, signed=True),
        _read_only("present_input_voltage", 144, 2),
        _read_only("present_temperature", 146, 1),
        _read_only("backup_ready", 147, 1),
    ]


def _effort(current_limit: int | None) -> list[Register]:
    if current_limit is None:
        return [_read_only("present_load", 126, 2, signed=True)]
    return [
        _writable("current_limit", 38, 2, current_limit, 0, current_limit),
        _writable("goal_current", 102, 2, current_limit, -current_limit, current_limit),
        _read_only("present_current", 126, 2, signed=True),
    ]


def _external_ports() -> list[Register]:
    """The three expansion pins of the XM540."""
    modes = [_writable(f"external_port_mode_{n}", 55 + n, 1, 3, 0, 3) for n in (1, 2, 3)]
    data = [_writable(f"external_port_data_{n}", 150 + 2 * n, 2, 0, 0, 4095) for n in (1, 2, 3)]
    return modes + data


def _indirect() -> list[Register]:
    """Indirect addresses and data 1 to 56, in two blocks of 28."""
    registers = []
    for first, address_base, data_base in ((1, 168, 224), (29, 578, 634)):
        for offset in range(28):
            number, target = first + offset, data_base + offset
            address = address_base + 2 * offset
            registers.append(
                _writable(f"indirect_address_{number}", address, 2, target, RAM_START, 661)
            )
            registers.append(_writable(f"indirect_data_{number}", target, 1, 0, 0, 255))
    return registers


def _by_name(registers: Iterable[Register]) -> Mapping[str, Register]:
    ordered = sorted(registers, key=lambda register: register.address)
    return MappingProxyType({register.name: register for register in ordered})


def _servo_model(number: int, name: str, factory: _Factory) -> ServoModel:
    registers = _eeprom(number, factory) + _ram(factory) + _effort(factory.current_limit)
    registers += _external_ports() if factory.external_ports else []
    has_current = factory.current_limit is not None
    current_modes = {OperatingMode.CURRENT, OperatingMode.CURRENT_BASED_POSITION}
    return ServoModel(
        number=number,
        name=name,
        registers=_by_name(registers + _indirect()),
        operating_modes=frozenset(set(OperatingMode) - (set() if has_current else current_modes)),
        current_unit_ma=2.69 if has_current else None,
    )


_XM430 = _Factory(current_limit=1193)
_XM540 = _Factory(current_limit=2047, velocity_limit=128, external_ports=True)
_XL430 = _Factory(
    temperature_limit_degc=72,
    voltage_range_dv=(60, 140),
    min_voltage_limit_dv=60,
    velocity_limit=265,
    velocity_i_gain=1000,
    position_d_gain=4000,
    position_p_gain=640,
)
_XC430 = _Factory(
    moving_threshold=20,
    voltage_range_dv=(60, 160),
    min_voltage_limit_dv=60,
    velocity_limit=460,
    position_p_gain=460,
)

MODELS: Final[Mapping[int, ServoModel]] = MappingProxyType(
    {
        1020: _servo_model(1020, "XM430-W350", _XM430),
        1120: _servo_model(1120, "XM540-W270", _XM540),
        1060: _servo_model(1060, "XL430-W250", _XL430),
        1070: _servo_model(1070, "XC430-W150", _XC430),
    }
)
"""Known servo models by model number."""
