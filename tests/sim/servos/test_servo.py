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
        if name not in set_by_power_up | own | {"present_position"}:
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
