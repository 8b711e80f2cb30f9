from typing import Any

import pytest

from teleop.bus import ServoBus
from teleop.errors import ServoError
from teleop.port import SerialPort
from teleop.setup import ArmSetup

MARGIN_S = 0.2


@pytest.fixture
def set_up(arm_bus: Any) -> Any:
    ports = []

    def start(role: Any = "follower") -> Any:
        arm = arm_bus(role)
        ports.append(SerialPort(arm.port, 1_000_000))
        bus = ServoBus(f"{role}_left", ports[-1])
        return arm, lambda: ArmSetup(bus, role, 540.0, MARGIN_S).run()

    yield start
    for port in ports:
        port.close()


@pytest.mark.parametrize(("role", "models"), [("follower", "XM540"), ("leader", "XM430")])
def test_what_is_found(set_up: Any, role: Any, models: Any) -> None:
    _, run = set_up(role)
    servos = run()
    assert [servo.spec.servo_id for servo in servos] == list(range(1, 10))
    assert servos[0].model.name.startswith(models)
    assert servos[0].goal_limits_ticks == (0, 4095)


def test_a_factory_setting_is_put_right(set_up: Any) -> None:
    arm, run = set_up()
    arm.set_register(5, "return_delay_time", 250)
    arm.set_register(5, "status_return_level", 0)
    arm.set_register(6, "operating_mode", 16)
    servos = run()
    assert arm.register(5, "return_delay_time") == 0
    assert arm.register(5, "status_return_level") == 2
    assert arm.register(6, "operating_mode") == 3
    assert arm.register(9, "operating_mode") == 5
    assert arm.register(9, "current_limit") == servos[8].gripper_current == 200
    assert arm.register(8, "current_limit") == 1193


def test_leader_grippers_stay_in_position_mode(set_up: Any) -> None:
    arm, run = set_up("leader")
    assert run()[8].gripper_current is None
    assert arm.register(9, "operating_mode") == 3


def test_nothing_is_written_where_all_is_right(set_up: Any) -> None:
    arm, run = set_up()
    run()
    before = arm.counters()["packets"]
    run()
    assert arm.counters()["packets"] - before == 1 + 9 + 9  # return level, pings, snapshots


def test_a_holding_arm_is_verified_not_written(set_up: Any) -> None:
    arm, run = set_up()
    run()
    arm.set_register(2, "torque_enable", 1)
    assert len(run()) == 9
    arm.set_register(2, "return_delay_time", 250)
    with pytest.raises(ServoError, match=r"Servo 2 \(shoulder\) of follower_left holds with"):
        run()
    assert arm.register(2, "return_delay_time") == 250


@pytest.mark.parametrize(
    ("servo_id", "register", "value", "message"),
    [
        (2, "drive_mode", 0, r"Servo 2 \(shoulder\) of follower_left has drive_mode 0, not 1"),
        (3, "secondary_id", 255, r"shoulder_shadow.*secondary_id 255, not 2"),
        (7, "hardware_error_status", 0x20, r"wrist_angle.*hardware error 0x20"),
        (6, "model_number", 4242, r"forearm_roll.*4242 is not known"),
        (6, "model_number", 1060, r"is a XL430-W250, not a XM540-W270"),
    ],
)
def test_what_is_wrong_is_named(
    set_up: Any, servo_id: Any, register: Any, value: Any, message: Any
) -> None:
    arm, run = set_up()
    arm.set_register(servo_id, register, value)
    with pytest.raises(ServoError, match=message):
        run()


def test_a_missing_servo_is_named(set_up: Any) -> None:
    arm, run = set_up()
    arm.silence(4)
    with pytest.raises(ServoError, match=r"Servo 4 \(elbow\) of follower_left does not answer"):
        run()


def test_the_port_of_another_arm_is_noticed(arm_bus: Any) -> None:
    arm = arm_bus("leader")
    port = SerialPort(arm.port, 1_000_000)
    with pytest.raises(ServoError, match="another arm"):
        ArmSetup(ServoBus("follower_left", port), "follower", 540.0, MARGIN_S).run()
    port.close()
