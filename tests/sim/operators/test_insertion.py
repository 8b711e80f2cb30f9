"""The scripted operator on peg and socket: in a person's time, and mending what goes wrong."""

import numpy as np
import pytest
from demonstration import Episode, every, record

from sim.operators.kinematics import MAX_SPEED_RAD_S
from sim.scenes import insertion
from sim.scenes.scene import Scene, stage_history
from teleop.joints import ARM_DOF, arm_slice

pytestmark = pytest.mark.sim

TASK = "insertion"
"""Of the fixtures in conftest.py."""

LEFT, RIGHT = arm_slice("left"), arm_slice("right")
ROLLS = [LEFT.start + 3, RIGHT.start + 3]


def success(episode: Episode) -> bool:
    return int(episode.stages[-1]) == insertion.INSERTED and episode.warnings == 0


def test_inserts_in_a_person_s_time(episodes: list[Episode]) -> None:
    assert every(success, episodes)
    assert every(lambda e: 250 <= e.ticks <= 450 and e.retries == 0, episodes)
    reached = {insertion.NONE, insertion.TOUCHED, insertion.LIFTED, insertion.INSERTED}
    assert set(np.concatenate([e.stages for e in episodes]).tolist()) >= reached


def test_same_seed_moves_to_the_bit_the_same(episodes: list[Episode]) -> None:
    again = record(Scene("insertion"), 2)
    assert np.array_equal(again.action, episodes[2].action)
    assert np.array_equal(again.states, episodes[2].states)
    assert np.array_equal(stage_history("insertion", again.states), again.stages)
    assert not np.array_equal(again.leader[:200], episodes[1].leader[:200])


def test_hands_stay_on_their_branch_and_below_their_speed(episodes: list[Episode]) -> None:
    """A nearly straight wrist makes the forearm roll to and fro."""
    for episode in episodes:
        joints = np.delete(episode.leader, (6, 13), axis=1)
        assert np.abs(np.diff(joints, axis=0)).max() / 0.02 < 1.1 * MAX_SPEED_RAD_S
        assert np.abs(episode.qpos[:, ROLLS]).max() < 0.8


def test_the_socket_is_kept_still_while_the_peg_goes_in(episodes: list[Episode]) -> None:
    for episode in episodes:
        inserted = int(np.argmax(episode.stages == insertion.INSERTED))
        assert np.ptp(episode.objects["socket"][inserted - 40 : inserted], axis=0).max() < 0.004


def test_a_missed_grasp_touches_nothing_and_is_mended(
    episodes: list[Episode], missed: list[Episode]
) -> None:
    for smooth, episode in zip(episodes, missed, strict=True):
        assert success(episode)
        assert episode.retries == 1
        assert 40 <= episode.ticks - smooth.ticks <= 220


def test_either_hand_misses_and_always_above_its_part(missed: list[Episode]) -> None:
    """A hand that comes down beside a part would push it about."""
    hands = []
    for episode in missed:
        for side, part, name in ((LEFT, "socket", "left"), (RIGHT, "peg", "right")):
            fingers = episode.leader[:, side][:, ARM_DOF]
            opened = int(np.argmax(fingers > 0.5))
            closed = opened + int(np.argmax(fingers[opened:] < 0.05))
            again = fingers[closed:].max() > 0.5
            if again:
                hands.append(name)
                assert (episode.hands[name] - episode.objects[part])[closed, 2] > 0.02
                assert np.ptp(episode.objects[part][: closed + 20], axis=0).max() < 0.001
    assert len(hands) == len(missed)
    assert set(hands) == {"left", "right"}


def test_a_peg_that_falls_is_fetched_again(scene: Scene) -> None:
    fell: list[int] = []

    def drop(scene: Scene, tick: int) -> None:
        if not fell and scene.object_pose("peg").position[2] > 0.12:
            fell.append(tick)
            scene.data.joint("peg_joint").qpos[:] = (0.15, 0.47, 0.0102, 1, 0, 0, 0)
            scene.data.joint("peg_joint").qvel[:] = 0.0

    episode = record(scene, 1, disturb=drop)
    assert fell
    assert success(episode)
    assert episode.retries == 1


def test_a_peg_that_gets_stuck_at_the_rim_is_drawn_out_and_pushed_in_again(scene: Scene) -> None:
    """Something moves the socket aside while the peg is on its way."""
    pushed: list[int] = []

    def push(scene: Scene, tick: int) -> None:
        gap = (scene.object_pose("peg").position - scene.object_pose("socket").position)[0] - 0.12
        if not pushed and 0.004 < gap < 0.016:
            pushed.append(tick)
        body = scene.data.body("socket")
        body.xfrc_applied[1] = 6.0 if pushed and tick < pushed[0] + 45 else 0.0

    episode = record(scene, 1, disturb=push)
    assert pushed
    assert insertion.CONTACT in episode.stages
    assert success(episode)
    assert episode.retries == 1


@pytest.mark.slow
def test_forty_unseen_seeds(scene: Scene) -> None:
    runs = [record(scene, seed, miss_share=0.1) for seed in range(100, 140)]
    assert sum(map(success, runs)) >= 38
    assert np.median([run.ticks for run in runs]) <= 400
    assert 2 <= sum(run.retries > 0 for run in runs) <= 6
