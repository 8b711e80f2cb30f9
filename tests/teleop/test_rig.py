import math
from typing import Any

import numpy as np
import pytest

from teleop import safety
from teleop.arm import Arm
from teleop.bus import ServoBus
from teleop.joints import DOF, ROLES, SIDES
from teleop.port import SerialPort
from teleop.rig import Rig
from teleop.rig_config import ArmConfig, RigConfig
from teleop.setup import ArmSetup

TIMEOUT_S = 0.5


@pytest.fixture
def open_arm(arm_bus: Any) -> Any:
    ports = []

    def start(role: Any = "follower") -> Any:
        emulated = arm_bus(role)
        ports.append(SerialPort(emulated.port, 1_000_000))
        bus = ServoBus(f"{role}_left", ports[-1])
        arm = Arm(bus, ArmSetup(bus, role, 540.0, TIMEOUT_S).run(), TIMEOUT_S, lambda: 7)
        return emulated, arm

    yield start
    for port in ports:
        port.close()


def test_holding_starts_where_the_arm_is(open_arm: Any) -> None:
    emulated, arm = open_arm()
    for servo_id, rad in ((1, 0.5), (2, -0.4), (3, -0.4), (9, 1.0)):
        emulated.move(servo_id, rad)
    assert arm.hold() == ""
    assert [emulated.register(i, "torque_enable") for i in range(1, 10)] == [1] * 9
    for i in (1, 2, 3, 9):
        assert emulated.register(i, "goal_position") == emulated.register(i, "present_position")
    assert arm.goal_rad[0] == pytest.approx(0.5, abs=0.001)
    assert arm.let_go() == ""
    assert [emulated.register(i, "torque_enable") for i in range(1, 10)] == [0] * 9


def test_what_holds_already_keeps_its_goal(open_arm: Any) -> None:
    emulated, arm = open_arm()
    arm.hold()
    arm.command(np.array([0.3, 0, 0, 0, 0, 0, 0.5]))
    goal = emulated.register(1, "goal_position")
    emulated.set_register(1, "present_position", 2048)  # it sags, or is on its way
    assert arm.hold() == ""
    assert emulated.register(1, "goal_position") == goal
    assert arm.goal_rad[0] == pytest.approx(0.3, abs=0.001)


def test_a_silent_servo_gets_no_torque_nor_does_its_shadow(open_arm: Any) -> None:
    emulated, arm = open_arm()
    emulated.silence(4)
    assert "4 (elbow) of follower_left cannot be held" in arm.hold()
    torque = [emulated.register(i, "torque_enable") for i in range(1, 10)]
    assert torque == [1, 1, 1, 0, 1, 1, 1, 1, 1] or torque == [1, 1, 1, 0, 0, 1, 1, 1, 1]


def test_goals_beyond_the_servos_own_limits_are_clipped(open_arm: Any) -> None:
    emulated, arm = open_arm()
    arm.hold()
    arm.command(np.array([0, -math.pi, math.pi, 0, 0, 0, 0]))
    assert emulated.register(2, "goal_position") == 841
    assert emulated.register(4, "goal_position") == 3094


def test_what_is_not_a_number_never_reaches_a_servo(open_arm: Any) -> None:
    emulated, arm = open_arm()
    arm.hold()
    before = emulated.counters()["packets"]
    with pytest.raises(ValueError, match="finite"):
        arm.command(np.array([0, 0, math.nan, 0, 0, 0, 0]))
    assert emulated.counters()["packets"] == before


def test_what_the_arm_relies_on_is_written(open_arm: Any) -> None:
    emulated, arm = open_arm()
    emulated.set_register(3, "profile_velocity", 50)
    emulated.set_register(3, "bus_watchdog", 10)
    arm.prepare()
    assert emulated.register(3, "profile_velocity") == 0
    assert emulated.register(3, "bus_watchdog") == 0
    assert emulated.register(9, "goal_current") == 200


@pytest.fixture
def rig(arm_bus: Any) -> Any:
    emulated = {f"{role}_{side}": arm_bus(role) for role in ROLES for side in SIDES}
    arms = tuple(ArmConfig(s, r, emulated[f"{r}_{s}"].port) for r in ROLES for s in SIDES)
    with Rig(RigConfig("test", True, arms), lambda: 7, TIMEOUT_S) as rig:
        yield emulated, rig


def test_observation(rig: Any) -> None:
    emulated, rig = rig
    emulated["leader_right"].move(1, 0.25)
    emulated["follower_left"].move(9, -0.6213)
    emulated["follower_right"].move(9, 1.4910)
    emulated["follower_right"].set_register(6, "present_velocity", -10)
    emulated["follower_right"].set_register(6, "present_current", 100)
    seen = rig.observe()
    assert seen.leader[7] == pytest.approx(0.25, abs=0.001)
    assert seen.qpos[6] == pytest.approx(0.0, abs=0.01)
    assert seen.qpos[13] == pytest.approx(1.0, abs=0.01)
    assert seen.qvel[10] == pytest.approx(-10 * 0.229 * 2 * math.pi / 60)
    assert seen.effort[10] == pytest.approx(269.0)
    assert seen.bus_ok.all()
    assert not seen.held.any()
    assert seen.bus_read_ns.tolist() == [7] * 4


def test_a_silent_servo_keeps_its_last_value_flagged(rig: Any) -> None:
    emulated, rig = rig
    emulated["follower_left"].move(4, 0.3)
    rig.observe()
    emulated["follower_left"].silence(4)
    emulated["follower_left"].move(4, 0.6)
    seen = rig.observe()
    assert seen.qpos[2] == pytest.approx(0.3, abs=0.001)
    assert np.argwhere(seen.held).tolist() == [[2, 3]]
    assert seen.bus_ok.tolist() == [True, True, False, True]
    assert rig.silent_servos() == "follower_left: 4 (elbow)"
    assert rig.lost[2] == 1


def test_commands_reach_the_servos_in_their_units(rig: Any) -> None:
    emulated, rig = rig
    _pose, problem = rig.hold("follower")
    assert problem == ""
    action = np.zeros(DOF)
    action[7], action[6], action[13] = 0.5, 1.0, 0.0
    sent = rig.command(action)
    assert np.abs(sent - action).max() < 1e-3  # nothing but rounding to servo ticks
    assert sent[7] == 326 * 2 * math.pi / 4096  # and that is what is reported
    rig.lead(action)
    assert emulated["follower_right"].register(1, "goal_position") == 2048 + 326
    assert emulated["follower_left"].register(9, "goal_position") == 2048 + 972  # 1.4910 rad
    assert emulated["follower_right"].register(9, "goal_position") == 2048 - 405  # -0.6213 rad
    assert emulated["leader_left"].register(9, "goal_position") == 2048 + 201  # 0.3083 rad


def test_what_was_sent_is_reported_where_a_servo_clips(rig: Any) -> None:
    _emulated, rig = rig
    _pose, problem = rig.hold("follower")
    assert problem == ""
    action = np.zeros(DOF)
    action[1] = -3.0  # below the shoulder's own limit, 841 ticks
    sent = rig.command(action)
    assert sent[1] == pytest.approx((841 - 2048) * 2 * math.pi / 4096)
    assert np.flatnonzero(safety.clipped(action, sent)).tolist() == [1]


def test_health_is_refreshed_within_a_second(rig: Any) -> None:
    emulated, rig = rig
    emulated["leader_left"].set_register(3, "present_temperature", 61)
    emulated["follower_right"].set_register(9, "present_input_voltage", 110)
    emulated["follower_left"].set_register(1, "hardware_error_status", 0x20)
    for tick in range(50):
        rig.refresh_health(tick)
    assert rig.temperature_degc[0, 2] == 61
    assert rig.voltage_v[3, 8] == pytest.approx(11.0)
    assert rig.hardware_error[2, 0] == 0x20
    assert rig.temperature_degc[1, 2] == 32
