"""What one emulated servo accepts, refuses, measures and drives to."""

import math

import pytest

from sim.servos.packets import ALERT, Error
from sim.servos.servo import BOOT_TIME_NS, Servo
from teleop.registers import MODELS, Register, RegisterError, ServoModel, model

XM430, XL430 = model(1020), model(1060)
TICK_RAD = math.tau / 4096

every_model = pytest.mark.parametrize("kind", MODELS.values(), ids=lambda kind: kind.name)


def write(servo: Servo, name: str, value: int, *, as_secondary: bool = False) -> int:
    register = servo.model.register(name)
    data = value.to_bytes(register.size, "little", signed=value < 0)
    return servo.write(register.address, data, as_secondary=as_secondary)


def read(servo: Servo, name: str, now_ns: int = 0) -> int:
    register = servo.model.register(name)
    error, data = servo.read(register.address, register.size, now_ns)
    assert error == Error.NONE
    return int.from_bytes(data, "little", signed=register.signed)


@every_model
def test_factory_values_can_be_read(kind: ServoModel) -> None:
    servo = Servo(7, kind)
    set_by_power_up = {"goal_position", "goal_pwm", "goal_velocity", "goal_current"}
    own = {"id", "firmware_version", "present_input_voltage", "present_temperature"}
    for name, register in kind.registers.items():
        if name not in set_by_power_up | own | {"present_position", "position_trajectory"}:
            assert read(servo, name) == register.initial, name
    assert read(servo, "id") == 7
    assert read(servo, "goal_position") == read(servo, "present_position") == 2048


@every_model
def test_every_register_obeys_its_access_right_and_range(kind: ServoModel) -> None:
    def refusal(register: Register, value: int) -> int:
        return write(Servo(1, kind), register.name, value)

    for register in kind.registers.values():
        if not register.writable:
            assert refusal(register, 0) == Error.ACCESS, register.name
            continue
        assert refusal(register, register.initial) == Error.NONE, register.name
        widest = (1 << (8 * register.size - register.signed)) - 1
        if register.maximum < widest:
            assert refusal(register, register.maximum + 1) == Error.DATA_RANGE, register.name
        if register.signed:
            assert refusal(register, register.minimum - 1) == Error.DATA_RANGE, register.name


def test_eeprom_is_locked_while_torque_is_on() -> None:
    servo = Servo(1, XM430)
    assert write(servo, "torque_enable", 1) == Error.NONE
    assert write(servo, "homing_offset", 5) == Error.ACCESS
    assert write(servo, "led", 1) == Error.NONE
    assert write(servo, "torque_enable", 0) == Error.NONE
    assert write(servo, "homing_offset", 5) == Error.NONE
    assert read(servo, "homing_offset") == 5


@pytest.mark.parametrize(
    ("address", "size", "error"),
    [
        (116, 2, Error.DATA_LENGTH),
        (118, 2, Error.DATA_LENGTH),
        (116, 5, Error.ACCESS),
        (116, 0, Error.DATA_LENGTH),
        (130, 1, Error.ACCESS),
        (14, 1, Error.ACCESS),
        (660, 4, Error.ACCESS),
        (60_000, 4, Error.ACCESS),
    ],
)
def test_writes_must_cover_whole_writable_registers(address: int, size: int, error: Error) -> None:
    servo = Servo(1, XM430)
    before = servo.read(0, 662, 0)
    assert servo.write(address, bytes(size)) == error
    assert servo.read(0, 662, 0) == before


def test_a_write_over_several_registers_is_all_or_nothing() -> None:
    servo = Servo(1, XM430)
    profile = (50).to_bytes(4, "little") + (60).to_bytes(4, "little")
    assert servo.write(108, profile + (9000).to_bytes(4, "little")) == Error.DATA_LIMIT
    assert read(servo, "profile_acceleration") == 0
    assert servo.write(108, profile + (1000).to_bytes(4, "little")) == Error.NONE
    assert read(servo, "profile_velocity") == 60
    assert read(servo, "goal_position") == 1000


@pytest.mark.parametrize(
    ("address", "size", "error"),
    [
        (132, 0, Error.DATA_LENGTH),
        (14, 1, Error.ACCESS),
        (661, 2, Error.ACCESS),
        (662, 1, Error.ACCESS),
    ],
)
def test_reads_stay_in_the_table(address: int, size: int, error: Error) -> None:
    assert Servo(1, XM430).read(address, size, 0) == (error, b"")


def test_goal_position_keeps_to_the_limits_in_position_mode_only() -> None:
    servo = Servo(1, XM430, eeprom={"min_position_limit": 1000, "max_position_limit": 3000})
    assert write(servo, "goal_position", 3001) == Error.DATA_LIMIT
    assert write(servo, "goal_position", 999) == Error.DATA_LIMIT
    assert write(servo, "goal_position", 3000) == Error.NONE
    assert write(servo, "operating_mode", 4) == Error.NONE
    assert write(servo, "goal_position", -20_000) == Error.NONE
    assert servo.goal_rad == pytest.approx((-20_000 - 2048) * TICK_RAD)


@pytest.mark.parametrize(
    ("goal", "limit"),
    [
        ("goal_velocity", "velocity_limit"),
        ("goal_current", "current_limit"),
        ("goal_pwm", "pwm_limit"),
    ],
)
def test_goals_stay_inside_the_limit_that_another_register_sets(goal: str, limit: str) -> None:
    servo = Servo(1, XM430)
    assert write(servo, limit, 90) == Error.NONE
    assert write(servo, goal, 91) == Error.DATA_LIMIT
    assert write(servo, goal, -91) == Error.DATA_LIMIT
    assert write(servo, goal, -90) == Error.NONE
    assert read(servo, goal) == -90


def test_load_servos_have_no_current_modes() -> None:
    assert write(Servo(1, XM430), "operating_mode", 5) == Error.NONE
    assert write(Servo(1, XL430), "operating_mode", 5) == Error.DATA_RANGE
    assert write(Servo(1, XL430), "operating_mode", 2) == Error.DATA_RANGE


def test_a_hardware_error_raises_the_alert_and_refuses_torque_until_reboot() -> None:
    servo = Servo(1, XM430)
    servo.set("hardware_error_status", 0x20)
    error, data = servo.read(70, 1, 0)
    assert (error, data) == (ALERT, b"\x20")
    assert write(servo, "led", 1) == ALERT
    assert write(servo, "torque_enable", 1) == ALERT | Error.RESULT_FAIL
    assert not servo.torque_on
    servo.reboot(0)
    assert write(servo, "torque_enable", 1) == Error.NONE


def test_reboot_resets_ram_keeps_eeprom_and_holds_the_goal_where_the_joint_is() -> None:
    servo = Servo(1, XM430)
    write(servo, "homing_offset", 100)
    write(servo, "velocity_limit", 77)
    for name in ("torque_enable", "led", "profile_velocity"):
        write(servo, name, 1)
    servo.sense(0.5, 0.0, 0.0)
    servo.reboot(1_000)
    assert not servo.hears(1_000 + BOOT_TIME_NS - 1)
    assert servo.hears(1_000 + BOOT_TIME_NS)
    assert [read(servo, name) for name in ("torque_enable", "led", "profile_velocity")] == [0, 0, 0]
    assert read(servo, "homing_offset") == 100
    assert read(servo, "goal_velocity") == 77
    assert read(servo, "goal_position") == read(servo, "present_position")
    assert servo.goal_rad == pytest.approx(0.5, abs=TICK_RAD)


def test_enabling_torque_keeps_the_old_goal() -> None:
    servo = Servo(1, XM430)
    write(servo, "goal_position", 1500)
    servo.sense(1.0, 0.0, 0.0)
    write(servo, "torque_enable", 1)
    assert read(servo, "goal_position") == 1500


@pytest.mark.parametrize("mount_sign", [1, -1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("homing", [0, -300])
def test_registers_and_joint_agree_on_direction(mount_sign: int, reverse: int, homing: int) -> None:
    eeprom = {"drive_mode": reverse, "homing_offset": homing}
    servo = Servo(1, XM430, mount_sign=mount_sign, eeprom=eeprom)
    servo.sense(0.4, 1.5, 269.0)
    sign = -mount_sign if reverse else mount_sign
    assert read(servo, "present_position") == 2048 + homing + sign * 261
    assert read(servo, "present_velocity") == sign * 63
    assert read(servo, "present_current") == sign * 100
    write(servo, "goal_position", read(servo, "present_position"))
    assert servo.goal_rad == pytest.approx(0.4, abs=TICK_RAD)


def test_a_large_homing_offset_counts_outside_position_mode_only() -> None:
    servo = Servo(1, XM430, eeprom={"homing_offset": 5000})
    servo.sense(0.0, 0.0, 0.0)
    assert read(servo, "present_position") == 2048
    write(servo, "operating_mode", 4)
    servo.sense(0.0, 0.0, 0.0)
    assert read(servo, "present_position") == 7048


def test_effort_is_load_where_there_is_no_current_sensor() -> None:
    servo = Servo(1, XL430)
    servo.sense(0.0, 0.0, -700.0)
    assert read(servo, "present_load") == -500
    servo.sense(0.0, 0.0, 99_000.0)
    assert read(servo, "present_load") == 1000


def test_what_a_register_cannot_hold_saturates_instead_of_wrapping() -> None:
    servo = Servo(1, XM430)
    servo.sense(1e9, -1e12, -1e6)
    assert read(servo, "present_position") == 2**31 - 1
    assert read(servo, "present_velocity") == 1 - 2**31
    assert read(servo, "present_current") == -32_767


def test_the_goal_is_clamped_to_limits_set_after_it() -> None:
    servo = Servo(1, XM430)
    write(servo, "goal_position", 4000)
    write(servo, "max_position_limit", 3072)
    assert servo.goal_rad == pytest.approx(math.pi / 2)


def test_eeprom_is_out_of_reach_through_the_secondary_id() -> None:
    servo = Servo(3, XM430, eeprom={"secondary_id": 2})
    assert write(servo, "drive_mode", 1, as_secondary=True) == Error.ACCESS
    assert write(servo, "led", 1, as_secondary=True) == Error.NONE


def test_realtime_tick_counts_milliseconds_and_wraps() -> None:
    servo = Servo(1, XM430)
    assert read(servo, "realtime_tick", now_ns=5_900_000) == 5
    assert read(servo, "realtime_tick", now_ns=32_768_000_000) == 0


def test_set_up_with_an_unknown_register_is_refused() -> None:
    with pytest.raises(RegisterError, match="drive_mode"):
        Servo(1, XM430, eeprom={"drive_mod": 1})


def test_a_registered_write_waits_for_its_action() -> None:
    servo = Servo(1, XM430)
    assert servo.reg_write(116, (9000).to_bytes(4, "little")) == Error.DATA_LIMIT
    assert servo.action() == Error.RESULT_FAIL
    assert servo.reg_write(116, (1000).to_bytes(4, "little")) == Error.NONE
    assert servo.reg_write(116, (1500).to_bytes(4, "little")) == Error.NONE
    assert read(servo, "registered_instruction") == 1
    assert read(servo, "goal_position") == 2048
    assert servo.action() == Error.NONE
    assert read(servo, "goal_position") == 1500
    assert read(servo, "registered_instruction") == 0
    servo.reg_write(116, (1000).to_bytes(4, "little"))
    servo.reboot(0)
    assert servo.action() == Error.RESULT_FAIL


@pytest.mark.parametrize(
    ("option", "servo_id", "baud"), [(0xFF, 1, 57_600), (1, 7, 57_600), (2, 7, 4_000_000)]
)
def test_factory_reset_keeps_what_its_option_says(option: int, servo_id: int, baud: int) -> None:
    servo = Servo(7, XM430, eeprom={"baud_rate": 6, "velocity_limit": 77})
    assert servo.factory_reset(3, 0) == Error.DATA_RANGE
    assert read(servo, "velocity_limit") == 77
    assert servo.factory_reset(option, 1_000) == Error.NONE
    assert (servo.servo_id, servo.baud) == (servo_id, baud)
    assert read(servo, "velocity_limit") == read(servo, "goal_velocity") == 200
    assert servo.return_delay_ns == 500_000
    assert not servo.hears(1_000)


def test_whole_turns_count_until_they_are_cleared() -> None:
    servo = Servo(1, XM430, eeprom={"operating_mode": 4, "homing_offset": 50})
    turned_rad = 2 * math.tau + 0.1
    servo.sense(turned_rad, 0.0, 0.0)
    present = 2048 + 50 + 2 * 4096 + 65
    assert read(servo, "present_position") == present
    write(servo, "goal_position", present + 10)
    servo.sense(turned_rad, 1.0, 0.0)
    assert servo.clear_multi_turn() == Error.RESULT_FAIL
    servo.sense(turned_rad, 0.0, 0.0)
    assert servo.clear_multi_turn() == Error.NONE
    assert read(servo, "present_position") == present - 2 * 4096
    assert read(servo, "goal_position") == present + 10 - 2 * 4096
    assert servo.setpoint_rad == pytest.approx(turned_rad + 10 * TICK_RAD, abs=TICK_RAD)
    servo.sense(turned_rad, 0.0, 0.0)
    assert read(servo, "present_position") == present - 2 * 4096


@pytest.mark.parametrize("name", ["torque_enable", "operating_mode"])
def test_position_mode_knows_one_turn_only(name: str) -> None:
    servo = Servo(1, XM430, eeprom={"operating_mode": 3 if name == "torque_enable" else 4})
    servo.sense(-math.tau - 0.1, 0.0, 0.0)
    assert read(servo, "present_position") == 2048 - 4096 - 65
    write(servo, name, 1 if name == "torque_enable" else 3)
    assert read(servo, "present_position") == 2048 - 65


def test_a_change_of_mode_resets_gains_profile_and_goals() -> None:
    servo = Servo(1, XM430, eeprom={"current_limit": 500})
    for name in ("position_p_gain", "profile_velocity", "goal_pwm", "goal_current"):
        assert write(servo, name, 77) == Error.NONE
    write(servo, "operating_mode", 3)
    assert read(servo, "position_p_gain") == 77  # the same mode again changes nothing
    write(servo, "operating_mode", 5)
    assert read(servo, "position_p_gain") == 800
    assert read(servo, "profile_velocity") == 0
    assert read(servo, "goal_pwm") == 885
    assert read(servo, "goal_current") == 500


@pytest.mark.parametrize(
    ("mode", "goal"), [(0, "goal_current"), (1, "goal_velocity"), (16, "goal_pwm")]
)
def test_a_goal_that_drives_by_itself_starts_at_zero(mode: int, goal: str) -> None:
    servo = Servo(1, XM430)
    assert read(servo, goal) > 0
    write(servo, "operating_mode", mode)
    assert read(servo, goal) == 0
    servo.reboot(0)
    assert read(servo, goal) == 0


def point_indirectly(servo: Servo, first: int, targets: list[int]) -> None:
    for number, target in enumerate(targets, start=first):
        assert write(servo, f"indirect_address_{number}", target) == Error.NONE


def test_indirect_data_is_what_its_address_points_at() -> None:
    servo = Servo(1, XM430)
    point_indirectly(servo, 1, [132, 133, 134, 135, 146])
    point_indirectly(servo, 29, [116, 117, 118, 119, 65])
    servo.sense(0.5, 0.0, 0.0)
    data = servo.read(224, 6, 0)[1]
    assert int.from_bytes(data[:4], "little") == read(servo, "present_position") == 2374
    assert data[4] == read(servo, "present_temperature")
    assert servo.write(634, (1234).to_bytes(4, "little") + b"\x01") == Error.NONE
    assert (read(servo, "goal_position"), read(servo, "led")) == (1234, 1)
    assert servo.read(634, 5, 0)[1] == (1234).to_bytes(4, "little") + b"\x01"


def test_indirect_writes_are_refused_as_direct_ones_are_and_as_a_whole() -> None:
    servo = Servo(1, XM430)
    point_indirectly(servo, 1, [65, 116, 117, 118, 119, 132])
    assert write(servo, "indirect_address_7", 63) == Error.DATA_RANGE  # no way to EEPROM
    assert servo.write(224, b"\x01" + (9000).to_bytes(4, "little")) == Error.DATA_LIMIT
    assert servo.write(224, b"\x01\x00\x00") == Error.DATA_LENGTH
    assert servo.write(229, b"\x01") == Error.ACCESS
    assert (read(servo, "led"), read(servo, "goal_position")) == (0, 2048)
    assert servo.write(251, b"\x07") == Error.NONE
    assert read(servo, "indirect_data_28") == 7


def test_torque_on_by_goal_update_and_at_start_up() -> None:
    servo = Servo(1, XM430, eeprom={"drive_mode": 8, "startup_configuration": 0})
    write(servo, "goal_position", 2100)
    assert servo.torque_on
    write(servo, "torque_enable", 0)
    write(servo, "led", 1)
    assert not servo.torque_on
    write(servo, "startup_configuration", 1)
    servo.reboot(0)
    assert servo.torque_on


def test_a_servo_can_pretend_to_be_another_model_and_its_encoder_can_slip() -> None:
    servo = Servo(1, XM430)
    servo.pretend_model(1060)
    assert read(servo, "model_number") == 1060
    servo.sense(0.2, 0.0, 0.0)
    before = read(servo, "present_position")
    servo.position_offset_ticks = 400
    assert read(servo, "present_position") == before + 400
    servo.sense(0.2, 0.0, 0.0)
    assert read(servo, "present_position") == before + 400
    write(servo, "goal_position", before)  # the loop drives until it reads its goal
    assert servo.setpoint_rad == pytest.approx(0.2 - 400 * TICK_RAD, abs=TICK_RAD)
