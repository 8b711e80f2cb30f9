"""The control process as the session sees it: commands in, ticks and events out, ptys below."""

import signal
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import START, Control, TinyWorld

from teleop.commands import Hold, Home, Quit, Rest, Start, Stop
from teleop.joints import BUS_NAMES
from teleop.rig_config import SafetyConfig
from teleop.tick import Need, Outcome, State


def test_a_whole_session(control: Control, world: TinyWorld) -> None:
    waiting = control.wait_for_state(State.WAITING)
    np.testing.assert_allclose(waiting["qpos"].reshape(2, 7)[:, :6], [START] * 2, atol=0.01)
    np.testing.assert_allclose(waiting["leader"].reshape(2, 7)[:, :6], [START] * 2, atol=0.01)
    assert world.torque("leader_left") == [1] * 9
    assert world.torque("follower_left") == [1] * 9

    control.send(Start(episode=7, max_steps=1000))
    control.wait_for(lambda tick: tick["step"] >= 60)
    assert world.torque("leader_left") == [0] * 9
    control.send(Stop(Outcome.SUCCESS))
    held = control.wait_for_state(State.HOLDING)
    assert (held["last_episode"], held["outcome"]) == (7, Outcome.SUCCESS)
    assert world.torque("leader_left") == [1] * 9

    control.send(Home())
    control.wait_for_state(State.WAITING)
    control.send(Rest())
    assert control.exit_code() == 0
    for bus in BUS_NAMES:
        assert world.torque(bus) == [0] * 9

    ticks = control.ticks()
    states = ticks["state"]
    order = [int(s) for s, before in zip(states[1:], states[:-1], strict=True) if s != before]
    assert order == [
        State.HOMING,
        State.WAITING,
        State.FOLLOWING,
        State.HOLDING,
        State.HOMING,
        State.WAITING,
        State.RESTING,
        State.DISCONNECTED,
    ]
    episode = ticks[ticks["episode"] == 7]
    assert (episode["state"] == State.FOLLOWING).all()
    assert episode["step"].tolist() == list(range(len(episode)))
    assert (np.diff(episode["t_ns"]) == 20_000_000).all()
    assert not episode["held"].any()
    assert episode["bus_ok"].all()
    wave = 0.2 * np.sin(episode["t_ns"][20:] * 1e-9)
    np.testing.assert_allclose(episode["leader"][20:, 0], wave, atol=0.001)
    np.testing.assert_allclose(episode["action"][20:, 7], wave, atol=0.001)
    assert episode["action"][-1, 6] == pytest.approx(0.0, abs=0.01)  # the gripper was closed
    step = np.abs(np.diff(ticks[1:-1]["action"], axis=0))
    half_a_servo_tick = np.pi / 4096  # the action on record is what was sent, rounded
    assert step.reshape(-1, 2, 7)[..., :6].max() <= np.pi * 0.02 + half_a_servo_tick
    assert episode["temperature_degc"].min() == 32
    assert episode["voltage_v"].min() == pytest.approx(12.0, abs=0.01)


def test_rest_comes_down_to_the_rest_pose(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Rest())
    assert control.exit_code() == 0
    last = control.ticks()[-2]
    resting = [0.0, -1.7, 1.55, 0.12, 0.65, 0.0]
    np.testing.assert_allclose(last["qpos"].reshape(2, 7)[:, :6], [resting] * 2, atol=0.01)


def test_the_last_step_ends_the_episode(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=3, max_steps=5))
    held = control.wait_for_state(State.HOLDING)
    assert (held["last_episode"], held["outcome"]) == (3, Outcome.UNLABELLED)
    ticks = control.ticks()
    assert ticks[ticks["episode"] == 3]["step"].tolist() == [0, 1, 2, 3, 4]
    control.send(Stop(Outcome.FAILURE))
    control.send(Start(episode=4, max_steps=5))
    control.wait_for(lambda _: len(control.events()) >= 3)
    assert "5 steps" in control.events()[0]
    assert control.events()[1].startswith("Stop ignored")
    assert control.events()[2].startswith("Start ignored")
    assert control.newest()["outcome"] == Outcome.UNLABELLED


def test_quit_leaves_the_arms_holding(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=3, max_steps=500))
    control.wait_for(lambda tick: tick["step"] >= 5)
    control.send(Quit())
    assert control.exit_code() == 0
    for bus in BUS_NAMES:  # the leaders too, which were limp while followed
        assert world.torque(bus) == [1] * 9
    assert control.newest()["last_episode"] == 3


def test_a_holding_rig_is_taken_over_without_a_jump(
    control: Control, world: TinyWorld, tmp_path: Path
) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Quit())
    control.exit_code()
    again = Control(tmp_path, world.ports)
    try:
        again.wait_for_state(State.WAITING)
        homing = again.ticks()
        homing = homing[homing["state"] == State.HOMING]
        assert np.abs(homing["qpos"].reshape(-1, 2, 7)[..., :6] - START).max() < 0.01
    finally:
        again.end()


def test_torque_goes_off_at_rest_only_however_slow_the_limits(
    tmp_path: Path, world: TinyWorld
) -> None:
    control = Control(tmp_path, world.ports, safety=SafetyConfig(step_limit_rad=0.004))
    control.wait_for_state(State.WAITING)
    control.send(Rest())
    assert control.exit_code() == 0
    ticks = control.ticks()
    last = ticks[ticks["state"] == State.RESTING][-1]
    resting = [0.0, -1.7, 1.55, 0.12, 0.65, 0.0]
    np.testing.assert_allclose(last["qpos"].reshape(2, 7)[:, :6], [resting] * 2, atol=0.05)
    assert world.torque("follower_left") == [0] * 9
    control.end()


@pytest.mark.parametrize("how", ["signal", "closed"])
def test_told_to_go_it_holds_then_rests(control: Control, world: TinyWorld, how: Any) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=5, max_steps=5000))
    control.wait_for(lambda tick: tick["step"] >= 5)
    if how == "signal":
        control.process.send_signal(signal.SIGTERM)
    else:
        control.socket.shutdown(socket.SHUT_RDWR)
    assert control.exit_code() == 0
    for bus in BUS_NAMES:
        assert world.torque(bus) == [0] * 9
    ticks = control.ticks()
    assert (ticks[-1]["last_episode"], ticks[-1]["outcome"]) == (5, Outcome.UNLABELLED)
    assert {State.HOLDING, State.RESTING} <= set(ticks["state"].tolist())


def test_told_to_hold_before_it_moved_it_holds_where_it_is(
    control: Control, world: TinyWorld
) -> None:
    control.send(Hold("early"))
    held = control.wait_for_state(State.HOLDING)
    resting = [0.0, -1.7, 1.55, 0.12, 0.65, 0.0]
    np.testing.assert_allclose(held["action"].reshape(2, 7)[:, :6], [resting] * 2, atol=0.002)
    assert world.torque("follower_left") == [1] * 9
    control.send(Home())
    control.wait_for_state(State.WAITING)


def test_told_twice_it_leaves_the_arms_holding(tmp_path: Path, world: TinyWorld) -> None:
    slowly = SafetyConfig(ramp_speed_rad_s=0.05)  # this world's time flies: still on the way then
    control = Control(tmp_path, world.ports, safety=slowly)
    control.wait_for_state(State.WAITING)
    control.process.send_signal(signal.SIGTERM)
    control.wait_for_state(State.RESTING)
    control.process.send_signal(signal.SIGTERM)
    assert control.exit_code() == 0
    assert world.torque("follower_right") == [1] * 9
    assert control.newest()["state"] == State.HOLDING
    control.end()


def test_a_silent_servo_leads_to_holding(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=5, max_steps=5000))
    control.wait_for(lambda tick: tick["step"] >= 5)
    world.order(bus="follower_left", silence=4, on=True)
    held = control.wait_for_state(State.HOLDING)
    follower_left = BUS_NAMES.index("follower_left")
    assert held["bus_ok"].tolist() == [i != follower_left for i in range(4)]
    assert np.argwhere(held["held"]).tolist() == [[follower_left, 3]]  # the tail was asked again
    assert held["lost"][follower_left] >= 10
    assert held["retries"][follower_left] >= 1
    assert any("follower_left: 4 (elbow)" in event for event in control.events())
    assert world.torque("follower_right") == [1] * 9
    control.wait_for(lambda tick: tick["need"] == Need.SERVO)
    control.send(Home())
    control.wait_for(lambda _: "Home refused" in control.events()[-1])
    world.order(bus="follower_left", silence=4, on=False)
    control.wait_for(lambda tick: tick["need"] == Need.NOTHING)
    control.send(Home())
    control.wait_for_state(State.WAITING)


def test_a_lost_world_ends_it(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    world.end()
    assert control.exit_code() == 3
    assert control.newest()["state"] == State.DISCONNECTED


def test_start_is_refused_while_leader_and_follower_are_apart(
    control: Control, world: TinyWorld
) -> None:
    control.wait_for_state(State.WAITING)
    control.drag(world, [0.9, -0.96, 1.16, 0.0, -0.3, 0.0, 0.0])
    control.send(Start(episode=5, max_steps=5000))
    control.wait_for(lambda _: control.events())
    assert "left_waist" in control.events()[0]
    assert control.newest()["state"] == State.WAITING


def test_a_missing_servo_is_named_and_nothing_moves(tmp_path: Path, world: TinyWorld) -> None:
    world.order(bus="follower_right", silence=6, on=True)
    control = Control(tmp_path, world.ports, lockstep=False)
    try:
        assert control.exit_code() == 2
        error = control.process.stderr.read()
        assert "Servo 6 (forearm_roll) of follower_right does not answer" in error
        assert error.strip() == control.events()[0]
        assert world.torque("follower_left") == [0] * 9
    finally:
        control.end()


def test_a_missing_port_is_named(tmp_path: Path, world: TinyWorld) -> None:
    control = Control(tmp_path, {**world.ports, "leader_left": "/dev/ttyNONE"})
    try:
        assert control.exit_code() == 2
        assert control.process.stderr.read().startswith("Serial port /dev/ttyNONE does not exist")
    finally:
        control.end()


def test_on_the_wall_clock_it_says_how_real_its_time_is(tmp_path: Path, world: TinyWorld) -> None:
    control = Control(tmp_path, world.ports, lockstep=False)
    try:
        control.wait_for_state(State.WAITING)
        control.send(Rest())
        assert control.exit_code() == 0
        scheduling, memory = control.events()[:2]
        assert "SCHED_FIFO" in scheduling or "rtprio" in scheduling
        assert "locked" in memory
        ticks = control.ticks()[1:-1]
        assert (ticks["t_ns"] >= ticks["deadline_ns"]).all()
        assert (np.diff(ticks["number"].astype(int)) - 1).sum() == ticks["missed"][-1]
    finally:
        control.end()
