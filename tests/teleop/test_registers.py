"""The register tables against dynamixel-sdk's own tables and against the e-manual's values."""

import re
from pathlib import Path
from typing import NamedTuple

import dynamixel_easy_sdk
import pytest

from teleop.registers import MODELS, OperatingMode, RegisterError, ServoModel, model

SDK_TABLES = Path(dynamixel_easy_sdk.__file__).parent / "control_table"

READ_ONLY = {
    "model_number",
    "model_information",
    "firmware_version",
    "registered_instruction",
    "hardware_error_status",
    "realtime_tick",
    "moving",
    "moving_status",
    "present_pwm",
    "present_velocity",
    "present_position",
    "velocity_trajectory",
    "position_trajectory",
    "present_input_voltage",
    "present_temperature",
    "backup_ready",
}

COMMON_DEFAULTS = {
    "id": 1,
    "baud_rate": 1,
    "return_delay_time": 250,
    "drive_mode": 0,
    "operating_mode": 3,
    "secondary_id": 255,
    "protocol_type": 2,
    "homing_offset": 0,
    "pwm_limit": 885,
    "max_position_limit": 4095,
    "min_position_limit": 0,
    "shutdown": 52,
    "torque_enable": 0,
    "led": 0,
    "status_return_level": 2,
    "hardware_error_status": 0,
    "velocity_p_gain": 100,
    "position_i_gain": 0,
    "feedforward_1st_gain": 0,
    "feedforward_2nd_gain": 0,
    "bus_watchdog": 0,
    "profile_acceleration": 0,
    "profile_velocity": 0,
    "indirect_address_1": 224,
    "indirect_address_28": 251,
    "indirect_address_29": 634,
    "indirect_address_56": 661,
}


class Defaults(NamedTuple):
    """Factory values that differ between models, from the four e-manual pages."""

    moving_threshold: int
    temperature_limit: int
    max_voltage_limit: int
    min_voltage_limit: int
    velocity_limit: int
    velocity_i_gain: int
    position_d_gain: int
    position_p_gain: int
    current_limit: int | None


MODEL_DEFAULTS = {
    1020: Defaults(10, 80, 160, 95, 200, 1920, 0, 800, 1193),
    1120: Defaults(10, 80, 160, 95, 128, 1920, 0, 800, 2047),
    1060: Defaults(10, 72, 140, 60, 265, 1000, 4000, 640, None),
    1070: Defaults(20, 80, 160, 60, 460, 1920, 0, 460, None),
}

every_model = pytest.mark.parametrize("servo", MODELS.values(), ids=lambda servo: servo.name)


def sdk_table(servo: ServoModel) -> dict[str, tuple[int, int]]:
    """Our names -> (address, size), from the SDK's table of this model."""
    rows = (SDK_TABLES / "dynamixel.model").read_text().splitlines()
    files = dict(row.split("\t") for row in rows if row and row[0].isdigit())
    table = (SDK_TABLES / files[str(servo.number)]).read_text().split("[control table]")[1]
    found = {}
    for row in table.splitlines():
        if row and row[0].isdigit():
            address, size, label = row.split("\t")
            name = re.sub(r"\(.*?\)", "", label).strip().lower().replace(" ", "_")
            found[name] = (int(address), int(size))
    # The SDK names the four indirect blocks for reading and writing; we number their entries.
    for name in [name for name in found if name.endswith(("_write", "_read"))]:
        block = found.pop(name)
        number = 1 if name.endswith("_write") else 29
        found[f"{name.rsplit('_', 1)[0]}_{number}"] = block
    return found


@every_model
def test_addresses_and_sizes_agree_with_the_sdk(servo: ServoModel) -> None:
    expected = sdk_table(servo)
    assert len(expected) > 50
    ours = {name: (r.address, r.size) for name, r in servo.registers.items()}
    assert {name: ours.get(name) for name in expected} == expected
    unknown_to_the_sdk = {name for name in ours if not name.startswith("indirect")} - set(expected)
    assert unknown_to_the_sdk == {"startup_configuration", "backup_ready"}


@every_model
def test_registers_do_not_overlap(servo: ServoModel) -> None:
    used = [at for r in servo.registers.values() for at in range(r.address, r.address + r.size)]
    assert len(used) == len(set(used))


@every_model
def test_access_follows_the_manual(servo: ServoModel) -> None:
    read_only = {name for name, register in servo.registers.items() if not register.writable}
    assert read_only == READ_ONLY | {servo.effort_register}


@every_model
def test_factory_values_follow_the_manual(servo: ServoModel) -> None:
    expected = COMMON_DEFAULTS | MODEL_DEFAULTS[servo.number]._asdict()
    expected["model_number"] = servo.number
    found = {name: servo.registers[name].initial for name in expected if name in servo.registers}
    assert found == {name: value for name, value in expected.items() if value is not None}


@every_model
def test_factory_values_lie_in_their_own_range(servo: ServoModel) -> None:
    outside = [
        register.name
        for register in servo.registers.values()
        if register.writable
        and register.name != "secondary_id"
        and not register.minimum <= register.initial <= register.maximum
    ]
    assert outside == []


@every_model
def test_signed_registers_are_those_with_a_direction(servo: ServoModel) -> None:
    signed = {name for name, register in servo.registers.items() if register.signed}
    directed = {"homing_offset", "goal_pwm", "goal_velocity", "goal_position", "goal_current"}
    directed |= {"present_pwm", "present_velocity", "present_position", servo.effort_register}
    directed |= {"velocity_trajectory", "position_trajectory"}
    assert signed == directed & set(servo.registers)


@pytest.mark.parametrize(
    ("number", "has_current"), [(1020, True), (1120, True), (1060, False), (1070, False)]
)
def test_only_xm_servos_have_current(number: int, has_current: bool) -> None:
    servo = model(number)
    assert ("goal_current" in servo.registers) is has_current
    assert (servo.current_unit_ma == 2.69) is has_current
    assert (OperatingMode.CURRENT_BASED_POSITION in servo.operating_modes) is has_current
    assert servo.register(servo.effort_register).address == 126


def test_eeprom_ends_below_64() -> None:
    servo = model(1020)
    assert servo.register("shutdown").eeprom
    assert not servo.register("torque_enable").eeprom


def test_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(RegisterError, match=r"4711.*XM430-W350 \(1020\).*XC430-W150 \(1070\)"):
        model(4711)


def test_unknown_register_names_the_nearest() -> None:
    with pytest.raises(RegisterError, match=r"XL430-W250 has no register 'goal_postion'.*goal_pos"):
        model(1060).register("goal_postion")
