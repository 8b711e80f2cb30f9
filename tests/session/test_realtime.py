"""collect.py --realtime: the simulated rig against the wall clock, and what is left of it after."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from session_harness import Collect, alive, collecting, run, short_task, small_rig, wait_until

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from teleop.tick import State

pytestmark = pytest.mark.sim


def realtime(
    folder: Path,
    *more: str,
    max_steps: int = 150,
    cameras: int = 4,
    hold_timeout_s: float = 30.0,
) -> list[str]:
    """Arguments for a real-time session with small pictures."""
    rig = small_rig(folder, hold_timeout_s, cameras)
    task = short_task(folder, max_steps)
    return ["--realtime", "--task", str(task), "--rig", str(rig), "--seed", "1", *more]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two short episodes, recorded one after the other."""
    folder = tmp_path_factory.mktemp("realtime")
    status, text = run(folder / "data", *realtime(folder, "--episodes", "2"))
    assert status == 0, text
    assert "SIMULATED RIG in real time" in text
    assert "world: The simulated world runs with" in text
    assert "Saved 2 episodes (2 failure)" in text
    return [folder / "data" / "battery" / f"episode_{n}.hdf5" for n in range(2)]


def test_the_files_are_sound_and_say_what_they_are(collected: list[Path]) -> None:
    for path in collected:
        with EpisodeReader(path) as episode:
            assert check(episode) == []
            facts = episode.facts
            assert facts.sim
            assert not facts.simulated_time
            assert (facts.quality, facts.faults) == ("fast", None)


def test_times_are_of_one_clock_and_in_their_order(collected: list[Path]) -> None:
    before_ns = 0
    for path in collected:
        with EpisodeReader(path) as episode:
            tick_ns = episode.column("/tandem/tick_ns")
            captured_ns = episode.column("/tandem/frame_capture_ns")
            arrived_ns = episode.column("/tandem/frame_arrival_ns")
            scene_ns = episode.column("/tandem/sim_state_ns")
            read_ns = episode.column("/tandem/bus_read_ns")
            missing = episode.column("/tandem/frame_missing").astype(bool)
        assert tick_ns[0] > before_ns
        before_ns = int(tick_ns[-1])
        assert (captured_ns <= arrived_ns)[~missing].all()
        assert (arrived_ns <= tick_ns[:, None])[~missing].all()
        assert (scene_ns <= tick_ns).all()
        assert (read_ns[:, :] >= tick_ns[:, None]).all()


def test_every_camera_delivers_and_shows_states_of_the_scene(collected: list[Path]) -> None:
    for path in collected:
        with EpisodeReader(path) as episode:
            numbers = episode.column("/tandem/frame_number")
            captured_ns = episode.column("/tandem/frame_capture_ns")
            repeat = episode.column("/tandem/frame_repeat").astype(bool)
            last_frames = [list(episode.jpegs(camera))[-1] for camera in episode.facts.camera_names]
        assert (np.diff(numbers, axis=0) >= 0).all()
        assert (np.diff(captured_ns, axis=0) >= 0).all()
        assert ((np.diff(numbers, axis=0) == 0) == repeat[1:]).all()
        assert all(len(np.unique(camera)) > 10 for camera in numbers.T)
        assert len(set(last_frames)) == len(last_frames)


def test_the_leaders_move_and_the_followers_follow(collected: list[Path]) -> None:
    for path in collected:
        with EpisodeReader(path) as episode:
            leader = episode.column("/tandem/leader")
            qpos = episode.column("/observations/qpos")
            action = episode.column("/action")
        assert np.ptp(leader, axis=0).max() > 0.3
        assert np.ptp(qpos, axis=0).max() > 0.3
        assert np.abs(action - qpos).max() < 0.5


def processes(collect: Collect) -> list[int]:
    """All processes of the session, the renderers included."""
    files = collect.runtime.glob("renderer-*.pid")
    renderers = [int(path.read_text()) for path in files]
    assert renderers
    return [*collect.pids(), *renderers]


def gone(pids: list[int]) -> None:
    """Wait until none of them is left."""
    wait_until(lambda: not any(map(alive, pids)), 60, "all processes to end")


def test_nothing_is_left_after_ctrl_c(tmp_path: Path) -> None:
    with collecting(tmp_path / "data", *realtime(tmp_path, max_steps=1400)) as collect:
        collect.wait_for_step(20)
        pids = processes(collect)
        collect.process.send_signal(signal.SIGINT)
        collect.wait_for_state(State.RESTING)
        status, text = collect.finish()
        assert status == 130, text
        gone(pids)


@pytest.mark.parametrize("victim", ["session", "world"])
def test_renderers_end_with_a_killed_session_and_a_killed_world(
    tmp_path: Path, victim: str
) -> None:
    data = tmp_path / "data"
    with collecting(data, *realtime(tmp_path, max_steps=1400, hold_timeout_s=2.0)) as collect:
        collect.wait_for_step(20)
        pids = processes(collect)
        os.kill(collect.pid(victim), signal.SIGKILL)
        status, _ = collect.finish()
        assert status == 1
        gone(pids)
    with EpisodeReader(data / "battery" / "episode_0.hdf5") as episode:
        assert episode.steps >= 20
        assert not episode.facts.simulated_time


def test_a_lost_renderer_ends_the_session_with_a_sentence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with collecting(data, *realtime(tmp_path, max_steps=1400, hold_timeout_s=2.0)) as collect:
        collect.wait_for_step(20)
        pids = processes(collect)
        os.kill(int((collect.runtime / "renderer-0.pid").read_text()), signal.SIGKILL)
        status, text = collect.finish()
        assert status == 1
        assert "The renderer of cam_high" in text
        assert "was killed by signal 9: the simulated world ends." in text
        gone(pids)
    with EpisodeReader(data / "battery" / "episode_0.hdf5") as episode:
        assert episode.steps >= 20
