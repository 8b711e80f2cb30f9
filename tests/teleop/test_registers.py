"""The register tables against dynamixel-sdk's own tables and against the e-manual's values."""

import re
from pathlib import Path
from typing import NamedTuple

import dynamixel_easy_sdk
import pytest

from teleop.registers import MODELS, OperatingMode, RegisterError, ServoModel, model

SDK_TABLES = Path(dynamixel_easy_sdk.__file__).parent / "control_table"

EVERY_MODEL = """
0   2 R  *     Model Number
2   4 R  -     Model Information
6   1 R  -     Firmware Version
7   1 RW 1     ID
8   1 RW 1     Baud Rate
9   1 RW 250   Return Delay Time
10  1 RW 0     Drive Mode
11  1 RW 3     Operating Mode
12  1 RW 255   Secondary ID
13  1 RW 2     Protocol Type
20  4 RW 0     Homing Offset
24  4 RW *     Moving Threshold
31  1 RW *     Temperature Limit
32  2 RW *     Max Voltage Limit
34  2 RW *     Min Voltage Limit
36  2 RW 885   PWM Limit
44  4 RW *     Velocity Limit
48  4 RW 4095  Max Position Limit
52  4 RW 0     Min Position Limit
60  1 RW 0     Startup Configuration
63  1 RW 52    Shutdown
64  1 RW 0     Torque Enable
65  1 RW 0     LED
68  1 RW 2     Status Return Level
69  1 R  0     Registered Instruction
70  1 R  0     Hardware Error Status
76  2 RW *     Velocity I Gain
78  2 RW 100   Velocity P Gain
80  2 RW *     Position D Gain
82  2 RW 0     Position I Gain
84  2 RW *     Position P Gain
88  2 RW 0     Feedforward 2nd Gain
90  2 RW 0     Feedforward 1st Gain
98  1 RW 0     Bus Watchdog
100 2 RW -     Goal PWM
104 4 RW -     Goal Velocity
108 4 RW 0     Profile Acceleration
112 4 RW 0     Profile Velocity
116 4 RW -     Goal Position
120 2 R  -     Realtime Tick
122 1 R  0     Moving
123 1 R  0     Moving Status
124 2 R  -     Present PWM
128 4 R  -     Present Velocity
132 4 R  -     Present Position
136 4 R  -     Velocity Trajectory
140 4 R  -     Position Trajectory
144 2 R  -     Present Input Voltage
146 1 R  -     Present Temperature
147 1 R  -     Backup Ready
"""
"""The four e-manual pages where they agree: address, size, access, initial value, name.

Transcribed by hand from ROBOTIS' tables, not from ours. `-`: the page gives none; `*`: it differs.
"""

WITH_CURRENT = """
38  2 RW *     Current Limit
102 2 RW -     Goal Current
126 2 R  -     Present Current
"""
WITHOUT_CURRENT = """
126 2 R  -     Present Load
"""
WITH_PINS = """
56  1 RW 3     External Port Mode 1
57  1 RW 3     External Port Mode 2
58  1 RW 3     External Port Mode 3
152 2 RW -     External Port Data 1
154 2 RW -     External Port Data 2
156 2 RW -     External Port Data 3
"""
PAGES = {
    1020: EVERY_MODEL + WITH_CURRENT,
    1120: EVERY_MODEL + WITH_CURRENT + WITH_PINS,
    1060: EVERY_MODEL + WITHOUT_CURRENT,
    1070: EVERY_MODEL + WITHOUT_CURRENT,
}


class Row(NamedTuple):
    """One line of a page; `initial` is None where it gives none."""

    address: int
    size: int
    writable: bool
    initial: int | None


class Differing(NamedTuple):
    """Initial values that the pages differ in."""

    model_number: int
    moving_threshold: int
    temperature_limit: int
    max_voltage_limit: int
    min_voltage_limit: int
    velocity_limit: int
    velocity_i_gain: int
    position_d_gain: int
    position_p_gain: int
    current_limit: int | None


DIFFERING = {
    1020: Differing(1020, 10, 80, 160, 95, 200, 1920, 0, 800, 1193),
    1120: Differing(1120, 10, 80, 160, 95, 128, 1920, 0, 800, 2047),
    1060: Differing(1060, 10, 72, 140, 60, 265, 1000, 4000, 640, None),
    1070: Differing(1070, 20, 80, 160, 60, 460, 1920, 0, 460, None),
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


def manual_page(servo: ServoModel) -> dict[str, Row]:
    """Name -> row of the model's page, the indirect blocks included."""
    page = {}
    for line in PAGES[servo.number].strip().splitlines():
        if line:
            address, size, access, initial, label = line.split(maxsplit=4)
            name = label.lower().replace(" ", "_")
            given = {"-": None, "*": getattr(DIFFERING[servo.number], name, None)}
            value = given[initial] if initial in given else int(initial)
            page[name] = Row(int(address), int(size), access == "RW", value)
    for number in range(1, 57):
        first, address, data = (1, 168, 224) if number <= 28 else (29, 578, 634)
        at = data + number - first
        page[f"indirect_address_{number}"] = Row(address + 2 * (number - first), 2, True, at)
        page[f"indirect_data_{number}"] = Row(at, 1, True, 0)
    return page


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
def test_every_register_is_the_manuals(servo: ServoModel) -> None:
    """Every address, size, access right and initial value; no register more, none less."""
    page = manual_page(servo)
    assert set(servo.registers) == set(page)
    for name, row in page.items():
        ours = servo.registers[name]
        initial = ours.initial if row.initial is not None else None
        assert Row(ours.address, ours.size, ours.writable, initial) == row, name


@every_model
def test_the_dropped_acceleration_limit_is_gone(servo: ServoModel) -> None:
    """Older revisions of the XM pages have a register at 40, where today's have nothing."""
    assert not any(40 <= register.address < 44 for register in servo.registers.values())


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
