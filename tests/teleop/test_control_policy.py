"""Control led by a policy, and taken over from: arms on ptys below, a policy that says what the
test wants."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import START, Control, TinyWorld

from teleop.commands import Lead, Start, Stop
from teleop.joints import JOINTS_PER_ARM
from teleop.rig_config import SafetyConfig
from teleop.tick import Led, Limited, Outcome, State

POSE = np.tile([*START, 0.1], 2)
ELSEWHERE = POSE + np.tile([0.3, 0.1, -0.1, 0.2, 0.1, -0.2, 0.5], 2)
BOTH = 2 * JOINTS_PER_ARM


@pytest.fixture
def control(tmp_path: Path, world: TinyWorld) -> Any:
    control = Control(tmp_path, world.ports, policy=True)
    yield control
    control.end()


def follow(control: Control, world: TinyWorld) -> None:
    """Until the policy has brought the arms somewhere, and keeps them there."""
    world.order(plan=ELSEWHERE.tolist())
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=3, max_steps=5000))
    control.wait_for(lambda tick: np.abs(tick["qpos"] - ELSEWHERE)[:6].max() < 0.02)


@pytest.fixture
def led(control: Control, world: TinyWorld) -> Control:
    follow(control, world)
    return control


def episode_of(control: Control) -> Any:
    """The ticks so far."""
    ticks = control.ticks()
    return ticks[ticks["episode"] == 3]


def push(control: Control, world: TinyWorld) -> None:
    """Pull both leaders aside, against their servos, until that has stopped the policy."""
    there = control.newest()["leader"][:7].copy()
    there[1] += 0.35
    world.order(pull=there.tolist())
    wait_until_led(control, Led.NOBODY)
    world.order(pull=None)


def wait_until_led(control: Control, by: Led) -> None:
    """And until the leaders are as that wants them: they are told after the tick is published."""
    control.wait_for(lambda tick: tick["led"] == by)
    control.pass_ticks(1)


def leaders(tick: Any) -> Any:
    return tick["leader"].reshape(2, 7)[:, :6]


def test_the_policy_leads_within_the_limits_and_the_leaders_go_along(
    led: Control, world: TinyWorld
) -> None:
    there = ELSEWHERE.reshape(2, 7)[:, :6]
    tick = led.wait_for(lambda tick: np.abs(leaders(tick) - there).max() < 0.02)
    assert tick["led"] == Led.POLICY
    assert world.torque("leader_left") == [1] * 9
    episode = episode_of(led)
    steps = np.abs(np.diff(episode["action"], axis=0))
    assert steps.max() <= 0.1 + 1e-3  # the grippers' own limit
    assert np.delete(steps, [6, 13], axis=1).max() < 0.064
    assert (episode["limited"] & Limited.VELOCITY).any()
    led.send(Stop(Outcome.SUCCESS))
    held = led.wait_for_state(State.HOLDING)
    assert (held["led"], held["outcome"]) == (Led.NOBODY, Outcome.SUCCESS)


def test_nothing_moves_before_there_is_a_plan(control: Control, world: TinyWorld) -> None:
    control.wait_for_state(State.WAITING)
    control.send(Start(episode=3, max_steps=5000))
    control.wait_for(lambda tick: tick["step"] >= 50)
    world.order(plan=ELSEWHERE.tolist())
    control.wait_for(lambda tick: abs(tick["action"][0] - ELSEWHERE[0]) < 0.01)
    episode = episode_of(control)
    np.testing.assert_allclose(episode["action"][:50], np.tile(POSE, (50, 1)), atol=0.002)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"plan": None}, "The policy's process has not been heard of."),
        ({"trouble": "cam_high is frozen."}, "cam_high is frozen."),
    ],
)
def test_a_policy_that_is_silent_or_blind_ends_in_hold(
    led: Control, world: TinyWorld, order: Any, why: str
) -> None:
    world.order(**order)
    held = led.wait_for_state(State.HOLDING)
    assert (held["last_episode"], held["outcome"]) == (3, Outcome.UNLABELLED)
    assert f"Holding: {why}" in led.events()
    np.testing.assert_allclose(held["action"], ELSEWHERE, atol=0.01)
    led.pass_ticks(20)
    np.testing.assert_allclose(led.newest()["qpos"][:6], ELSEWHERE[:6], atol=0.02)


def test_nonsense_from_a_policy_moves_nothing(led: Control, world: TinyWorld) -> None:
    world.order(plan=[float("nan")] * BOTH)
    led.pass_ticks(10)
    world.order(plan=[1e6] * BOTH)
    led.pass_ticks(30)
    episode = episode_of(led)
    assert np.isfinite(episode["action"]).all()
    steps = np.delete(np.abs(np.diff(episode["action"], axis=0)), [6, 13], axis=1)
    assert steps.max() < 0.064


def test_the_operator_takes_over_by_moving_a_leader_and_hands_back(
    led: Control, world: TinyWorld
) -> None:
    push(led, world)
    stopped = led.wait_for(lambda tick: tick["led"] == Led.NOBODY)
    assert stopped["state"] == State.FOLLOWING
    assert any("leader was moved: the policy is stopped" in text for text in led.events())
    led.pass_ticks(25)
    np.testing.assert_allclose(led.newest()["action"], ELSEWHERE, atol=0.01)  # nobody moves it
    assert not led.newest()["limited"].any()
    assert world.torque("leader_left") == [1] * 9  # nor lets a leader fall

    led.send(Lead(Led.LEADERS))
    wait_until_led(led, Led.LEADERS)
    assert world.torque("leader_left") == [0] * 9
    led.wait_for(lambda tick: abs(tick["action"][0] - ELSEWHERE[0]) > 0.09)
    led.wait_for(lambda tick: abs(tick["action"][0] - tick["leader"][0]) < 0.07)

    led.send(Lead(Led.POLICY))
    wait_until_led(led, Led.POLICY)
    assert world.torque("leader_right") == [1] * 9
    led.wait_for(lambda tick: np.abs(tick["qpos"] - ELSEWHERE)[:6].max() < 0.02)
    led.wait_for(lambda tick: np.abs(leaders(tick) - ELSEWHERE.reshape(2, 7)[:, :6]).max() < 0.05)
    episode = episode_of(led)
    assert episode["step"].tolist() == list(range(len(episode)))  # all of it is one episode
    order = episode["led"][np.flatnonzero(np.diff(episode["led"], prepend=255))].tolist()
    assert order == [Led.POLICY, Led.NOBODY, Led.LEADERS, Led.POLICY]
    moved = np.delete(np.abs(np.diff(episode["action"], axis=0)), [6, 13], axis=1)
    assert moved.max() < 0.064


def test_leaders_that_are_far_away_do_not_take_over(tmp_path: Path, world: TinyWorld) -> None:
    control = Control(
        tmp_path, world.ports, policy=True, safety=SafetyConfig(mismatch_limit_rad=0.1)
    )
    try:
        follow(control, world)
        push(control, world)
        control.send(Lead(Led.LEADERS))
        control.pass_ticks(20)
        assert control.newest()["led"] == Led.NOBODY
        assert any("The leaders cannot take over: " in text for text in control.events())
        assert world.torque("leader_left") == [1] * 9
    finally:
        control.end()


def test_without_a_policy_there_is_nothing_to_take_over(tmp_path: Path, world: TinyWorld) -> None:
    control = Control(tmp_path, world.ports)
    try:
        control.wait_for_state(State.WAITING)
        control.send(Start(episode=3, max_steps=5000))
        control.wait_for_state(State.FOLLOWING)
        control.send(Lead(Led.POLICY))
        control.pass_ticks(20)
        assert control.newest()["led"] == Led.LEADERS
        assert "Ignored: no policy leads in this session." in control.events()
    finally:
        control.end()
