"""kill -9 of each process in the middle of an episode, Ctrl-C, and a terminal that goes away.

Whatever dies: every journaled step is in a file after the next start, and no process stays behind.
"""

import os
import pty
import signal
import subprocess
from pathlib import Path

import h5py
import pytest
from session_harness import (
    PROCESSES,
    Collect,
    alive,
    collecting,
    command,
    run,
    short_task,
    small_rig,
    wait_until,
)

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.journal.reader import JournalReader
from session.status import Phase
from teleop.ring import RingReader
from teleop.tick import NO_EPISODE, Outcome, State

pytestmark = pytest.mark.sim


def arguments(
    folder: Path, *more: str, hold_timeout_s: float = 30.0, max_steps: int = 200
) -> tuple[str, ...]:
    rig = small_rig(folder, hold_timeout_s, cameras=1)
    return ("--task", str(short_task(folder, max_steps)), "--rig", str(rig), "--seed", "0", *more)


def nothing_left(collect: Collect) -> None:
    """Every process of the session is gone within the time the arms need to rest."""
    pids = collect.pids()
    wait_until(lambda: not any(alive(pid) for pid in pids), 90, f"the end of {pids}")


def steps_on_disk(folder: Path, number: int) -> int:
    """Steps of an episode: in its file, or else in its journal."""
    path = folder / f"episode_{number}.hdf5"
    if path.exists():
        with h5py.File(path) as file:
            return int(file["action"].shape[0])
    with JournalReader(folder / f"episode_{number}.journal") as journal:
        return sum(1 for _ in journal.steps())


@pytest.mark.parametrize("victim", [*PROCESSES, "session"])
def test_kill_in_mid_episode(victim: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = data / "battery"
    with collecting(data, *arguments(tmp_path)) as collect:
        collect.wait_for_step(60)
        collect.pids()
        journaled = collect.field("recorder", "steps_journaled")
        ticks = RingReader(collect.runtime / "ticks")
        os.kill(collect.pid(victim), signal.SIGKILL)
        if victim == "recorder":  # the session starts another, and goes on
            status, text = collect.finish()
            assert status == 0, text
            assert "recorder process was killed by signal 9" in text
            assert "Saved 2 episodes" in text
        else:
            status, text = collect.finish()
            assert status == 1, text
        nothing_left(collect)
    if victim == "session":  # control holds, then rests; it must not stop halfway
        states = [int(ticks.read(i)["state"]) for i in range(ticks.oldest(), len(ticks))]
        assert states[-1] == State.DISCONNECTED
        assert states[-2] == State.RESTING
    assert steps_on_disk(folder, 0) >= journaled
    status, text = run(data, *arguments(tmp_path))
    assert status == 0, text
    assert not list(folder.glob("*.journal"))
    assert steps_on_disk(folder, 0) >= journaled
    for path in folder.glob("*.hdf5"):
        with EpisodeReader(path) as episode:
            assert check(episode) == [], path.name
    with EpisodeReader(folder / "episode_0.hdf5") as episode:
        assert episode.facts.outcome is Outcome.UNLABELLED


def test_a_stuck_recorder_is_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with collecting(data, *arguments(tmp_path)) as collect:
        collect.wait_for_step(60)
        collect.pids()
        journaled = collect.field("recorder", "steps_journaled")
        os.kill(collect.pid("recorder"), signal.SIGSTOP)
        status, text = collect.finish()
        assert status == 0, text
        assert "recorder process was stuck and has been ended" in text
        assert "Saved 2 episodes" in text
        nothing_left(collect)
    assert steps_on_disk(data / "battery", 0) >= journaled


def test_first_ctrl_c_closes_the_episode_and_rests(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with collecting(data, *arguments(tmp_path, "--episodes", "5")) as collect:
        collect.wait_for_step(60)
        collect.pids()
        collect.process.send_signal(signal.SIGINT)
        collect.wait_for_state(State.RESTING)
        status, text = collect.finish()
        assert status == 130, text
        assert "bringing the arms to rest" in text
        nothing_left(collect)
    with EpisodeReader(data / "battery" / "episode_0.hdf5") as episode:
        assert check(episode) == []
    with EpisodeReader(data / "battery" / "episode_0.hdf5") as episode:
        assert episode.facts.outcome is Outcome.UNLABELLED
        assert episode.steps >= 60


def test_second_ctrl_c_ends_holding(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with collecting(data, *arguments(tmp_path)) as collect:
        collect.wait_for_step(30)
        collect.pids()
        ticks = RingReader(collect.runtime / "ticks")
        collect.process.send_signal(signal.SIGINT)
        wait_until(  # two at once would merge into one signal
            lambda: collect.field("session", "phase") != Phase.RECORDING, 60, "the first to count"
        )
        collect.process.send_signal(signal.SIGINT)
        status, text = collect.finish()
        assert status == 130, text
        assert "left holding" in text
        assert State(int(ticks.newest()["state"])) is State.HOLDING
        nothing_left(collect)
    assert steps_on_disk(data / "battery", 0) >= 30


def test_lost_terminal_holds_then_rests(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with collecting(
        data, *arguments(tmp_path, "--episodes", "5", hold_timeout_s=2.0, max_steps=1400)
    ) as collect:
        collect.wait_for_step(30)
        collect.pids()
        collect.process.kill()
        collect.wait_for_state(State.HOLDING)
        collect.wait_for_state(State.RESTING)
        nothing_left(collect)
    with EpisodeReader(data / "battery" / "episode_0.hdf5") as episode:
        assert episode.facts.outcome is Outcome.UNLABELLED
    assert not list((data / "battery").glob("episode_1.*"))


def test_a_terminal_lost_before_the_first_episode_holds_then_rests(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = arguments(tmp_path, hold_timeout_s=2.0)
    rig = Path(settings[settings.index("--rig") + 1])
    slow = rig.read_text().replace("ramp_speed_rad_s = 0.8", "ramp_speed_rad_s = 0.005")
    rig.write_text(slow)  # so that it comes home long after the terminal has been missed
    with collecting(data, *settings) as collect:
        collect.wait_for_state(State.HOMING)
        collect.pids()
        collect.process.kill()
        collect.wait_for_state(State.HOLDING)
        collect.wait_for_state(State.RESTING)
        assert collect.field("ticks", "last_episode") == NO_EPISODE


def test_attached_terminal_is_asked_before_the_arms_move_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = arguments(tmp_path, "--episodes", "2", max_steps=1400)
    with collecting(data, *settings) as collect:
        collect.wait_for_step(30)
        collect.pids()
        collect.process.kill()
        collect.wait_for_state(State.HOLDING)
        keyboard, terminal = pty.openpty()
        attached = subprocess.Popen(
            [*command(data), "--attach"], stdin=terminal, stdout=subprocess.PIPE, text=True
        )
        assert attached.stdout is not None
        lines = iter(attached.stdout.readline, "")
        assert f"SIMULATED RIG, task battery, into {data}" in next(lines)
        assert any("Press Enter to bring the arms" in line for line in lines)
        assert collect.field("ticks", "state") == State.HOLDING
        os.write(keyboard, b"\n")
        wait_until(lambda: collect.field("recorder", "episode") == 1, 60, "the next episode")
        attached.send_signal(signal.SIGINT)
        assert attached.wait(60) == 130
        attached.stdout.close()
        for descriptor in (keyboard, terminal):
            os.close(descriptor)
        nothing_left(collect)
    for number in (0, 1):
        with EpisodeReader(data / "battery" / f"episode_{number}.hdf5") as episode:
            assert episode.facts.outcome is Outcome.UNLABELLED
