"""What a servo does to itself: heat, voltage and overload, alert and shutdown."""

import pytest

from sim.servos.packets import ALERT, Error
from sim.servos.protection import HardwareError
from sim.servos.servo import Servo
from teleop.registers import model

XM430 = model(1020)
STALL_MA = 2300.0
TORQUE_ON = (64, b"\x01")


def powered(**eeprom: int) -> Servo:
    servo = Servo(1, XM430, eeprom=eeprom)
    assert servo.write(*TORQUE_ON) == Error.NONE
    return servo


def work(servo: Servo, current_ma: float, seconds: float, since_s: float = 0.0) -> None:
    """Ten steps a second at a current."""
    for step in range(round(10 * seconds) + 1):
        servo.sense(0.0, 0.0, current_ma)
        servo.advance(round((since_s + step / 10) * 1e9), 0)


def errors(servo: Servo) -> int:
    return servo.get("hardware_error_status")


def test_an_idle_servo_stays_as_it_is() -> None:
    servo = powered()
    work(servo, 0.0, 600)
    assert servo.get("present_temperature") == 32
    assert servo.get("present_input_voltage") == 120
    assert errors(servo) == 0


def test_work_warms_it_and_rest_cools_it() -> None:
    servo = powered()
    work(servo, 0.3 * STALL_MA, 300)
    warm = servo.get("present_temperature")
    work(servo, 0.3 * STALL_MA, 3000, 300)
    settled = servo.get("present_temperature")
    work(servo, 0.0, 600, 3300)
    assert 32 < warm < settled < 80
    assert servo.get("present_temperature") < warm
    assert errors(servo) == 0


def test_a_stall_overloads_within_seconds_and_takes_torque_until_reboot() -> None:
    servo = powered()
    work(servo, -STALL_MA, 2.5)
    assert (errors(servo), servo.torque_on) == (0, True)
    work(servo, -STALL_MA, 2, 2.5)
    assert (errors(servo), servo.torque_on) == (HardwareError.OVERLOAD, False)
    assert servo.write(*TORQUE_ON) == ALERT | Error.RESULT_FAIL
    assert servo.read(132, 4, 0)[0] == ALERT
    servo.reboot(0)
    assert servo.write(*TORQUE_ON) == Error.NONE


def test_short_peaks_and_steady_work_are_no_overload() -> None:
    servo = powered()
    for second in range(0, 40, 4):
        work(servo, STALL_MA, 1.5, second)
        work(servo, 0.0, 2, second + 1.6)
    work(servo, 0.5 * STALL_MA, 10, 50)
    assert errors(servo) == 0


def test_overheating_is_back_after_a_reboot_while_the_case_is_hot() -> None:
    servo = powered()
    servo.heat(95.0)
    assert servo.get("present_temperature") == 95
    work(servo, 0.0, 0.5)
    assert (errors(servo), servo.torque_on) == (HardwareError.OVERHEATING, False)
    servo.reboot(0)
    assert errors(servo) == 0
    work(servo, 0.0, 0.5, 1)
    assert errors(servo) == HardwareError.OVERHEATING


@pytest.mark.parametrize(("supply_v", "shutdown", "stays_on"), [(8.0, 52, True), (17.0, 53, False)])
def test_voltage_outside_its_limits_alerts_and_shuts_down_only_if_told_so(
    supply_v: float, shutdown: int, stays_on: bool
) -> None:
    servo = powered(shutdown=shutdown)
    servo.supply_v = supply_v
    work(servo, 0.0, 0.5)
    assert servo.get("present_input_voltage") == 10 * supply_v
    assert errors(servo) == HardwareError.VOLTAGE
    assert servo.alert == ALERT
    assert servo.torque_on is stays_on


def test_torque_may_come_back_while_an_error_outside_the_shutdown_mask_stands() -> None:
    servo = powered()
    servo.fail(HardwareError.VOLTAGE)
    servo.write(64, b"\x00")
    assert servo.write(*TORQUE_ON) == ALERT
    assert servo.torque_on


def test_the_supply_sags_under_load() -> None:
    servo = powered()
    work(servo, 0.5 * STALL_MA, 0.5)
    assert servo.get("present_input_voltage") == 118
