"""What the operator of a rig can ask for between the first take and the last.

On emulated arms: as far as the session knows they are real, with a person at the keys.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from emulated_rig import EmulatedRig
from session_harness import (
    Collect,
    collecting,
    emulated_rig,
    short_task,
    small_rig,
    wait_until,
)

from recorder.episode.reader import EpisodeFacts, EpisodeReader
from session.collection import FILE
from session.status import Phase, TakeState
from teleop.tick import Outcome, State


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    """Four arms with hands on their leaders, which stay at the start pose."""
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "wave") as rig:
        yield rig


def arguments(
    folder: Path, arms: EmulatedRig, *more: str, max_steps: int = 5000, reset_s: float = 0
) -> list[str]:
    rig, task = emulated_rig(folder, arms.ports), short_task(folder, max_steps, reset_s)
    return ["--task", str(task), "--rig", str(rig), *more]


def record(collect: Collect, number: str, episode: int, steps: int = 60) -> None:
    """Begin an episode by key, and let it go on for so many steps."""
    collect.wait_for_prompt(f"start episode {number}")
    collect.ask("go_on")
    collect.wait_for_step(steps, episode)


def wait_for(collect: Collect, episode: int, state: TakeState) -> None:
    wait_until(lambda: collect.takes().get(episode) is state, 30, f"{episode} to be {state.name}")


def facts(folder: Path, number: int) -> EpisodeFacts:
    with EpisodeReader(folder / "data" / "battery" / f"episode_{number}.hdf5") as episode:
        return episode.facts


def events(folder: Path, number: int) -> str:
    with h5py.File(folder / "data" / "battery" / f"episode_{number}.hdf5") as file:
        return "\n".join(text.decode() for text in file["tandem/events/text"][:])


def test_takes_are_discarded_brought_back_labelled_noted_and_recorded_again(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "3", reset_s=0.4)
    with collecting(tmp_path / "data", *settings) as collect:
        collect.ask("fly")
        collect.ask("discard")
        record(collect, "1 of 3", 0)
        collect.ask("note", text="the lamp\tflickers")
        collect.ask("end", outcome="success", text="in one go")
        collect.wait_for_prompt("start episode 2 of 3")
        collect.ask("discard")
        wait_for(collect, 0, TakeState.DISCARDED)
        collect.wait_for_prompt("start episode 1 of 3")
        collect.ask("undo")
        wait_for(collect, 0, TakeState.ACCEPTED)
        collect.ask("pause")
        collect.wait_for_prompt("Paused. Press Enter to go on.")
        assert collect.field("session", "phase") == Phase.PAUSED
        arms.ask("gesture")
        time.sleep(1.5)  # longer than a gesture takes
        assert collect.field("ticks", "state") == State.WAITING
        collect.ask("go_on")
        record(collect, "2 of 3", 1)
        collect.ask("redo")  # in mid-episode
        wait_for(collect, 1, TakeState.DISCARDED)
        record(collect, "2 of 3", 2)
        collect.ask("go_on")
        collect.wait_for_prompt("start episode 3 of 3")
        collect.ask("label", outcome="failure", text="fell down")
        record(collect, "3 of 3", 3)
        collect.ask("pause")
        collect.ask("pause")
        collect.ask("go_on")
        collect.wait_for_prompt(
            "All 3 recorded. Press Enter to end, or redo for the last one again."
        )
        assert collect.field("session", "phase") == Phase.REVIEWING
        status, text = collect.finish()
    assert status == 0, text
    assert "warning: Unknown request 'fly'" in text
    assert "Nothing to discard." in text
    assert "Episode 0 goes to the trash: undo brings it back." in text
    assert "The scene should be reset by now." in text
    assert "3 accepted, 0 rejected, 1 discarded." in text
    first, third = facts(tmp_path, 0), facts(tmp_path, 2)
    assert (first.outcome, first.label_reason) == (Outcome.SUCCESS, "in one go")
    assert "operator: the lamp flickers" in events(tmp_path, 0)
    assert (third.outcome, third.label_reason) == (Outcome.FAILURE, "fell down")
    kept = sorted(path.name for path in (tmp_path / "data" / "battery").glob("*.hdf5"))
    assert kept == ["episode_0.hdf5", "episode_2.hdf5", "episode_3.hdf5"]
    assert not (tmp_path / "data" / "battery" / FILE).exists()


def test_a_take_that_the_checks_reject_is_recorded_again_unless_accepted(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "1", max_steps=20)  # shorter than any task
    with collecting(tmp_path / "data", *settings) as collect:
        collect.wait_for_prompt("start episode 1 of 1")
        collect.ask("go_on")
        wait_for(collect, 0, TakeState.REJECTED)
        collect.wait_for_prompt("start episode 1 of 1")
        assert collect.field("session", "rejected") == 1
        take = collect.record("session")["take"][0]
        assert b"accept counts it all the same" in take["advice"].item()
        assert take["reason"].item()
        collect.ask("accept")
        status, text = collect.finish()
    assert status == 0, text
    assert "Episode 0 is rejected (" in text
    assert "Saved 1 episode (1 unlabelled)." in text


def test_closing_both_grippers_for_a_second_at_the_start_pose_ends_an_episode(
    tmp_path: Path,
) -> None:
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "still") as arms:
        settings = arguments(tmp_path, arms, "--episodes", "1")
        with collecting(tmp_path / "data", *settings) as collect:
            collect.wait_for_prompt("start episode 1 of 1")
            arms.ask("gesture")
            collect.wait_for_step(60)
            for rad in (0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.0):  # away, and back
                arms.ask("move", "leader_left", servo=1, rad=rad)
                time.sleep(0.1)
            status, text = collect.finish(60)
    assert status == 0, text
    with EpisodeReader(tmp_path / "data" / "battery" / "episode_0.hdf5") as episode:
        assert 60 <= episode.steps < 5000


def test_a_collection_is_gone_on_with_after_ctrl_c(tmp_path: Path, arms: EmulatedRig) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "2", max_steps=80)
    with collecting(tmp_path / "data", *settings) as collect:
        record(collect, "1 of 2", 0)
        record(collect, "2 of 2", 1, steps=10)
        collect.process.send_signal(signal.SIGINT)
        status, text = collect.finish()
    assert status == 130, text
    kept = json.loads((tmp_path / "data" / "battery" / FILE).read_text())
    assert (kept["wanted"], kept["numbers"], kept["open"]) == (2, [0], None)
    with collecting(tmp_path / "data", *settings[:-2]) as collect:
        collect.wait_for_prompt("start episode 2 of 2")
        assert collect.field("session", "accepted") == 1
        record(collect, "2 of 2", 2)
        status, text = collect.finish()
    assert status == 0, text
    assert not (tmp_path / "data" / "battery" / FILE).exists()


def test_an_edit_that_a_dead_recorder_has_not_done_is_done_by_the_next(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "2")
    with collecting(tmp_path / "data", *settings) as collect:
        record(collect, "1 of 2", 0)
        os.kill(collect.pid("recorder"), signal.SIGSTOP)
        collect.ask("end", outcome="success", text="before it died")
        wait_for(collect, 0, TakeState.SAVING)
        os.kill(collect.pid("recorder"), signal.SIGKILL)
        collect.wait_for_prompt("Press Enter to bring the arms to their start pose")
        collect.ask("go_on")
        collect.wait_for_prompt("start episode 2 of 2")
        collect.process.send_signal(signal.SIGINT)
        status, text = collect.finish()
    assert status == 130, text
    recorded = facts(tmp_path, 0)
    assert (recorded.outcome, recorded.label_reason) == (Outcome.SUCCESS, "before it died")


def simulated(folder: Path, *more: str, reset_s: float = 0) -> list[str]:
    rig, task = small_rig(folder, cameras=1), short_task(folder, 150, reset_s)
    return ["--task", str(task), "--rig", str(rig), "--seed", "5", *more]


def test_the_simulated_rig_by_hand_waits_for_every_sign(tmp_path: Path) -> None:
    settings = simulated(tmp_path, "--by-hand", "--episodes", "1", reset_s=20)
    with collecting(tmp_path / "data", *settings) as collect:
        collect.wait_for_prompt("Press Enter to start episode 1 of 1")
        assert collect.field("session", "reset_until_ns") == 0
        collect.ask("go_on")
        collect.wait_for_step(30, 0)
        collect.ask("hold")
        collect.wait_for_prompt("Press Enter to bring the arms to their start pose")
        assert collect.takes() == {0: TakeState.REJECTED}
        assert collect.field("session", "reset_until_ns") > time.monotonic_ns()
        collect.ask("go_on")
        record(collect, "1 of 1", 1, steps=20)
        collect.wait_for_prompt("All 1 recorded.")  # all its steps
        collect.ask("redo")
        record(collect, "1 of 1", 2, steps=20)
        assert collect.field("session", "reset_until_ns") == 0
        collect.wait_for_prompt("All 1 recorded.")
        collect.ask("go_on")
        status, text = collect.finish()
    assert status == 0, text
    assert "1 accepted, 1 rejected, 1 discarded." in text
    assert [seed(tmp_path, number) for number in (0, 2)] == [5, 7]


def test_the_simulated_rig_that_runs_by_itself_hears_the_operator_too(tmp_path: Path) -> None:
    with collecting(tmp_path / "data", *simulated(tmp_path, "--episodes", "1")) as collect:
        collect.ask("pause")
        collect.wait_for_prompt("Paused. Press Enter to go on.")
        collect.ask("go_on")
        collect.wait_for_step(20, 0)
        collect.ask("discard")
        collect.wait_for_step(20, 1)
        collect.ask("end", outcome="success", text="far enough")
        status, text = collect.finish()
    assert status == 0, text
    assert "1 accepted, 0 rejected, 1 discarded." in text
    kept = facts(tmp_path, 1)
    assert (kept.outcome, kept.label_reason) == (Outcome.SUCCESS, "far enough")
    assert seed(tmp_path, 1) == 6


def seed(folder: Path, number: int) -> int:
    with h5py.File(folder / "data" / "battery" / f"episode_{number}.hdf5") as file:
        return int(file.attrs["seed"])
