import itertools
from dataclasses import replace
from typing import Any

import pytest

from teleop.bus import ServoBus
from teleop.calibration import ServoCalibration
from teleop.errors import ServoError
from teleop.port import SerialPort
from teleop.servos import FOLLOWER, SERVOS
from teleop.setup import ArmSetup

MARGIN_S = 0.2


@pytest.fixture
def set_up(arm_bus: Any) -> Any:
    ports: list[SerialPort] = []

    def start(role: Any = "follower") -> Any:
        arm = arm_bus(role)
        ports.append(SerialPort(arm.port, 1_000_000))
        bus = ServoBus(f"{role}_left", ports[-1])

        def setup(specs: Any = SERVOS[role], **options: Any) -> ArmSetup:
            return ArmSetup(bus, role, specs, 540.0, MARGIN_S, **options)

        return arm, setup

    yield start
    for port in ports:
        port.close()


@pytest.mark.parametrize(("role", "models"), [("follower", "XM540"), ("leader", "XM430")])
def test_what_is_found(set_up: Any, role: Any, models: Any) -> None:
    _, setup = set_up(role)
    servos = setup().run()
    assert [servo.spec.servo_id for servo in servos] == list(range(1, 10))
    assert servos[0].model.name.startswith(models)
    assert servos[0].goal_limits_ticks == (0, 4095)


def test_a_factory_setting_is_put_right(set_up: Any) -> None:
    arm, setup = set_up()
    arm.set_register(5, "return_delay_time", 250)
    arm.set_register(5, "status_return_level", 0)
    arm.set_register(6, "operating_mode", 16)
    servos = setup().run()
    assert arm.register(5, "return_delay_time") == 0
    assert arm.register(5, "status_return_level") == 2
    assert arm.register(6, "operating_mode") == 3
    assert arm.register(9, "operating_mode") == 5
    assert arm.register(9, "current_limit") == servos[8].gripper_current == 200
    assert arm.register(8, "current_limit") == 1193


def test_leader_grippers_stay_in_position_mode(set_up: Any) -> None:
    arm, setup = set_up("leader")
    assert setup().run()[8].gripper_current is None
    assert arm.register(9, "operating_mode") == 3


def test_nothing_is_written_where_all_is_right(set_up: Any) -> None:
    arm, setup = set_up()
    setup().run()
    before = arm.counters()["packets"]
    setup().run()
    assert arm.counters()["packets"] - before == 1 + 9 + 9  # return level, pings, snapshots


def test_a_holding_arm_is_verified_not_written(set_up: Any) -> None:
    arm, setup = set_up()
    setup().run()
    arm.set_register(2, "torque_enable", 1)
    assert len(setup().run()) == 9
    arm.set_register(2, "return_delay_time", 250)
    with pytest.raises(ServoError, match=r"Servo 2 \(shoulder\) of follower_left holds with"):
        setup().run()
    assert arm.register(2, "return_delay_time") == 250


@pytest.mark.parametrize(
    ("servo_id", "register", "value", "message"),
    [
        (2, "drive_mode", 0, r"Servo 2 \(shoulder\) of follower_left has drive_mode 0, not 1"),
        (3, "secondary_id", 255, r"shoulder_shadow.*secondary_id 255, not 2"),
        (6, "model_number", 4242, r"forearm_roll.*4242 is not known"),
        (6, "model_number", 1060, r"is a XL430-W250, not a XM540-W270"),
    ],
)
def test_what_is_wrong_is_named(
    set_up: Any, servo_id: Any, register: Any, value: Any, message: Any
) -> None:
    arm, setup = set_up()
    arm.set_register(servo_id, register, value)
    with pytest.raises(ServoError, match=message):
        setup().run()


def test_a_servo_that_shut_down_is_told_and_set_up_all_the_same(set_up: Any) -> None:
    arm, setup = set_up()
    arm.set_register(7, "hardware_error_status", 0x20)
    arm.set_register(7, "return_delay_time", 250)
    assert [servo.hardware_error for servo in setup().run()] == [0] * 6 + [0x20, 0, 0]
    assert arm.register(7, "return_delay_time") == 0


def test_goals_stay_within_the_servos_own_limits_and_the_rig_files(set_up: Any) -> None:
    arm, setup = set_up()
    arm.set_register(2, "min_position_limit", 1000)
    arm.set_register(6, "max_position_limit", 3000)
    specs = [*FOLLOWER]
    specs[1] = replace(specs[1], max_ticks=2500)
    specs[8] = replace(specs[8], min_ticks=100)
    servos = setup(specs).run()
    limits = [servo.goal_limits_ticks for servo in servos]
    assert limits[1] == (1000, 2500)
    assert limits[5] == (0, 3000)
    assert limits[8] == (100, 4095)
    specs[1] = replace(specs[1], min_ticks=100, max_ticks=900)
    with pytest.raises(ServoError, match=r"Servo 2 \(shoulder\).*leave nothing"):
        setup(specs).run()


def test_a_current_limit_of_the_rig_file_is_set(set_up: Any) -> None:
    arm, setup = set_up()
    specs = [replace(FOLLOWER[0], current_limit_ma=2690.0), *FOLLOWER[1:]]
    setup(specs).run()
    assert arm.register(1, "current_limit") == 1000
    assert arm.register(2, "current_limit") == 2047


def test_a_step_is_one_servos_work(set_up: Any) -> None:
    """So that control goes on with its ticks while an arm comes back."""
    arm, setup = set_up()
    setup().run()
    packets = [arm.counters()["packets"]]
    for _ in setup().steps():
        packets.append(arm.counters()["packets"])
    assert len(packets) == 1 + 9 + 9
    assert max(after - before for before, after in itertools.pairwise(packets)) <= 2


def test_to_rest_nothing_is_written_and_a_missing_servo_is_tolerated(set_up: Any) -> None:
    arm, setup = set_up()
    setup().run()
    arm.silence(4)
    arm.set_register(1, "return_delay_time", 5)
    arm.set_register(9, "current_limit", 100)
    servos = setup(mend=False).run()
    assert [servo.present for servo in servos] == [i != 4 for i in range(1, 10)]
    assert servos[3].model.name == "XM540-W270"
    assert servos[8].gripper_current == 100  # it would refuse more
    assert arm.register(1, "return_delay_time") == 5
    arm.set_register(9, "operating_mode", 3)
    assert setup(mend=False).run()[8].gripper_current is None
    arm.set_register(6, "operating_mode", 1)
    with pytest.raises(ServoError, match=r"Servo 6 .*operating mode 1 and takes no goal"):
        setup(mend=False).run()


def test_a_calibration_of_another_servo_is_refused_but_not_in_the_way_of_rest(set_up: Any) -> None:
    arm, setup = set_up()
    firmware = setup().run()[0].firmware
    known = ServoCalibration("follower_left", 1, "XM540-W270", firmware, 0, 0, "A1", "2026-01-02")
    assert len(setup(calibration=[known]).run()) == 9  # a pseudo-terminal has no adapter to compare
    other_bus = replace(known, bus="follower_right", homing_offset_ticks=9)
    assert len(setup(calibration=[other_bus]).run()) == 9
    arm.set_register(1, "homing_offset", -30)
    says = r"Servo 1 .* not the one calibrated at 2026-01-02: its homing offset is -30, not 0"
    with pytest.raises(ServoError, match=says):
        setup(calibration=[known]).run()
    assert len(setup(calibration=[known], mend=False).run()) == 9
    moved = replace(known, homing_offset_ticks=-30)
    assert len(setup(calibration=[moved]).run()) == 9
    with pytest.raises(ServoError, match="its firmware is"):
        setup(calibration=[replace(moved, firmware=firmware - 1)]).run()


def test_a_missing_servo_is_named(set_up: Any) -> None:
    arm, setup = set_up()
    arm.silence(4)
    with pytest.raises(ServoError, match=r"Servo 4 \(elbow\) of follower_left does not answer"):
        setup().run()


def test_the_port_of_another_arm_is_noticed(arm_bus: Any) -> None:
    arm = arm_bus("leader")
    port = SerialPort(arm.port, 1_000_000)
    with pytest.raises(ServoError, match="another arm"):
        ArmSetup(ServoBus("follower_left", port), "follower", FOLLOWER, 540.0, MARGIN_S).run()
    port.close()
