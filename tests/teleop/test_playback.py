"""The leader of a replay: which command, and when it asks to hold."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from teleop.joints import DOF, JOINT_NAMES
from teleop.playback import PATIENCE_TICKS, Playback, farthest
from teleop.rig_config import PlaybackConfig
from teleop.track import Track, save

STEPS = 40


@pytest.fixture
def recorded() -> Track:
    rng = np.random.default_rng(3)
    return Track(rng.normal(size=(STEPS, DOF)), rng.normal(size=(STEPS, DOF)))


@pytest.fixture
def playback(recorded: Track, tmp_path: Path) -> Playback:
    save(recorded, tmp_path / "track.npy")
    return Playback(PlaybackConfig(str(tmp_path / "track.npy"), max_error_rad=0.3))


def seen(qpos: Any) -> Any:
    """An observation, as far as a playback looks at it."""
    return SimpleNamespace(qpos=np.asarray(qpos))


def test_it_plays_a_command_a_tick_and_then_keeps_the_last(
    playback: Playback, recorded: Track
) -> None:
    assert np.array_equal(playback.rewind(np.zeros(DOF)), recorded.action[0])
    for step in [*range(STEPS), STEPS - 1, STEPS - 1]:
        observation = seen(recorded.qpos[step])
        for _ in range(2):  # to be asked is not to go on: a start is checked beforehand
            assert np.array_equal(playback.action(observation), recorded.action[step])
        assert playback.followed(observation) == ""


def test_a_joint_that_stays_away_is_a_reason_to_hold(playback: Playback, recorded: Track) -> None:
    playback.rewind(np.zeros(DOF))
    elbow = JOINT_NAMES.index("right_elbow")
    said = []
    for step in range(PATIENCE_TICKS):
        qpos = recorded.qpos[step].copy()
        qpos[elbow] -= 0.31
        said.append(playback.followed(seen(qpos)))
    assert said[:-1] == [""] * (PATIENCE_TICKS - 1)
    assert said[-1] == (
        "right_elbow is -0.31 rad from where it was in the recording (allowed: 0.30)."
    )


def test_one_wrong_reading_a_gripper_and_what_cannot_be_read_are_none(
    playback: Playback, recorded: Track
) -> None:
    playback.rewind(np.zeros(DOF))
    for step in range(STEPS):
        qpos = recorded.qpos[step].copy()
        qpos[JOINT_NAMES.index("left_gripper")] += 0.9
        qpos[JOINT_NAMES.index("left_waist")] += 2.0 if step % PATIENCE_TICKS else 0.0
        qpos[JOINT_NAMES.index("right_waist")] = math.nan
        assert playback.followed(seen(qpos)) == ""
    assert playback.followed(seen(np.full(DOF, np.nan))) == ""


def test_after_a_rewind_it_begins_anew(playback: Playback, recorded: Track) -> None:
    playback.rewind(np.zeros(DOF))
    for step in range(PATIENCE_TICKS - 1):
        playback.followed(seen(recorded.qpos[step] + 1.0))
    playback.rewind(np.zeros(DOF))
    assert np.array_equal(playback.action(seen(recorded.qpos[0])), recorded.action[0])
    assert playback.followed(seen(recorded.qpos[0] + 1.0)) == ""


def test_an_arm_that_was_not_recorded_starts_as_usual(tmp_path: Path) -> None:
    rows = np.full((3, DOF), np.nan)
    rows[:, 7:] = 0.5
    save(Track(rows, rows), tmp_path / "track.npy")
    start = Playback(PlaybackConfig(str(tmp_path / "track.npy"))).rewind(np.full(DOF, 0.1))
    assert (start == [0.1] * 7 + [0.5] * 7).all()


def test_the_farthest_joint_is_named_with_its_sign(recorded: Track) -> None:
    qpos = recorded.expected(2).copy()
    qpos[3] -= 0.2
    qpos[10] += 0.1
    far = farthest(recorded, 2, qpos)
    assert far.joint == "left_forearm_roll"
    assert far.error_rad == pytest.approx(-0.2)
