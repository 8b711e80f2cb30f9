"""What the issue promises of every command and of every ramp, from the leaders' readings to the
goals that servos get."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import Control, TinyWorld
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from live_rig import LiveRig

from teleop import safety
from teleop.commands import Hold, Rest
from teleop.gripper import GRIPPERS
from teleop.joints import ARM_DOF, DOF
from teleop.mirror import Mirror
from teleop.rig import Observation
from teleop.rig_config import VIPERX_LOWER_RAD, VIPERX_UPPER_RAD, PoseConfig, SafetyConfig
from teleop.servos import FOLLOWER
from teleop.tick import State
from teleop.units import RAD_PER_TICK, position_ticks

PERIOD_S = 0.02
ROUNDING = safety.ROUNDING
"""What is sent is whole servo ticks."""
POSES = PoseConfig()

leader_readings = arrays(
    np.float64,
    DOF,
    elements=st.floats(-1e9, 1e9)  # more than a position register can say
    | st.floats(-np.pi, np.pi)
    | st.sampled_from([np.nan, np.inf, -np.inf, 0.0]),
)
sequences = st.lists(leader_readings, min_size=1, max_size=12)
absences = st.sampled_from([(), ("left",), ("right",)])


def observed(leader: Any) -> Any:
    nothing = np.full(DOF, np.nan)
    none = np.zeros((4, 9), bool)
    return Observation(
        leader, nothing, nothing, nothing, np.zeros(4, int), none[:, 0], none, none.astype("u1")
    )


def of(side: Any) -> Any:
    return slice(0, 7) if side == "left" else slice(7, 14)


@st.composite
def limits(draw: Any) -> Any:
    """Limits as any rig file may have them, the start pose within."""
    below = draw(st.lists(st.floats(0.01, 3), min_size=ARM_DOF, max_size=ARM_DOF))
    above = draw(st.lists(st.floats(0.01, 3), min_size=ARM_DOF, max_size=ARM_DOF))
    return SafetyConfig(
        joint_lower_rad=tuple(np.subtract(POSES.start_rad, below)),
        joint_upper_rad=tuple(np.add(POSES.start_rad, above)),
        velocity_limit_rad_s=draw(st.floats(0.1, 20)),
        gripper_velocity_limit_per_s=draw(st.floats(0.1, 50)),
        step_limit_rad=draw(st.floats(1e-2, 1)),
        ramp_speed_rad_s=draw(st.floats(0.1, 5)),
        gripper_ramp_per_s=draw(st.floats(0.1, 5)),
    )


def reach_of(bounds: safety.Limits, period_s: float = PERIOD_S) -> Any:
    return np.minimum(bounds.velocity * period_s, bounds.step)


@given(limits(), sequences, absences, st.sampled_from(list(GRIPPERS)))
@settings(max_examples=200)
def test_no_leader_makes_a_command_outside_the_limits(
    config: SafetyConfig, sequence: Any, absent: Any, variant: Any
) -> None:
    bounds = safety.limits_of(config)
    mirror = Mirror(GRIPPERS[variant])
    last = np.tile([*POSES.start_rad, POSES.start_gripper], 2)
    for side in absent:
        last[of(side)] = np.nan
    there = np.isfinite(last)
    for leader in sequence:
        wanted = mirror.action(observed(leader))
        command, told = safety.limit(wanted, last, PERIOD_S, bounds)
        flags = np.array(told)
        assert (np.isfinite(command) == there).all()
        assert (command[there] >= bounds.lower[there] - 1e-12).all()
        assert (command[there] <= bounds.upper[there] + 1e-12).all()
        assert (np.abs(command - last)[there] <= reach_of(bounds)[there] + 1e-12).all()
        changed = there & ~(np.abs(command - wanted) <= 1e-12)
        assert (flags[changed] != 0).all()  # whatever is limited is reported
        assert not flags[~there].any()
        last = command


# ---- and down to the servos ---------------------------------------------------------------------


@pytest.fixture(scope="module", params=[("left", "right"), ("right",)], ids=["two", "one"])
def live(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    runtime = tmp_path_factory.mktemp("rig")
    world = TinyWorld(runtime)
    with LiveRig(runtime, world, request.param) as live:
        assert live.rig.hold("follower") == ""
        yield live
    world.end()


@given(sequences)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_leader_makes_a_servo_goal_outside_the_limits(live: LiveRig, sequence: Any) -> None:
    """What `Rig.command` sends and reports, and what the servos then hold as their goals."""
    bounds = safety.limits_of(live.config.safety)
    mirror = Mirror(GRIPPERS[live.config.gripper])
    last = live.rig.goals("follower")
    there = live.rig.present("follower")
    for leader in sequence:
        wanted = mirror.action(observed(leader))
        command, _ = safety.limit(wanted, last, PERIOD_S, bounds)
        sent = live.rig.command(command)
        assert (np.isfinite(sent) == there).all()
        assert (np.abs(sent - command)[there] <= ROUNDING).all()  # within what the servos accept
        assert (sent[there] >= bounds.lower[there] - ROUNDING).all()
        assert (sent[there] <= bounds.upper[there] + ROUNDING).all()
        assert (np.abs(sent - last)[there] <= reach_of(bounds)[there] + ROUNDING).all()
        last = sent
    live.rig.observe()  # behind the goals on the same line: they have been taken
    for spec, joint in zip(FOLLOWER, [0, 1, 1, 2, 2, 3, 4, 5, 6], strict=True):
        goal = live.register("follower_right", spec.servo_id, "goal_position")
        assert spec.min_ticks <= goal <= spec.max_ticks
        if joint < ARM_DOF:
            assert goal == position_ticks(last[7 + joint])


@given(arrays(np.float64, DOF, elements=st.floats(-50, 50)))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_goals_are_clipped_to_what_the_servos_accept(live: LiveRig, pose: Any) -> None:
    """Even without the limits: a servo refuses other goals, and would stay where it is."""
    sent = live.rig.command(pose)
    there = live.rig.present("follower")
    for arm, spec in ((a, s) for a in (0, 7) for s in FOLLOWER if not s.shadow):
        joint = arm + [1, 2, 4, 6, 7, 8, 9].index(spec.servo_id)
        if there[joint] and spec.joint != "gripper":
            ticks = int(position_ticks(sent[joint]))
            assert spec.min_ticks <= ticks <= spec.max_ticks
            inside = spec.min_ticks <= position_ticks(pose[joint]) <= spec.max_ticks
            assert not inside or abs(sent[joint] - pose[joint]) <= RAD_PER_TICK


# ---- ramps --------------------------------------------------------------------------------------

readable = arrays(np.float64, DOF, elements=st.floats(-2 * np.pi, 2 * np.pi))


@given(limits(), st.floats(0.005, 0.1), readable, readable, readable)
@settings(max_examples=60)
def test_ramps_are_slow_whatever_the_distance_and_arrive_exactly(
    config: SafetyConfig, period_s: float, followers: Any, leaders: Any, target: Any
) -> None:
    """`safety.ramp` and `safety.limit` together, from any pose within the limits."""
    bounds = safety.limits_of(config)
    slow = np.tile([*[config.ramp_speed_rad_s] * ARM_DOF, config.gripper_ramp_per_s], 2)
    speed = np.minimum(slow, np.minimum(bounds.velocity, bounds.step / period_s))
    last = np.clip(followers, bounds.lower, bounds.upper)
    target = np.clip(target, bounds.lower, bounds.upper)
    ramp = safety.ramp(
        np.concatenate([leaders, last]), np.tile(target, 2), np.tile(speed, 2), period_s
    )
    assume(ramp.ticks < 1000)
    for tick in range(1, ramp.ticks + 1):
        way = ramp.at(tick)
        command, _ = safety.limit(way[DOF:], last, period_s, bounds)
        assert (np.abs(command - last) <= speed * period_s * (1 + 1e-9) + 1e-12).all()
        assert (np.abs(way[:DOF] - leaders) <= speed * period_s * (1 + 1e-9) + 1e-12).all()
        last, leaders = command, way[:DOF]
    assert (np.abs(last - target) <= 1e-9).all()
    assert (leaders == target).all()


def test_arms_that_are_not_there_have_no_say_in_a_ramp() -> None:
    start, target = np.zeros(2 * DOF), np.full(2 * DOF, 0.5)
    start[7:14] = start[21:28] = np.nan
    ramp = safety.ramp(start, target, np.ones(2 * DOF), PERIOD_S)
    assert (ramp.at(ramp.ticks)[:7] == 0.5).all()
    command, flags = safety.limit(
        ramp.at(1)[DOF:], start[DOF:], PERIOD_S, safety.limits_of(SafetyConfig())
    )
    assert np.isnan(command[7:]).all()
    assert not any(flags[7:])


# ---- the process: from any pose -----------------------------------------------------------------


def sampled_poses() -> Any:
    """Follower poses, of which some joints lie beyond what the rig file allows."""
    random = np.random.default_rng(4)
    lower, upper = np.array(VIPERX_LOWER_RAD), np.array(VIPERX_UPPER_RAD)
    within = [random.uniform(lower, upper) for _ in range(2)]
    return [*within, lower, upper]


def fastest(ticks: Any, field: str) -> Any:
    """(7,) the largest distance of each joint in a tick, over both arms."""
    moves = np.abs(np.diff(ticks[field], axis=0)).reshape(-1, 2, 7)
    return np.asarray(np.nanmax(moves, axis=(0, 1)))


NARROW = SafetyConfig(
    joint_lower_rad=(-0.5, -1.2, -0.5, -0.5, -0.6, -0.5),
    joint_upper_rad=(0.5, 0.3, 1.3, 0.5, 0.7, 0.5),
)


@pytest.mark.parametrize("pose", range(len(sampled_poses())))
@pytest.mark.parametrize("config", [SafetyConfig(), NARROW], ids=["wide", "narrow"])
def test_from_any_pose_homing_and_resting_are_slow(
    tmp_path: Path, world: TinyWorld, pose: int, config: SafetyConfig
) -> None:
    for side in ("left", "right"):
        world.order(pose=[side, [*sampled_poses()[pose], 0.04]])
    rest = (0.0, -1.1, 1.2, 0.1, 0.6, 0.0)
    poses = PoseConfig(leader_rest_rad=rest, follower_rest_rad=rest)
    control = Control(tmp_path, world.ports, safety=config, poses=poses)
    try:
        control.wait_for_state(State.WAITING)
        control.send(Rest())
        assert control.exit_code() == 0
        ticks = control.ticks()
        ramps = np.isin(ticks["state"], (State.HOMING, State.RESTING))
        assert ramps.sum() > 50
        per_tick = np.array([config.ramp_speed_rad_s] * 6 + [config.gripper_ramp_per_s]) * PERIOD_S
        assert (fastest(ticks[ramps], "action") <= per_tick + ROUNDING).all()
        assert (fastest(ticks[ramps], "leader")[:6] <= per_tick[:6] + ROUNDING).all()
        home = ticks[ticks["state"] == State.WAITING][-1]["action"].reshape(2, 7)
        np.testing.assert_allclose(home[:, :6], [poses.start_rad] * 2, atol=RAD_PER_TICK)
        down = ticks[ramps][-1]["action"].reshape(2, 7)
        np.testing.assert_allclose(down[:, :6], [rest] * 2, atol=RAD_PER_TICK)
    finally:
        control.end()


def test_told_to_hold_outside_the_limits_it_does_not_move(tmp_path: Path, world: TinyWorld) -> None:
    poses = PoseConfig(follower_rest_rad=PoseConfig().start_rad)  # where they are is none
    control = Control(tmp_path, world.ports, safety=NARROW, poses=poses)
    try:
        control.send(Hold("early"))
        control.wait_for_state(State.HOLDING)
        control.pass_ticks(20)
        held = control.newest()
        resting = [0.0, -1.7, 1.55, 0.12, 0.65, 0.0]
        np.testing.assert_allclose(held["qpos"].reshape(2, 7)[:, :6], [resting] * 2, atol=0.01)
    finally:
        control.end()
