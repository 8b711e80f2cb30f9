"""Arms and rig on emulated servos, whose time stands still between ticks."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import TinyWorld
from live_rig import LiveRig

from teleop import safety
from teleop.errors import ServoError
from teleop.joints import DOF
from teleop.units import position_ticks

WATCHDOG = 10
TRIPPED = 255


@pytest.fixture
def open_live(tmp_path: Path, world: TinyWorld) -> Any:
    opened = []

    def start(*arguments: Any, **options: Any) -> LiveRig:
        opened.append(LiveRig(tmp_path, world, *arguments, **options))
        return opened[-1]

    yield start
    for live in opened:
        live.__exit__()


@pytest.fixture
def live(open_live: Any, world: TinyWorld) -> LiveRig:
    """Both pairs, every joint at 0."""
    for name in ("leader_left", "leader_right", "follower_left", "follower_right"):
        for servo_id in range(1, 10):
            put(world, name, servo_id, 0.0)
    return open_live()


def put(world: TinyWorld, bus: str, servo_id: int, rad: float) -> None:
    """A servo says it is there, until the next period goes by."""
    world.order(set=[bus, servo_id, "present_position", int(position_ticks(rad))])


# ---- holding and letting go ---------------------------------------------------------------------


def test_holding_starts_where_the_arm_is(live: LiveRig) -> None:
    arm = live.arm("follower_left")
    for servo_id, rad in ((1, 0.4), (2, -0.4), (3, -0.4), (9, 0.45)):
        put(live.world, arm.name, servo_id, rad)
    assert arm.hold() == ""
    assert live.registers(arm.name, "torque_enable") == [1] * 9
    assert live.registers(arm.name, "bus_watchdog") == [WATCHDOG] * 9
    for i in (1, 2, 3, 9):
        position = live.register(arm.name, i, "present_position")
        assert live.register(arm.name, i, "goal_position") == position
    assert arm.goal_rad[0] == pytest.approx(0.4, abs=0.001)
    assert arm.let_go() == ""
    assert live.registers(arm.name, "torque_enable") == [0] * 9
    assert live.registers(arm.name, "bus_watchdog") == [0] * 9


def test_leaders_have_no_watchdog_a_hand_is_at_them(live: LiveRig) -> None:
    assert live.rig.hold("leader") == ""
    assert live.registers("leader_left", "bus_watchdog") == [0] * 9


def test_what_holds_already_keeps_its_goal(live: LiveRig) -> None:
    arm = live.arm("follower_left")
    arm.hold()
    arm.command(np.array([0.3, 0, 0, 0, 0, 0, 0.5]))
    live.rig.observe()
    goal = live.register(arm.name, 1, "goal_position")
    put(live.world, arm.name, 1, 0.1)  # it sags, or is on its way
    assert arm.hold() == ""
    assert live.register(arm.name, 1, "goal_position") == goal
    assert arm.goal_rad[0] == pytest.approx(0.3, abs=0.001)
    assert arm.hold(where_it_is=True) == ""
    position = live.register(arm.name, 1, "present_position")
    assert live.register(arm.name, 1, "goal_position") == position
    assert arm.goal_rad[0] == pytest.approx(0.1, abs=0.001)


def test_a_tripped_watchdog_is_cleared_before_it_holds(live: LiveRig) -> None:
    """It would refuse the goal, and hold somewhere else."""
    arm = live.arm("follower_left")
    arm.hold()
    live.world.order(set=[arm.name, 1, "bus_watchdog", TRIPPED])
    assert arm.hold(where_it_is=True) == ""
    assert live.registers(arm.name, "bus_watchdog") == [WATCHDOG] * 9


@pytest.mark.parametrize(("silent", "limp"), [(4, {4, 5}), (5, {5}), (1, {1})])
def test_a_silent_servo_gets_no_torque_nor_does_its_shadow(
    live: LiveRig, silent: int, limp: set[int]
) -> None:
    arm = live.arm("follower_left")
    live.world.order(bus=arm.name, silence=silent, on=True)
    joint = arm.called(silent - 1)
    assert joint in arm.hold()
    torque = live.registers(arm.name, "torque_enable")
    assert {i for i, on in enumerate(torque, 1) if not on} == limp


def test_goals_beyond_the_servos_own_limits_are_clipped(live: LiveRig) -> None:
    arm = live.arm("follower_left")
    arm.hold()
    arm.command(np.array([0, -math.pi, math.pi, 0, 0, 0, 0]))
    live.rig.observe()
    assert live.register(arm.name, 2, "goal_position") == 841
    assert live.register(arm.name, 4, "goal_position") == 3094


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_never_reaches_a_servo(live: LiveRig, value: float) -> None:
    arm = live.arm("follower_left")
    arm.hold()
    before = live.registers(arm.name, "goal_position")
    with pytest.raises(ValueError, match="finite"):
        arm.command(np.array([0.1, 0, value, 0, 0, 0, 0]))
    live.rig.observe()
    assert live.registers(arm.name, "goal_position") == before


def test_what_the_arm_relies_on_is_written(live: LiveRig) -> None:
    arm = live.arm("follower_left")
    live.world.order(set=[arm.name, 3, "profile_velocity", 50])
    live.world.order(set=[arm.name, 3, "bus_watchdog", 10])
    arm.prepare()
    assert live.register(arm.name, 3, "profile_velocity") == 0
    assert live.register(arm.name, 3, "bus_watchdog") == 0
    assert live.register(arm.name, 9, "goal_current") == 200


def test_the_gripper_alone_is_let_go_for_the_gesture(live: LiveRig) -> None:
    live.rig.hold("leader")
    assert live.rig.let_go_grippers() == ""
    for name in ("leader_left", "leader_right"):
        assert live.registers(name, "torque_enable") == [1] * 8 + [0]
    live.rig.refresh_health()
    assert not any(arm.lapsed.any() for arm in live.rig.arms)  # as it was told


# ---- reading ------------------------------------------------------------------------------------


def test_observation(live: LiveRig) -> None:
    world = live.world
    put(world, "leader_right", 1, 0.25)
    for rad in (-0.3, -0.6213):  # not in one go: no joint gets so far in a tick
        put(world, "follower_left", 9, rad)
        live.rig.observe()
    for rad in (0.45, 0.9, 1.35, 1.4910):
        put(world, "follower_right", 9, rad)
        live.rig.observe()
    world.order(set=["follower_right", 6, "present_velocity", -10])
    world.order(set=["follower_right", 6, "present_current", 100])
    seen = live.rig.observe()
    assert seen.leader[7] == pytest.approx(0.25, abs=0.001)
    assert seen.qpos[6] == pytest.approx(0.0, abs=0.01)
    assert seen.qpos[13] == pytest.approx(1.0, abs=0.01)
    assert seen.qvel[10] == pytest.approx(-10 * 0.229 * 2 * math.pi / 60)
    assert seen.effort[10] == pytest.approx(269.0)
    assert seen.bus_ok.all()
    assert not seen.held.any()
    assert list(seen.bus_read_ns) == [live.clock.now_ns] * 4


def test_a_silent_servo_keeps_its_last_value_flagged(live: LiveRig) -> None:
    put(live.world, "follower_left", 4, 0.3)
    live.rig.observe()
    live.world.order(bus="follower_left", silence=4, on=True)
    put(live.world, "follower_left", 4, 0.6)
    seen = live.rig.observe()
    assert seen.qpos[2] == pytest.approx(0.3, abs=0.001)
    assert np.argwhere(seen.held).tolist() == [[2, 3]]
    assert seen.bus_ok.tolist() == [True, True, False, True]
    assert live.rig.unheard() == "follower_left: 4 (elbow)"
    assert [arm.bus.lost for arm in live.rig.arms] == [0, 0, 1, 0]


def test_one_servo_silent_of_36_holds_nobody_elses_reading(open_live: Any) -> None:
    live = open_live()
    live.world.order(bus="follower_left", silence=4, on=True)
    for _ in range(12):
        seen = live.tick()
        assert np.argwhere(seen.held).tolist() == [[2, 3]]
        assert seen.bus_ok.tolist() == [True, True, False, True]


def test_a_reading_that_cannot_be_true_is_not_used_and_counted(live: LiveRig) -> None:
    put(live.world, "leader_left", 7, 1.2)
    seen = live.rig.observe()
    assert seen.leader[4] == pytest.approx(0.0, abs=0.001)
    assert np.argwhere(seen.held).tolist() == [[0, 6]]
    assert live.arm("leader_left").rejected == 1
    assert live.rig.unheard() == "leader_left: 7 (wrist_angle)"
    put(live.world, "leader_left", 7, 0.1)
    seen = live.rig.observe()
    assert seen.leader[4] == pytest.approx(0.1, abs=0.001)
    assert seen.bus_ok.all()
    live.arm("leader_left").believe()
    put(live.world, "leader_left", 7, 1.2)
    assert live.rig.observe().leader[4] == pytest.approx(1.2, abs=0.001)


def test_an_unplugged_bus_leaves_the_others_in_place(open_live: Any) -> None:
    live = open_live()
    live.rig.hold("follower")
    live.rig.observe()
    live.world.order(unplug="follower_left")
    for _ in range(3):
        seen = live.tick()
        assert [arm.bus.connected for arm in live.rig.arms] == [True, True, False, True]
        assert np.argwhere(seen.held.all(axis=1)).ravel().tolist() == [2]
        assert not seen.held[[0, 1, 3]].any()
        assert np.isfinite(seen.qpos).all()  # as last seen
        goal = live.rig.goals("follower")
        sent = live.rig.command(goal + 0.01)
        assert (sent[:7] == goal[:7]).all()  # nothing was sent there
        assert (sent[7:13] != goal[7:13]).all()
    assert live.arm("follower_left").hold() == ""  # whoever has lost it has said so
    assert live.arm("follower_left").let_go() == ""


# ---- driving ------------------------------------------------------------------------------------


def test_commands_reach_the_servos_in_their_units(live: LiveRig) -> None:
    assert live.rig.hold("follower") == ""
    action = np.zeros(DOF)
    action[7], action[6], action[13] = 0.5, 1.0, 0.0
    sent = live.rig.command(action)
    assert np.abs(sent - action).max() < 1e-3  # nothing but rounding to servo ticks
    assert sent[7] == 326 * 2 * math.pi / 4096  # and that is what is reported
    assert (live.rig.goals("follower") == sent).all()
    live.rig.lead(action)
    live.rig.observe()
    assert live.register("follower_right", 1, "goal_position") == 2048 + 326
    assert live.register("follower_left", 9, "goal_position") == 2048 + 972  # 1.4910 rad
    assert live.register("follower_right", 9, "goal_position") == 2048 - 405  # -0.6213 rad
    assert live.register("leader_left", 9, "goal_position") == 2048 + 201  # 0.3083 rad
    assert live.rig.goals("leader")[6] == pytest.approx(1.0, abs=1e-3)


def test_an_arm_that_is_being_brought_back_gets_no_goals(live: LiveRig) -> None:
    live.rig.hold("follower")
    live.arm("follower_left").driven = False
    live.rig.command(live.rig.goals("follower") + 0.1)
    live.rig.observe()
    assert live.register("follower_left", 1, "goal_position") == 2048
    assert live.register("follower_right", 1, "goal_position") > 2048


def test_what_was_sent_is_reported_where_a_servo_clips(live: LiveRig) -> None:
    assert live.rig.hold("follower") == ""
    action = np.zeros(DOF)
    action[1] = -3.0  # below the shoulder's own limit, 841 ticks
    sent = live.rig.command(action)
    assert sent[1] == pytest.approx((841 - 2048) * 2 * math.pi / 4096)
    flags = safety.clipped(action, sent, [0] * DOF)
    assert np.flatnonzero(np.array(flags)).tolist() == [1]


def test_one_pair_of_arms_leaves_the_other_sides_blank(open_live: Any) -> None:
    live = open_live(["right"])
    assert [arm.name for arm in live.rig.arms] == ["leader_right", "follower_right"]
    assert live.rig.hold("follower") == ""
    seen = live.tick()
    for vector in (seen.leader, seen.qpos, seen.qvel, seen.effort, live.rig.goals("follower")):
        assert np.isnan(vector[:7]).all()
        assert np.isfinite(vector[7:]).all()
    assert seen.bus_ok.tolist() == [False, True, False, True]
    assert not seen.held[[0, 2]].any()
    assert live.rig.present("follower").tolist() == [False] * 7 + [True] * 7
    action = live.rig.goals("follower") + 0.01
    assert np.nanmax(np.abs(live.rig.command(action) - action)) < 1e-3
    assert list(live.rig.inventory()) == ["leader_right", "follower_right"]


# ---- health -------------------------------------------------------------------------------------


def test_health_is_refreshed_within_a_second(live: LiveRig) -> None:
    world = live.world
    live.rig.hold("follower")
    world.order(set=["leader_left", 3, "present_temperature", 61])
    world.order(set=["follower_right", 9, "present_input_voltage", 110])
    world.order(set=["follower_left", 1, "hardware_error_status", 0x20])
    world.order(set=["follower_right", 4, "bus_watchdog", TRIPPED])
    world.order(set=["follower_left", 6, "torque_enable", 0])
    for _ in range(50):
        live.rig.refresh_health()
    leader_left, leader_right, follower_left, follower_right = live.rig.arms
    assert leader_left.temperature_degc[2] == 61
    assert follower_right.voltage_v[8] == pytest.approx(11.0)
    assert follower_left.hardware_error[0] == 0x20
    assert leader_right.temperature_degc[2] == 32
    assert np.flatnonzero(follower_right.lapsed).tolist() == [3]
    assert np.flatnonzero(follower_left.lapsed).tolist() == [5]


def test_health_is_refreshed_whatever_slots_the_clock_skips(live: LiveRig) -> None:
    for servo_id, name in enumerate(("leader_left", "leader_right", "follower_left"), 1):
        live.world.order(set=[name, servo_id, "present_temperature", 60])
        live.world.order(set=[name, servo_id, "hardware_error_status", 0x04])
    for _ in range(100):
        live.rig.refresh_health()
    for index, arm in enumerate(live.rig.arms[:3]):
        assert arm.temperature_degc[index] == 60
        assert arm.hardware_error[index] == 0x04


def test_whoever_was_silent_is_looked_into_as_soon_as_it_answers(live: LiveRig) -> None:
    """It may have restarted meanwhile: its torque is off, and nothing else tells."""
    live.rig.hold("follower")
    live.world.order(bus="follower_right", silence=2, on=True)
    live.rig.observe()
    live.world.order(set=["follower_right", 2, "torque_enable", 0])
    live.world.order(bus="follower_right", silence=2, on=False)
    live.rig.observe()
    live.rig.refresh_health()
    assert np.flatnonzero(live.arm("follower_right").lapsed).tolist() == [1]


# ---- opening ------------------------------------------------------------------------------------


def test_a_hardware_error_is_no_reason_not_to_open(open_live: Any, world: TinyWorld) -> None:
    world.order(fail=["follower_left", 2, 0x20])
    assert open_live().arm("follower_left").hardware_error[1] == 0x20


def test_a_silent_servo_is_one_unless_the_arms_are_to_rest(
    open_live: Any, world: TinyWorld
) -> None:
    world.order(bus="follower_right", silence=8, on=True)
    with pytest.raises(ServoError, match=r"Servo 8 \(wrist_rotate\) of follower_right"):
        open_live()
    live = open_live(mend=False)
    seen = live.rig.observe()
    assert seen.bus_ok.all()  # of those that there are
    assert np.argwhere(seen.held).tolist() == [[3, 7]]


def test_a_servo_never_heard_is_not_held_nor_driven(open_live: Any, world: TinyWorld) -> None:
    """It may hold where it is, and come back any time: a goal from nowhere would make it jump."""
    world.order(set=["follower_right", 8, "goal_position", 2300])  # it holds, from before
    world.order(set=["follower_right", 8, "torque_enable", 1])
    world.order(bus="follower_right", silence=8, on=True)
    live = open_live(mend=False)
    assert "8 (wrist_rotate) of follower_right cannot be held" in live.rig.hold("follower")
    goal = live.register("follower_right", 8, "goal_position")
    world.order(bus="follower_right", silence=8, on=False)
    live.rig.command(live.rig.goals("follower"))
    live.rig.observe()
    assert live.register("follower_right", 8, "goal_position") == goal


def test_a_servo_never_heard_has_no_position(open_live: Any, world: TinyWorld) -> None:
    world.order(bus="follower_right", silence=8, on=True)
    live = open_live(mend=False)
    assert np.isnan(live.rig.observe().qpos[12])


def test_ports_are_let_go_where_opening_fails(open_live: Any, world: TinyWorld) -> None:
    world.order(bus="follower_right", silence=8, on=True)
    with pytest.raises(ServoError):
        open_live()
    world.order(bus="follower_right", silence=8, on=False)
    open_live()
