"""A session that a policy leads, and what becomes of it when the policy's process fails it.

Real processes on the simulated rig with one small camera. What `act-run` and `act-eval` do before
and after is tested with them.
"""

import os
import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from session_harness import Collect, alive, running, short_task, small_rig, wait_until
from tiny_policy import START, tiny_policy

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from teleop.tick import Led

pytestmark = pytest.mark.sim
STEPS = 120
"""Of which the scene leaves the last 50 out in real time."""
LED_BY = Path(__file__).parents[1] / "helpers" / "led_by.py"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small movements about the start pose, 0.8 s at a time."""
    return tiny_policy(tmp_path_factory.mktemp("policy") / "it", chunk=40)


def led_by(
    checkpoint: Path, folder: Path, *more: str, steps: int = STEPS
) -> AbstractContextManager[Collect]:
    """A session that it leads, recording into `folder`/data; arms that hold rest soon."""
    rig, task = small_rig(folder, 0.5, cameras=1), short_task(folder, steps)
    out = folder / "data"
    words = [sys.executable, str(LED_BY), *map(str, (out, checkpoint, task, rig)), *more]
    return running(out, words)


def recorded(folder: Path) -> EpisodeReader:
    """The one episode, which must be sound."""
    episode = EpisodeReader(folder / "data" / "battery" / "episode_0.hdf5")
    assert check(episode) == []
    return episode


def pids_of(session: Collect) -> list[int]:
    return [*session.pids(), session.pid("policy")]


def nothing_left(pids: list[int]) -> None:
    wait_until(lambda: not any(alive(pid) for pid in pids), 60, f"the end of {pids}")


def test_it_leads_in_real_time_too(checkpoint: Path, tmp_path: Path) -> None:
    with led_by(checkpoint, tmp_path, "--realtime") as session:
        pids = pids_of(session)
        status, text = session.finish()
        nothing_left(pids)
    assert status == 0, text
    with recorded(tmp_path) as episode:
        led, action = episode.column("/tandem/led"), episode.column("/action")
        assert STEPS / 2 < episode.steps <= STEPS
    assert set(led) == {Led.POLICY}
    assert abs(action - START).max() < 0.5
    assert abs(action[-1] - action[0]).max() > 0.001  # it does move


def test_one_that_is_too_slow_for_real_time_ends_in_a_hold(
    checkpoint: Path, tmp_path: Path
) -> None:
    with led_by(checkpoint, tmp_path, "--realtime", "--module", "slow_policy") as session:
        status, text = session.finish()
    assert status == 1, text
    assert "Holding: The policy's prediction came too late (its newest took 6" in text
    with recorded(tmp_path) as episode:
        assert episode.facts.success == "unlabelled"
        assert 0 < episode.steps < STEPS
        assert any("came too late" in event.text for event in episode.events())


def test_a_policy_that_is_stopped_ends_in_a_hold_and_is_not_left_behind(
    checkpoint: Path, tmp_path: Path
) -> None:
    with led_by(checkpoint, tmp_path, "--realtime", steps=500) as session:
        session.wait_for_step(20)
        pids = pids_of(session)
        os.kill(session.pid("policy"), signal.SIGSTOP)
        status, text = session.finish()
        nothing_left(pids)
    assert status == 1, text
    assert "Holding: The policy's process has not been heard of." in text
    with recorded(tmp_path) as episode:
        assert episode.facts.success == "unlabelled"
        assert 20 <= episode.steps < 500


def test_a_policy_that_is_killed_ends_the_session_in_a_hold(
    checkpoint: Path, tmp_path: Path
) -> None:
    with led_by(checkpoint, tmp_path, steps=1000) as session:
        session.wait_for_step(20)
        pids = pids_of(session)
        journaled = session.field("recorder", "steps_journaled")
        os.kill(session.pid("policy"), signal.SIGKILL)
        status, text = session.finish()
        nothing_left(pids)
    assert status == 1, text
    assert "The policy process was killed by signal 9." in text
    with recorded(tmp_path) as episode:
        assert episode.facts.success == "unlabelled"
        assert episode.steps >= journaled
        whoever_saw_it_first = (
            "Told to hold: The policy process was killed by signal 9.",
            "Holding: The policy's process has not been heard of.",
        )
        assert any(event.text in whoever_saw_it_first for event in episode.events())


def test_a_policy_that_the_rig_has_no_camera_for_says_so_and_nothing_is_recorded(
    tmp_path: Path,
) -> None:
    needs = tiny_policy(tmp_path / "needs", cameras=("cam_high", "cam_low"))
    with led_by(needs, tmp_path) as session:
        status, text = session.finish()
    assert status == 1, text
    assert "The policy needs cam_low, and the rig has cam_high only." in text
    assert not list((tmp_path / "data" / "battery").glob("episode_*"))


def test_a_checkpoint_that_is_none_is_refused_before_any_arm_moves(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with led_by(tmp_path / "empty", tmp_path) as session:
        status, text = session.finish()
    assert status == 1, text
    assert "There is no checkpoint in" in text
    assert "Traceback" not in text
