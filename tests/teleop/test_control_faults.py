"""Every fault ends in hold, and what failed comes back without a jump."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import Control, TinyWorld

from teleop.commands import Alive, Hold, Home, Recover, Rest, Start, Stop
from teleop.joints import BUS_NAMES
from teleop.rig_config import SafetyConfig
from teleop.tick import NO_EPISODE, Need, Outcome, State

OVERLOAD = 0x20
LEFT, RIGHT = BUS_NAMES.index("follower_left"), BUS_NAMES.index("follower_right")
WATCHDOG = 10

START_RAD = [0.0, -0.96, 1.16, 0.0, -0.3, 0.0]


def follow(control: Control) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=5, max_steps=5000))
    control.wait_for(lambda tick: tick["step"] >= 5)


def back_to_waiting(control: Control) -> Any:
    control.wait_for(lambda tick: tick["need"] == Need.NOTHING)
    control.send(Home())
    return control.wait_for_state(State.WAITING)


def said(control: Control, words: str) -> bool:
    return any(words in event for event in control.events())


def fastest_rad_s(control: Control) -> float:
    """How fast a follower's joint was commanded to go, grippers aside."""
    ticks = control.ticks()
    ticks = ticks[np.isfinite(ticks["action"]).all(axis=1)]
    steps = np.abs(np.diff(ticks["action"], axis=0)).reshape(-1, 2, 7)[..., :6]
    return float(steps.max() / 0.02)


def test_an_unplugged_bus_is_held_for_and_comes_back(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(unplug="follower_left")
    held = control.wait_for(lambda tick: tick["need"] == Need.PLUG)
    assert held["state"] == State.HOLDING
    assert (held["last_episode"], held["outcome"]) == (5, Outcome.UNLABELLED)
    assert held["connected"].tolist() == [True, True, False, True]
    assert held["held"][LEFT].all()
    assert world.torque("leader_left") == [1] * 9  # it was limp: what still answers is held
    assert world.torque("follower_left") == [1] * 9
    assert said(control, "follower_left is gone")
    control.wait_for(lambda tick: tick["number"] > held["number"] + 60)
    world.order(plug="follower_left")
    back = back_to_waiting(control)
    assert back["connected"].all()
    assert fastest_rad_s(control) <= np.pi + 0.1
    registers = [world.order(register=["follower_left", i, "bus_watchdog"]) for i in range(1, 10)]
    assert registers == [WATCHDOG] * 9


def test_a_gripper_that_shut_down_is_restarted_at_once(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(fail=["follower_left", 9, OVERLOAD])
    control.wait_for_state(State.HOLDING)
    control.wait_for(lambda _: said(control, "follower_left is back"))
    assert said(control, "9 (gripper) overloaded")
    assert world.torque("follower_left") == [1] * 9
    assert world.order(register=["follower_left", 9, "hardware_error_status"]) == 0
    assert world.order(register=["follower_left", 9, "goal_current"]) == 200
    back_to_waiting(control)


def test_an_elbow_that_shut_down_waits_for_the_operator(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(fail=["follower_right", 4, OVERLOAD])
    held = control.wait_for(lambda tick: tick["need"] == Need.CONFIRM)
    assert said(control, "support it, then confirm")
    others = [True] * 9
    control.wait_for(lambda tick: tick["number"] > held["number"] + 60)
    torque = world.torque("follower_right")
    assert torque[3] == 0
    assert torque[:3] == [1] * 3
    assert world.torque("follower_left") == [1] * 9 == others
    control.send(Home())
    control.wait_for(lambda _: said(control, "Home refused"))
    control.send(Recover())
    control.wait_for(lambda _: said(control, "follower_right is back"))
    assert world.torque("follower_right") == [1] * 9
    back_to_waiting(control)
    assert fastest_rad_s(control) <= np.pi + 0.1


def test_a_servo_that_fails_again_is_asked_about_again(control: Control, world: TinyWorld) -> None:
    """Heat does not go away by a restart."""
    follow(control)
    world.order(heat=["follower_left", 8, 120])
    control.wait_for(lambda tick: tick["need"] == Need.SERVO)
    assert said(control, "does not come back")
    world.order(heat=["follower_left", 8, 30])
    control.send(Recover())
    control.wait_for(lambda _: said(control, "follower_left is back"))


def test_a_servo_that_restarted_unnoticed_is_noticed(control: Control, world: TinyWorld) -> None:
    """It is silent for 0.3 s: with more patience than that nothing is lost but its torque."""
    follow(control)
    world.order(set=["follower_left", 1, "torque_enable", 0])
    control.wait_for_state(State.HOLDING)
    assert said(control, "1 (waist) of follower_left has restarted")
    control.wait_for(lambda _: said(control, "follower_left is back"))
    assert world.torque("follower_left") == [1] * 9


def test_a_reboot_within_the_patience_is_noticed(tmp_path: Path, world: TinyWorld) -> None:
    control = Control(tmp_path, world.ports, safety=SafetyConfig(lost_ticks_to_hold=40))
    try:
        follow(control)
        world.order(reboot=["follower_left", 4])
        control.wait_for_state(State.HOLDING)
        assert said(control, "4 (elbow) of follower_left has restarted")
        control.wait_for(lambda _: said(control, "follower_left is back"))
        assert world.torque("follower_left") == [1] * 9
    finally:
        control.end()


def test_a_tripped_watchdog_is_found_and_cleared(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(set=["follower_right", 6, "bus_watchdog", 255])
    control.wait_for_state(State.HOLDING)
    control.wait_for(lambda _: said(control, "follower_right is back"))
    assert world.order(register=["follower_right", 6, "bus_watchdog"]) == WATCHDOG


def test_a_leader_that_jumps_is_not_believed(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(offset=["leader_left", 7, 1000])
    held = control.wait_for_state(State.HOLDING)
    assert held["rejected"][0] >= 10
    assert said(control, "leader_left: 7 (wrist_angle) says it is where it cannot be")
    ticks = control.ticks()
    jumped = ticks[ticks["rejected"][:, 0] > 0]
    assert jumped["held"][:10, 0, 6].all()
    assert np.nanmax(np.abs(np.diff(ticks["leader"][:, 4]))) < 0.1  # stored: what was believed
    assert np.nanmax(np.abs(np.diff(ticks["action"][:, 4]))) < 0.1
    world.order(offset=["leader_left", 7, 0])
    back_to_waiting(control)


def test_a_follower_that_jumps_is_not_believed(control: Control, world: TinyWorld) -> None:
    """Its servo drives it to where the wrong angle is right: nothing of that reaches the file."""
    follow(control)
    world.order(offset=["follower_right", 7, 1000])
    control.wait_for(lambda tick: tick["rejected"][RIGHT] > 0)
    control.pass_ticks(10)
    assert np.nanmax(np.abs(np.diff(control.ticks()["qpos"][:, 11]))) < 0.5
    assert fastest_rad_s(control) <= np.pi + 0.1


def test_a_reading_that_stays_odd_is_adopted_once_the_operator_says_so(
    control: Control, world: TinyWorld
) -> None:
    follow(control)
    world.order(offset=["leader_left", 1, 700])
    control.wait_for(lambda tick: tick["need"] == Need.SERVO)
    control.send(Recover())
    back_to_waiting(control)
    assert fastest_rad_s(control) <= np.pi + 0.1


def test_a_pair_that_disagrees_holds(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(offset=["follower_left", 3, 200])
    control.wait_for(lambda tick: tick["need"] == Need.SERVO)
    assert said(control, "two servos of a joint of follower_left are 0.31 rad apart")
    world.order(offset=["follower_left", 3, 0])
    back_to_waiting(control)


def test_a_hardware_error_found_at_start_is_dealt_with_first(
    tmp_path: Path, world: TinyWorld
) -> None:
    world.order(fail=["follower_left", 2, OVERLOAD])
    control = Control(tmp_path, world.ports)
    try:
        control.wait_for(lambda tick: tick["need"] == Need.CONFIRM)
        control.send(Recover())
        back_to_waiting(control)
    finally:
        control.end()


def test_killed_control_leaves_arms_that_stop_by_themselves(
    control: Control, world: TinyWorld, tmp_path: Path
) -> None:
    follow(control)
    watchdogs = [world.order(register=["follower_left", i, "bus_watchdog"]) for i in range(1, 10)]
    assert watchdogs == [WATCHDOG] * 9
    os.kill(control.process.pid, signal.SIGKILL)
    control.process.wait()
    for name in ("follower_left", "follower_right"):
        for servo_id in range(1, 10):  # what 0.2 s of silence does to it
            world.order(set=[name, servo_id, "bus_watchdog", 255])
    assert world.torque("follower_left") == [1] * 9
    again = Control(tmp_path, world.ports)
    try:
        follow(again)
        assert fastest_rad_s(again) <= np.pi + 0.1
    finally:
        again.end()


def test_resting_leaves_no_watchdog_and_quitting_none_either(
    control: Control, world: TinyWorld
) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Rest())
    assert control.exit_code() == 0
    assert world.order(register=["follower_left", 1, "bus_watchdog"]) == 0


def test_rest_takes_whoever_can_rest(control: Control, world: TinyWorld) -> None:
    """One arm cannot be reached: it keeps its torque; the others come down."""
    follow(control)
    world.order(unplug="follower_left")
    control.wait_for(lambda tick: tick["need"] == Need.PLUG)
    control.send(Rest())
    assert control.exit_code() == 3
    assert said(control, "follower_left is not at rest and holds")
    assert world.torque("follower_left") == [1] * 9
    assert world.torque("follower_right") == [0] * 9
    assert world.torque("leader_left") == [0] * 9


def test_rest_with_a_servo_that_is_not_there(tmp_path: Path, world: TinyWorld) -> None:
    """As `teleop rest` starts it: nothing is insisted on that resting does not need."""
    world.order(bus="follower_right", silence=8, on=True)
    control = Control(tmp_path, world.ports, mend=False)
    try:
        control.send(Rest())
        assert control.exit_code() == 3
        assert said(control, "follower_right is not at rest and holds: its wrist_rotate")
        assert world.torque("follower_left") == [0] * 9
        assert State.HOMING not in control.ticks()["state"]
    finally:
        control.end()


def test_following_without_recording(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(NO_EPISODE, 0))
    control.wait_for_state(State.FOLLOWING)
    control.wait_for(lambda tick: abs(tick["action"][0]) > 0.05)
    control.send(Stop(Outcome.UNLABELLED))
    held = control.wait_for_state(State.HOLDING)
    assert held["last_episode"] == NO_EPISODE
    assert (control.ticks()["episode"] == NO_EPISODE).all()


def test_grippers_opened_and_closed_are_a_gesture(tmp_path: Path, world: TinyWorld) -> None:
    control = Control(tmp_path, world.ports, start="grippers")
    try:
        waiting = control.wait_for_state(State.WAITING)
        assert waiting["gestures"] == 0
        assert world.torque("leader_left") == [1] * 8 + [0]
        for gripper in (0.3, -0.65):
            control.drag(world, [*START_RAD, gripper])
        control.wait_for(lambda tick: tick["gestures"] == 1)
        assert control.newest()["state"] == State.WAITING
    finally:
        control.end()


def test_grippers_closed_for_a_second_back_at_the_start_are_a_gesture(
    tmp_path: Path, world: TinyWorld
) -> None:
    control = Control(tmp_path, world.ports, start="grippers")
    try:
        control.wait_for_state(State.WAITING)
        control.send(Start(NO_EPISODE, 0))
        control.wait_for_state(State.FOLLOWING)
        world.order(lead=[0.4, *START_RAD[1:], -0.65])
        control.wait_for(lambda tick: tick["leader"][0] > 0.39)
        control.pass_ticks(60)  # closed all the while, but not at the start
        assert control.newest()["gestures"] == 0
        world.order(lead=[*START_RAD, -0.65])
        ended = control.wait_for(lambda tick: tick["gestures"] == 1)
        assert ended["state"] == State.FOLLOWING  # what comes of it is the session's to decide
    finally:
        control.end()


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_pair_of_arms(tmp_path: Path, world: TinyWorld, side: str) -> None:
    control = Control(tmp_path, world.ports, sides=(side,))
    other = slice(7, 14) if side == "left" else slice(0, 7)
    ours = slice(0, 7) if side == "left" else slice(7, 14)
    try:
        follow(control)
        tick = control.newest()
        assert np.isnan(tick["qpos"][other]).all()
        assert np.isnan(tick["action"][other]).all()
        assert np.isfinite(tick["action"][ours]).all()
        assert not tick["limited"][other].any()
        assert tick["connected"].tolist() == [side in name for name in BUS_NAMES]
        control.send(Rest())
        assert control.exit_code() == 0
        there, absent = (f"follower_{s}" for s in (side, "right" if side == "left" else "left"))
        assert world.torque(there) == [0] * 9
        assert world.order(register=[absent, 1, "status_return_level"]) == 2
    finally:
        control.end()


def test_what_its_watchdog_has_stopped_is_held_where_it_stands(
    control: Control, world: TinyWorld, tmp_path: Path
) -> None:
    """It may have been blocked, or moved since: its old goal would make it leap."""
    follow(control)
    os.kill(control.process.pid, signal.SIGKILL)
    control.process.wait()
    for servo_id in range(1, 10):
        world.order(set=["follower_left", servo_id, "bus_watchdog", 255])
    world.order(pose=["left", [0.6, -0.96, 1.16, 0.0, -0.3, 0.0, 0.03]])
    again = Control(tmp_path, world.ports)
    try:
        homing = again.wait_for_state(State.HOMING)
        assert homing["action"][0] == pytest.approx(0.6, abs=0.05)
        again.wait_for_state(State.WAITING)
        assert fastest_rad_s(again) <= 0.9
    finally:
        again.end()


def test_after_a_restart_that_failed_the_shadow_carries_the_arm(
    control: Control, world: TinyWorld
) -> None:
    follow(control)
    world.order(heat=["follower_right", 4, 120])
    control.wait_for(lambda tick: tick["need"] == Need.CONFIRM)
    control.send(Recover())
    control.wait_for(lambda _: said(control, "keep supporting the arm"))
    control.wait_for(lambda tick: tick["need"] == Need.CONFIRM)
    assert world.torque("follower_right") == [1, 1, 1, 0, 1, 1, 1, 1, 1]
    world.order(heat=["follower_right", 4, 30])
    control.send(Recover())
    back_to_waiting(control)


def test_one_confirmation_is_for_one_arm(control: Control, world: TinyWorld) -> None:
    follow(control)
    world.order(fail=["follower_left", 2, OVERLOAD])
    world.order(fail=["follower_right", 4, OVERLOAD])
    control.wait_for(lambda _: said(control, "2 (shoulder) of follower_left must"))
    control.wait_for(lambda _: said(control, "4 (elbow) of follower_right must"))
    control.send(Recover())
    control.wait_for(lambda _: said(control, "is back and holds"))
    control.pass_ticks(10)
    restarted = [event for event in control.events() if event.startswith("Restarting")]
    assert len(restarted) == 1
    assert control.newest()["need"] == Need.CONFIRM
    control.send(Recover())
    back_to_waiting(control)


def test_a_session_that_has_spoken_must_go_on_speaking(control: Control, world: TinyWorld) -> None:
    """Stopped, it could not tell the arms to hold: the operator's key would do nothing."""
    control.send(Alive())
    follow(control)
    control.wait_for_state(State.HOLDING)
    assert said(control, "the session has not been heard of")


def test_arms_on_their_way_home_stop_without_a_session_that_could_stop_them(
    tmp_path: Path, world: TinyWorld
) -> None:
    control = Control(tmp_path, world.ports, safety=SafetyConfig(ramp_speed_rad_s=0.002))
    try:
        control.wait_for_state(State.HOMING)
        control.send(Alive())
        control.wait_for_state(State.HOLDING)
        assert said(control, "the session has not been heard of")
    finally:
        control.end()


def test_an_arm_left_behind_by_a_rest_comes_back_first(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    world.order(unplug="follower_left")
    control.wait_for(lambda tick: tick["need"] == Need.PLUG)
    control.send(Rest())
    control.wait_for_state(State.RESTING)
    control.send(Hold("key"))
    control.wait_for(lambda tick: tick["need"] == Need.PLUG)
    world.order(plug="follower_left")
    control.wait_for(lambda _: said(control, "follower_left is back"))
    back_to_waiting(control)


def test_numbers_that_no_tick_holds_are_no_command(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.socket.send(b'{"command": "start", "episode": 99999999999999999999, "max_steps": 5}')
    control.send(Start(episode=5, max_steps=5000))
    control.wait_for_state(State.FOLLOWING)
    control.send(Hold("key"))
    control.socket.send(b"nonsense")
    control.wait_for_state(State.HOLDING)
