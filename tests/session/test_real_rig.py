"""A rig that is real as far as the session knows: ports, gestures, keys, and nobody who resets it.

Emulated servos answer behind its ports; they outlive the session, so that it can be seen what it
left behind.
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from emulated_rig import EmulatedRig
from session_harness import collecting, emulated_rig, short_task

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from teleop.joints import SERVOS_PER_ARM
from teleop.tick import Need, Outcome, State

FOLLOWERS = ("follower_left", "follower_right")
ELBOW, GRIPPER = 4, 9
OVERLOAD = 0x20


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    """Four arms with hands on their leaders."""
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "wave") as rig:
        yield rig


def arguments(folder: Path, arms: EmulatedRig, *more: str, max_steps: int = 500) -> list[str]:
    rig, task = emulated_rig(folder, arms.ports), short_task(folder, max_steps)
    return ["--task", str(task), "--rig", str(rig), *more]


def torque(arms: EmulatedRig, bus: str) -> list[int]:
    return [arms.register(bus, i + 1, "torque_enable") for i in range(SERVOS_PER_ARM)]


def all_hold(arms: EmulatedRig) -> bool:
    return all(torque(arms, bus) == [1] * SERVOS_PER_ARM for bus in FOLLOWERS)


def trip(arms: EmulatedRig, bus: str, servo: int) -> None:
    """The servo shuts itself down, as after an overload."""
    arms.ask("set", bus, servo=servo, register="hardware_error_status", value=OVERLOAD)
    arms.ask("set", bus, servo=servo, register="torque_enable", value=0)


def episodes(folder: Path) -> list[Path]:
    return sorted((folder / "data" / "battery").glob("episode_*.hdf5"))


def test_a_gesture_starts_an_episode_and_its_last_step_ends_it(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "2", max_steps=100)
    with collecting(tmp_path / "data", *settings) as collect:
        for number in ("1 of 2", "2 of 2"):
            collect.wait_for_prompt(
                f"Open and close both leader grippers, or press Enter, to start episode {number}"
            )
            arms.ask("gesture")
            collect.wait_for_state(State.FOLLOWING)
        status, text = collect.finish()
    assert status == 0, text
    assert "EMULATED ARMS" in text
    assert "SIMULATED RIG" not in text
    assert "Saved 2 episodes (2 unlabelled)." in text
    for path in episodes(tmp_path):
        with EpisodeReader(path) as episode:
            assert check(episode) == []
            assert episode.steps == 100
            assert episode.facts.sim
            assert not episode.facts.simulated_time
    assert (tmp_path / "bench.last_session.json").exists()
    assert all(torque(arms, bus) == [0] * SERVOS_PER_ARM for bus in FOLLOWERS)


def test_enter_starts_and_ends_an_episode_and_space_stops_the_arms(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "2", max_steps=5000)
    with collecting(tmp_path / "data", *settings, keyboard=True) as collect:
        collect.wait_for_prompt("start episode 1 of 2")
        collect.press(b"\n")
        collect.wait_for_prompt("end the episode")
        collect.press(b"\n")  # one too many: it does not end what has just begun
        collect.wait_for_step(80)
        collect.press(b"\n")
        collect.wait_for_prompt("start episode 2 of 2")
        collect.press(b"\n")
        collect.wait_for_step(60, episode=1)
        collect.press(b" ")
        collect.wait_for_state(State.HOLDING)
        collect.bring_home("start episode 2 of 2")  # once more: that one does not count
        collect.ask("accept")
        status, text = collect.finish()
    assert status == 0, text
    assert "Stopped by the operator: the arms hold." in text
    assert "Episode 1 is not counted: the next take records it again" in text
    assert "Episode 1 counts." in text
    assert "A fault" not in text
    lengths = []
    for path in episodes(tmp_path):
        with EpisodeReader(path) as episode:
            assert episode.facts.outcome is Outcome.UNLABELLED
            lengths.append(episode.steps)
    assert len(lengths) == 2
    assert 80 <= lengths[0] < 5000
    assert 60 <= lengths[1] < 5000


def test_a_limp_elbow_comes_back_only_after_the_operator_says_so(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "2", max_steps=5000)
    with collecting(tmp_path / "data", *settings, keyboard=True) as collect:
        collect.wait_for_prompt("start episode")
        collect.press(b"\n")
        collect.wait_for_step(60, episode=0)
        trip(arms, "follower_left", ELBOW)
        collect.wait_for_prompt("Support the arm")
        assert collect.field("ticks", "need") == Need.CONFIRM
        assert arms.register("follower_left", ELBOW, "torque_enable") == 0
        assert torque(arms, "follower_right") == [1] * SERVOS_PER_ARM
        collect.press(b"\n")
        collect.wait_for_prompt("Press Enter to bring the arms to their start pose")
        assert all_hold(arms)
        collect.bring_home("start episode 1 of 2")
        collect.process.send_signal(signal.SIGINT)
        status, text = collect.finish()
    assert status == 1, text
    assert "0 accepted, 1 rejected, 0 discarded. A fault ended 1 episode." in text
    with EpisodeReader(episodes(tmp_path)[0]) as episode:
        assert episode.facts.outcome is Outcome.UNLABELLED
    with h5py.File(episodes(tmp_path)[0]) as file:
        assert "elbow" in str(file["tandem/events/text"][:])


def test_an_unplugged_arm_comes_back_by_itself_and_the_session_goes_on(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    settings = arguments(tmp_path, arms, "--episodes", "1", max_steps=100)
    with collecting(tmp_path / "data", *settings, keyboard=True) as collect:
        collect.wait_for_prompt("start episode 1 of 1")
        collect.press(b"\n")
        collect.wait_for_step(20)
        arms.ask("unplug", "follower_right")
        collect.wait_for_prompt("follower_right cannot be reached: plug the USB adapter in.")
        assert torque(arms, "follower_left") == [1] * SERVOS_PER_ARM
        arms.ask("plug", "follower_right")
        collect.bring_home("start episode 1 of 1")
        collect.ask("go_on")  # sooner than a keyboard tells two presses from one that is held
        status, text = collect.finish()
    assert status == 1, text
    assert (
        "Saved 2 episodes (2 unlabelled). 1 accepted, 1 rejected, 0 discarded. A fault ended "
        "1 episode."
    ) in text


def test_one_pair_of_arms_records_seven_joints(tmp_path: Path) -> None:
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "wave", "--sides", "right") as arms:
        settings = arguments(tmp_path, arms, "--episodes", "1", max_steps=60)
        with collecting(tmp_path / "data", *settings) as collect:
            collect.wait_for_prompt("start episode 1 of 1")
            arms.ask("gesture")
            status, text = collect.finish()
    assert status == 0, text
    with EpisodeReader(episodes(tmp_path)[0]) as episode:
        assert check(episode) == []
        assert episode.column("/action").shape == (60, 7)
        answered = episode.column("/tandem/bus_ok")
        assert answered.shape == (60, 2)
        assert answered.mean() > 0.9  # in real time on a busy machine, one may be late
