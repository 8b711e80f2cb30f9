"""The scripted operator on the cube: hands over in a person's time, and mends what goes wrong."""

import numpy as np
import pytest
from demonstration import Episode, every, record

from sim.operators.kinematics import MAX_SPEED_RAD_S
from sim.scenes import transfer_cube
from sim.scenes.scene import Scene, stage_history
from teleop.joints import ARM_DOF, arm_slice

pytestmark = pytest.mark.sim

TASK = "transfer_cube"
"""Of the fixtures in conftest.py."""

RIGHT = arm_slice("right")
ROLLS = [arm_slice("left").start + 3, RIGHT.start + 3]


def success(episode: Episode) -> bool:
    return int(episode.stages[-1]) == transfer_cube.TRANSFERRED and episode.warnings == 0


def test_hands_over_in_a_person_s_time_and_passes_every_stage(episodes: list[Episode]) -> None:
    assert every(success, episodes)
    assert every(lambda e: 250 <= e.ticks <= 500 and e.retries == 0, episodes)
    assert every(lambda e: set(e.stages.tolist()) == set(range(5)), episodes)


def test_the_cube_stays_level_from_the_table_to_the_other_hand(episodes: list[Episode]) -> None:
    assert every(lambda e: e.upright["cube"].min() > 0.95, episodes)


def test_same_seed_moves_to_the_bit_the_same(episodes: list[Episode]) -> None:
    again = record(Scene("transfer_cube"), 2)
    assert np.array_equal(again.action, episodes[2].action)
    assert np.array_equal(again.states, episodes[2].states)
    assert np.array_equal(stage_history("transfer_cube", again.states), again.stages)
    assert not np.array_equal(again.leader[:200], episodes[1].leader[:200])


def test_hands_stay_on_their_branch_and_below_their_speed(episodes: list[Episode]) -> None:
    """A nearly straight wrist once made the forearm roll to and fro."""
    for episode in episodes:
        joints = np.delete(episode.leader, (6, 13), axis=1)
        assert np.abs(np.diff(joints, axis=0)).max() / 0.02 < 1.1 * MAX_SPEED_RAD_S
        assert np.abs(episode.qpos[:, ROLLS]).max() < 0.8


def first_close(episode: Episode) -> int:
    """The tick at which the right leader's gripper has closed for the first time."""
    fingers = episode.leader[:, RIGHT][:, ARM_DOF]
    opened = int(np.argmax(fingers > 0.5))
    return opened + int(np.argmax(fingers[opened:] < 0.05))


def test_a_missed_grasp_touches_nothing_and_is_mended(
    episodes: list[Episode], missed: list[Episode]
) -> None:
    for smooth, episode in zip(episodes, missed, strict=True):
        fingers, closed = episode.leader[:, RIGHT][:, ARM_DOF], first_close(episode)
        opened = closed + int(np.argmax(fingers[closed:] > 0.5))
        assert np.ptp(episode.objects["cube"][: opened + 1], axis=0).max() < 0.001
        assert success(episode)
        assert episode.retries == 1
        assert 60 <= episode.ticks - smooth.ticks <= 220


def test_misses_are_of_more_than_one_kind(missed: list[Episode]) -> None:
    """Over the cube, and short of it."""
    heights = [
        (episode.hands["right"] - episode.objects["cube"])[first_close(episode), 2]
        for episode in missed
    ]
    assert min(heights) < 0.01 < 0.02 < max(heights)


def test_a_cube_that_falls_on_its_way_is_fetched_again(scene: Scene) -> None:
    fell: list[int] = []

    def drop(scene: Scene, tick: int) -> None:
        if not fell and scene.object_pose("cube").position[2] > 0.12:
            fell.append(tick)
            scene.data.joint("cube_joint").qpos[:3] = (0.08, 0.47, transfer_cube.HALF_M)
            scene.data.joint("cube_joint").qvel[:] = 0.0

    episode = record(scene, 1, disturb=drop)
    assert fell
    assert success(episode)
    assert episode.retries == 1


def test_a_cube_that_the_left_hand_drops_is_handed_over_again(scene: Scene) -> None:
    fell: list[int] = []

    def drop(scene: Scene, tick: int) -> None:
        left_closed = scene.joint_positions("left")[ARM_DOF] < 0.043 and tick > 150
        if not fell and left_closed and scene.joint_positions("right")[ARM_DOF] > 0.05:
            fell.append(tick)
            scene.data.joint("cube_joint").qpos[:3] = (0.10, 0.52, transfer_cube.HALF_M)
            scene.data.joint("cube_joint").qvel[:] = 0.0

    episode = record(scene, 1, disturb=drop)
    assert fell
    assert success(episode)
    assert episode.retries == 1


@pytest.mark.slow
def test_forty_unseen_seeds(scene: Scene) -> None:
    runs = [record(scene, seed, miss_share=0.1) for seed in range(100, 140)]
    assert sum(map(success, runs)) >= 38
    assert np.median([run.ticks for run in runs]) <= 450
    assert 2 <= sum(run.retries > 0 for run in runs) <= 6
