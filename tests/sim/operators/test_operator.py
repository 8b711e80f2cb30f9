"""The scripted operator on the battery task; how its hands move is a person's on any task."""

import numpy as np
import pytest
from demonstration import Episode, every, record

from sim.config import TICK_S, OperatorConfig
from sim.operators.demonstrate import GRIPPERS
from sim.operators.kinematics import MAX_SPEED_RAD_S
from sim.operators.operator import Operator
from sim.scenes import battery
from sim.scenes.scene import Scene, stage_history
from teleop.joints import ARM_DOF, arm_slice

pytestmark = pytest.mark.sim

TASK = "battery"
"""Of the fixtures in conftest.py."""

LEFT, RIGHT = arm_slice("left"), arm_slice("right")


def test_succeeds_in_a_person_s_time_and_passes_every_stage(episodes: list[Episode]) -> None:
    assert every(lambda e: e.stages[-1] == battery.SEATED, episodes)
    assert every(lambda e: 350 <= e.ticks <= 850 and e.warnings == 0, episodes)
    reached = set(np.concatenate([episode.stages for episode in episodes]).tolist())
    assert reached >= {battery.NONE, battery.LIFTED, battery.IN_SLOT, battery.SEATED}


def test_success_can_be_recomputed_from_the_states(episodes: list[Episode]) -> None:
    assert np.array_equal(stage_history("battery", episodes[0].states), episodes[0].stages)


def test_same_seed_moves_to_the_bit_the_same(episodes: list[Episode]) -> None:
    again = record(Scene("battery"), 2)
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
    assert every(lambda e: e.upright["remote"].min() > 0.99, episodes)


def grasp(episode: Episode) -> int:
    """The tick at which the right hand has closed firmly for the first time."""
    return int(np.argmax(episode.grip_n["right"] < -5))


def test_closes_centred_on_the_cell(episodes: list[Episode]) -> None:
    for episode in episodes:
        beside = (episode.hands["right"] - episode.objects["battery"])[grasp(episode)]
        assert np.linalg.norm(beside[:2]) < 0.003


def test_grip_on_the_cell_is_firm_and_within_the_servo_s_force(episodes: list[Episode]) -> None:
    for episode in episodes:
        carried = episode.stages == battery.LIFTED
        assert np.median(episode.grip_n["right"][carried]) < -6
        assert np.abs(episode.grip_n["right"]).max() <= 12


def test_left_hand_keeps_still_while_it_holds(episodes: list[Episode]) -> None:
    """A hand that goes on correcting after its grasp drags the remote about."""
    for episode in episodes:
        held = slice(int(np.argmax(episode.stages == battery.IN_SLOT)), -60)
        wander = np.ptp(episode.leader[held, LEFT][:, :6], axis=0)
        assert wander.max() < 0.006  # tremor only


def test_a_demonstration_that_goes_well_needs_no_retry(episodes: list[Episode]) -> None:
    assert every(lambda e: e.retries == 0, episodes)


def test_a_missed_grasp_touches_nothing_and_is_mended(missed: list[Episode]) -> None:
    for episode in missed:
        closed = (episode.leader[:, RIGHT][:, ARM_DOF] < 0.05).nonzero()[0]
        opened = closed[0] + int(np.argmax(episode.leader[closed[0] :, RIGHT][:, ARM_DOF] > 0.5))
        cell = episode.objects["battery"][: opened + 1]
        assert np.ptp(cell, axis=0).max() < 0.001
        assert episode.stages[: opened + 1].max() == battery.NONE
        assert episode.stages[-1] == battery.SEATED
        assert episode.retries == 1
        assert episode.warnings == 0


def test_misses_are_of_more_than_one_kind(missed: list[Episode]) -> None:
    """Over the cell, and short of it."""
    heights = []
    for episode in missed:
        hand, cell = episode.hands["right"], episode.objects["battery"]
        fingers = episode.leader[:, RIGHT][:, ARM_DOF]
        opened = int(np.argmax(fingers > 0.5))
        closed = opened + int(np.argmax(fingers[opened:] < 0.05))
        heights.append((hand - cell)[closed, 2])
    assert min(heights) < 0.005 < 0.010 < max(heights)


def test_a_mended_miss_takes_a_person_s_time(
    episodes: list[Episode], missed: list[Episode]
) -> None:
    for smooth, mended in zip(episodes, missed, strict=True):
        assert 40 <= mended.ticks - smooth.ticks <= 200


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_even_a_short_session_has_its_share_of_misses(scene: Scene, share: float) -> None:
    for first in (0, 100, 1000):
        told = [Operator(scene, first + i, OperatorConfig(share)).misses for i in range(50)]
        assert abs(sum(told) - share * len(told)) <= 2


def test_a_cell_that_is_pushed_away_while_the_hand_closes_is_grasped_after_all(
    scene: Scene,
) -> None:
    """A miss that nobody planned."""
    pushed = []

    def push(scene: Scene, tick: int) -> None:
        near = scene.hand_pose("right").position[2] < 0.012
        if near and not pushed and scene.joint_positions("right")[ARM_DOF] < 0.036:
            pushed.append(tick)
            scene.data.joint("battery_joint").qpos[1] += 0.05

    episode = record(scene, 1, disturb=push)
    assert pushed
    assert episode.retries == 1
    assert episode.stages[-1] == battery.SEATED


def test_a_cell_that_falls_out_of_the_hand_is_picked_up_again(scene: Scene) -> None:
    limp, fell = [True] * ARM_DOF + [False], []

    def drop(scene: Scene, tick: int) -> None:
        on_the_way = scene.hand_pose("right").position[0] < 0.12
        if not fell and on_the_way and scene.object_pose("battery").position[2] > 0.04:
            fell.append(tick)
        falling = fell and tick < fell[0] + 25
        scene.set_torque("right", limp if falling else [True] * len(limp))

    episode = record(scene, 1, disturb=drop)
    assert fell
    assert episode.retries == 1
    assert episode.stages[-1] == battery.SEATED


@pytest.mark.slow
def test_forty_unseen_seeds(scene: Scene) -> None:
    runs = [record(scene, seed, miss_share=0.1) for seed in range(100, 140)]
    assert sum(int(run.stages[-1]) == battery.SEATED for run in runs) >= 36
    assert np.median([run.ticks for run in runs]) <= 700
    assert 2 <= sum(run.retries > 0 for run in runs) <= 6
    assert every(lambda run: run.warnings == 0, runs)
