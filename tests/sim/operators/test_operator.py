"""The scripted operator on the battery task, driven without buses.

The driver stands for them: readings quantised to servo ticks, a tick of delay, velocity limits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from sim.config import TICK_S
from sim.linkage import FOLLOWER_CLOSED_M, FOLLOWER_OPEN_M
from sim.operators.kinematics import MAX_SPEED_RAD_S
from sim.operators.operator import Operator
from sim.scenes import battery
from sim.scenes.scene import Scene, stage_history
from teleop.joints import DOF, JOINTS_PER_ARM, SIDES, arm_slice

pytestmark = pytest.mark.sim

GRIPPERS = np.arange(DOF) % JOINTS_PER_ARM == JOINTS_PER_ARM - 1
SERVO_TICK_RAD = 2 * np.pi / 4096
STEP_LIMIT = np.where(GRIPPERS, 0.1, np.pi * TICK_S)
FINGER_TRAVEL_M = FOLLOWER_OPEN_M - FOLLOWER_CLOSED_M
MAX_TICKS = 1400
LEFT, RIGHT = arm_slice("left"), arm_slice("right")


@dataclass(frozen=True)
class Episode:
    """One demonstration; row t holds what was so before the step of tick t, `stages` after it."""

    leader: np.ndarray
    action: np.ndarray
    qpos: np.ndarray
    states: np.ndarray
    stages: np.ndarray
    remote_up: np.ndarray
    cell_miss_m: np.ndarray
    right_grip_n: np.ndarray


def positions(scene: Scene) -> np.ndarray:
    """(14,) follower joints in rad, grippers 0-1."""
    joints = np.concatenate([scene.joint_positions(side) for side in SIDES])
    return np.where(GRIPPERS, (joints - FOLLOWER_CLOSED_M) / FINGER_TRAVEL_M, joints)


def command(scene: Scene, action: np.ndarray) -> None:
    goals = np.where(GRIPPERS, FOLLOWER_CLOSED_M + action * FINGER_TRAVEL_M, action)
    for side in SIDES:
        scene.set_targets(side, goals[arm_slice(side)])


def demonstrate(scene: Scene, seed: int) -> Episode:
    scene.reset(seed)
    operator = Operator(scene, seed)
    action = reading = positions(scene)
    rows: list[tuple[np.ndarray, ...]] = []
    while not operator.finished and len(rows) < MAX_TICKS:
        qpos = positions(scene)
        action = action + np.clip(reading - action, -STEP_LIMIT, STEP_LIMIT)
        leader = operator.tick()
        reading = np.where(GRIPPERS, leader, np.round(leader / SERVO_TICK_RAD) * SERVO_TICK_RAD)
        command(scene, action)
        scene.step()
        miss = scene.hand_pose("right").position - scene.object_pose("battery").position
        rows.append(
            (
                leader,
                action,
                qpos,
                scene.state(),
                np.array(scene.stage()),
                scene.object_pose("remote").rotation[2, 2],
                np.linalg.norm(miss[:2]),
                scene.joint_forces("right")[-1],
            )
        )
    assert not any(warning.number for warning in scene.data.warning)
    return Episode(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene("battery")


@pytest.fixture(scope="module")
def episodes(scene: Scene) -> list[Episode]:
    return [demonstrate(scene, seed) for seed in range(4)]


def every(check: Callable[[Episode], bool], episodes: list[Episode]) -> bool:
    return all(check(episode) for episode in episodes)


def test_succeeds_in_a_person_s_time_and_passes_every_stage(episodes: list[Episode]) -> None:
    assert every(lambda e: e.stages[-1] == battery.SEATED, episodes)
    assert every(lambda e: 350 <= len(e.action) <= 850, episodes)
    reached = set(np.concatenate([episode.stages for episode in episodes]).tolist())
    assert reached >= {battery.NONE, battery.LIFTED, battery.IN_SLOT, battery.SEATED}


def test_success_can_be_recomputed_from_the_states(episodes: list[Episode]) -> None:
    assert np.array_equal(stage_history("battery", episodes[0].states), episodes[0].stages)


def test_same_seed_moves_to_the_bit_the_same(episodes: list[Episode]) -> None:
    again = demonstrate(Scene("battery"), 2)
    assert np.array_equal(again.action, episodes[2].action)
    assert np.array_equal(again.states, episodes[2].states)
    assert not np.array_equal(again.leader[:300], episodes[3].leader[:300])


def test_hands_stay_below_their_speed(episodes: list[Episode]) -> None:
    """So that the product's own limit of pi rad/s is rarely felt."""

    def fastest(episode: Episode) -> float:
        return float(np.abs(np.diff(episode.leader[:, ~GRIPPERS], axis=0)).max() / TICK_S)

    assert every(lambda e: fastest(e) < 1.1 * MAX_SPEED_RAD_S < np.pi, episodes)


def test_action_leads_the_arms_by_two_to_five_ticks(episodes: list[Episode]) -> None:
    for episode in episodes:
        action = np.diff(episode.action[:, ~GRIPPERS], axis=0)
        qpos = np.diff(episode.qpos[:, ~GRIPPERS], axis=0)
        match = [float(np.sum(action[: len(action) - lag] * qpos[lag:])) for lag in range(15)]
        assert 2 <= int(np.argmax(match)) <= 5


def test_wrists_stay_on_their_branch(episodes: list[Episode]) -> None:
    rolls = [LEFT.start + 3, RIGHT.start + 3]
    assert every(lambda e: np.abs(e.qpos[:, rolls]).max() < 1.2, episodes)


def test_remote_is_never_tipped(episodes: list[Episode]) -> None:
    """Integral wind-up of a moving hand once flipped it over."""
    assert every(lambda e: e.remote_up.min() > 0.99, episodes)


def test_closes_centred_on_the_cell(episodes: list[Episode]) -> None:
    for episode in episodes:
        grasped = int(np.argmax(episode.right_grip_n < -5))
        assert episode.cell_miss_m[grasped] < 0.003


def test_grip_on_the_cell_is_firm_and_within_the_servo_s_force(episodes: list[Episode]) -> None:
    for episode in episodes:
        carried = episode.stages == battery.LIFTED
        assert np.median(episode.right_grip_n[carried]) < -6
        assert np.abs(episode.right_grip_n).max() <= 12


def test_left_hand_keeps_still_while_it_holds(episodes: list[Episode]) -> None:
    """A hand that goes on correcting after its grasp drags the remote about."""
    for episode in episodes:
        held = slice(int(np.argmax(episode.stages == battery.IN_SLOT)), -60)
        wander = np.ptp(episode.leader[held, LEFT][:, :6], axis=0)
        assert wander.max() < 0.006  # tremor only


@pytest.mark.slow
def test_forty_unseen_seeds(scene: Scene) -> None:
    runs = [demonstrate(scene, seed) for seed in range(100, 140)]
    successes = sum(int(run.stages[-1]) == battery.SEATED for run in runs)
    assert successes >= 36
    assert np.median([len(run.action) for run in runs]) <= 850
