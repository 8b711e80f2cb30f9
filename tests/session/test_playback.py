"""``replay EPISODE --on RIG``: on the simulated rig in the recorded scene, and on emulated servos
that are a real rig as far as the session knows."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from emulated_rig import EmulatedRig
from session_harness import ROOT, emulated_rig, run, running, small_rig, wait_until

from recorder.episode.reader import EpisodeReader
from session.processes import environment
from teleop.gripper import GRIPPERS
from teleop.joints import SERVOS_PER_ARM
from teleop.rig_config import PoseConfig
from teleop.tick import State
from tests.recorder.fake_rig import make_episode

START = np.tile([*PoseConfig().start_rad, 0.1], 2)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cube that is handed over, recorded on the simulated rig with one small camera."""
    folder = tmp_path_factory.mktemp("recorded")
    rig = small_rig(folder, cameras=1)
    out = folder / "data"
    wanted = ["--task", "transfer_cube", "--rig", str(rig), "--seed", "5", "--out", str(out)]
    status, text = run(out, *wanted)
    assert status == 0, text
    path = out / "transfer_cube" / "episode_0.hdf5"
    with EpisodeReader(path) as episode:
        assert episode.facts.success == "success"
    return path


def replay(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    """Run it to its end: exit status, the records of playbacks, everything said on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "replay", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment(),
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, [line for line in lines if "ticks" in line], done.stderr


def test_the_task_succeeds_again_from_its_scene(recorded: Path) -> None:
    status, reports, said = replay(recorded, "--on", "sim")
    assert (status, said) == (0, "")
    (report,) = reports
    with EpisodeReader(recorded) as episode:
        assert report["ticks"] == report["played"] == episode.steps
    assert report["complete"]
    assert report["succeeded"]
    assert report["stages"][report["stage"]] == "transferred"
    assert len(report["joints"]) == 14
    assert report["rms_rad"] < 0.005
    assert abs(report["largest_rad"]) < 0.05


def test_it_is_the_scene_that_is_judged_and_no_recording_of_a_success(
    recorded: Path, tmp_path: Path
) -> None:
    """The same commands with the cube elsewhere grasp nothing."""
    path = tmp_path / "episode_0.hdf5"
    shutil.copyfile(recorded, path)
    with h5py.File(path, "r+") as file:
        state = file["/tandem/sim_state"][0]
        with EpisodeReader(recorded) as episode:
            moved = np.ptp(episode.column("/tandem/sim_state"), axis=0)
        # The cube's free joint comes behind 16 of the arms, after time: it is what flies farthest.
        place = 1 + 16
        assert moved[place] > 0.1
        state[place] += 0.12
        file["/tandem/sim_state"][0] = state
    status, (report,), _ = replay(path, "--on", "sim")
    assert status == 0  # it came to its end: that the task failed is told, and is no fault
    assert report["complete"]
    assert report["succeeded"] is False


def test_slowly_it_takes_as_much_longer(recorded: Path) -> None:
    status, (report,), _ = replay(recorded, "--on", "sim", "--speed", "0.5")
    with EpisodeReader(recorded) as episode:
        assert report["ticks"] == 2 * episode.steps - 1
    assert status == 0
    assert report["succeeded"]


def test_arms_that_go_elsewhere_hold_and_that_is_a_failure(recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "episode_7.hdf5"
    shutil.copyfile(recorded, path)
    with h5py.File(path, "r+") as file:
        file["/observations/qpos"][100:, 2] += 0.5
    status, (report,), _ = replay(path, "--on", "sim")
    assert status == 1
    assert not report["complete"]
    assert 100 <= report["played"] <= 110
    assert "left_elbow is -0.5" in report["ended_by"]
    assert report["stage"] == 0


def test_against_the_wall_clock(recorded: Path) -> None:
    status, (report,), said = replay(recorded, "--on", "sim", "--realtime", "--speed", "2")
    assert status == 0, said
    assert report["complete"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--on", ""], "--on needs a rig: sim"),
        (["--on", "sum"], "Unknown rig 'sum'. Did you mean 'sim'?"),
        (["--on", "sim", "--speed", "3"], "--speed must be 0.1-2, not 3."),
        (["--on", "sim", "--speed", "nan"], "--speed must be 0.1-2, not nan."),
        (["--on", "sim", "--max-error", "0"], "--max-error must be 0.01-3.14, not 0."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    recorded: Path, options: list[str], sentence: str
) -> None:
    status, reports, said = replay(recorded, *options)
    assert (status, reports) == (2, [])
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("/action", np.nan, "not all of its commands are numbers"),
        ("/observations/qpos", np.inf, "not all of its positions are numbers"),
        ("/action", 90.0, "left_waist is told to go to 90 at step 0, far beyond its limits"),
        ("/tandem/sim_state", np.inf, "its scene is not known at the first step"),
        ("/tandem/step", 0, "its steps are in no order"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_starts(
    recorded: Path, tmp_path: Path, column: str, value: float, sentence: str
) -> None:
    path = tmp_path / "episode_7.hdf5"
    shutil.copyfile(recorded, path)
    with h5py.File(path, "r+") as file:
        file[column][...] = value
    status, reports, said = replay(path, "--on", "sim")
    assert (status, reports) == (2, [])
    assert sentence in said


def test_a_rate_that_cannot_be_is_refused(recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "episode_7.hdf5"
    shutil.copyfile(recorded, path)
    with h5py.File(path, "r+") as file:
        file.attrs["fps"] = 10**9
    status, reports, said = replay(path, "--on", "sim")
    assert (status, reports) == (2, [])
    assert said == f"replay: {path}: 1000000000 steps a second is no rate of an episode.\n"


def test_of_several_the_bad_ones_are_told_first_and_the_others_played(
    recorded: Path, tmp_path: Path
) -> None:
    for number in (0, 1, 2):
        shutil.copyfile(recorded, tmp_path / f"episode_{number}.hdf5")
    (tmp_path / "episode_0.hdf5").write_text("no HDF5")
    with h5py.File(tmp_path / "episode_2.hdf5", "r+") as file:
        file["/observations/images/cam_high"][5, 50] ^= 0xFF
    status, reports, said = replay(tmp_path, "--on", "sim")
    assert status == 1
    assert [report["episode"] for report in reports] == ["episode_1", "episode_2"]
    assert "episode_0.hdf5 is not an episode file" in said
    assert "episode_2.hdf5 is unsound: Images of cam_high differ" in said
    assert not list(Path(tempfile.gettempdir()).glob(f"tandem-replay-{os.getpid()}-*"))


@pytest.mark.parametrize("way", ["enter", "ctrl-c"])
def test_the_operator_ends_it(recorded: Path, way: str) -> None:
    rig = ROOT / "configs" / "rigs" / "sim-realtime.toml"
    arguments = [str(recorded), "--on", str(rig), "--realtime", "--headless", "--speed", "0.2"]
    with running(rig, [sys.executable, "-m", "replay", *arguments]) as session:
        wait_until(lambda: session.field("ticks", "step") > 60, 60, "sixty steps")
        if way == "enter":
            session.ask("go_on")
        else:
            session.process.send_signal(signal.SIGINT)
        status, text = session.finish()
    assert status == (1 if way == "enter" else 130), text
    assert f"ticks were played: the operator {'ended it' if way == 'enter' else 'left'}" in text
    assert "The arms are at rest, torque off." in text


@pytest.mark.parametrize("victim", [pytest.param("world", marks=pytest.mark.slow), "control"])
def test_what_was_played_is_told_whatever_dies(recorded: Path, victim: str) -> None:
    rig = ROOT / "configs" / "rigs" / "sim-realtime.toml"
    arguments = [str(recorded), "--on", str(rig), "--realtime", "--headless", "--speed", "0.2"]
    with running(rig, [sys.executable, "-m", "replay", *arguments]) as session:
        wait_until(lambda: session.field("ticks", "step") > 60, 60, "sixty steps")
        os.kill(session.pid(victim), signal.SIGKILL)
        status, text = session.finish()
    assert status == 1, text
    assert re.search(r"episode_0: [0-9]+ of [0-9]+ ticks were played: ", text), text
    assert "tracking   rms 0.0" in text


# -- on a rig that somebody works


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports") as rig:
        yield rig


def waving(folder: Path, steps: int = 150) -> Path:
    """An episode of a real rig: both waists swing, the followers three ticks behind."""

    def wave(step: int, tick: Any) -> None:
        for field, behind in (("action", 0), ("qpos", 3)):
            tick[field] = START
            tick[field][[0, 7]] = 0.3 * np.sin(max(step - behind, 0) / 20)
        tick["leader"] = tick["action"]
        tick["leader"][[6, 13]] = GRIPPERS["tonyzhaozh"].leader_rad(0.1)

    facts = {"state_size": 0, "simulated": False, "time_base": "monotonic", "seed": None}
    return make_episode(folder, steps, 4, change=wave, cameras=1, rig_name="bench", **facts)


def torque(arms: EmulatedRig, bus: str) -> list[int]:
    return [arms.register(bus, i + 1, "torque_enable") for i in range(SERVOS_PER_ARM)]


def words(path: Path, rig: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "replay", str(path), "--on", str(rig), "--headless", *more]


def test_on_a_real_rig_nothing_moves_unasked_and_the_leaders_hold(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    path, rig = waving(tmp_path), emulated_rig(tmp_path, arms.ports)
    with running(rig, words(path, rig)) as session:
        session.wait_for_prompt("press Enter, to play episode_4 back")
        assert session.field("ticks", "state") == State.WAITING
        session.ask("go_on")
        session.wait_for_state(State.FOLLOWING)
        assert torque(arms, "leader_left") == [1] * SERVOS_PER_ARM
        session.wait_for_prompt("Press Enter to bring the arms to rest")
        assert session.field("ticks", "state") == State.HOLDING
        assert torque(arms, "follower_right") == [1] * SERVOS_PER_ARM
        session.ask("go_on")
        status, text = session.finish()
    assert status == 0, text
    assert "EMULATED ARMS: episode_4 is played back at 1x" in text
    assert "played back to its end, 150 ticks" in text
    assert "right_waist" in text
    assert torque(arms, "follower_right") == [0] * SERVOS_PER_ARM


def test_the_hold_key_ends_it_where_the_arms_are(tmp_path: Path, arms: EmulatedRig) -> None:
    path, rig = waving(tmp_path), emulated_rig(tmp_path, arms.ports)
    with running(rig, words(path, rig, "--speed", "0.2")) as session:
        session.wait_for_prompt("to play episode_4 back")
        session.ask("go_on")
        wait_until(lambda: session.field("ticks", "step") > 20, 30, "twenty steps")
        session.ask("hold")
        session.wait_for_state(State.HOLDING)
        session.wait_for_prompt("Press Enter to bring the arms to rest")
        session.ask("go_on")
        status, text = session.finish()
    assert status == 1, text
    assert "ticks were played: the operator stopped the arms" in text


def test_what_the_arms_do_not_do_again_ends_in_a_hold(tmp_path: Path, arms: EmulatedRig) -> None:
    path, rig = waving(tmp_path), emulated_rig(tmp_path, arms.ports)
    with h5py.File(path, "r+") as file:
        file["/observations/qpos"][60:, 8] -= 0.6
    with running(rig, words(path, rig)) as session:
        session.wait_for_prompt("to play episode_4 back")
        session.ask("go_on")
        session.wait_for_prompt("Press Enter to bring the arms to rest")
        assert session.field("ticks", "state") == State.HOLDING
        session.ask("go_on")
        status, text = session.finish()
    assert status == 1, text
    assert "right_shoulder is +0.60 rad from where it was in the recording" in text


def test_an_unsound_episode_is_not_played_on_a_rig(tmp_path: Path, arms: EmulatedRig) -> None:
    path, rig = waving(tmp_path), emulated_rig(tmp_path, arms.ports)
    with h5py.File(path, "r+") as file:
        file["/observations/images/cam_0"][5, 50] ^= 0xFF
    status, reports, said = replay(path, "--on", rig)
    assert (status, reports) == (2, [])
    assert "is unsound: Images of cam_0 differ" in said
    assert "It is not played on a rig." in said


def test_other_arms_than_the_rig_has_are_refused(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports)
    facts = {"state_size": 0, "simulated": False, "time_base": "monotonic", "seed": None}
    path = make_episode(tmp_path, 20, 1, cameras=1, sides=("right",), **facts)
    status, _, said = replay(path, "--on", rig)
    assert status == 2
    assert f"{path} has the arms right, rig 'bench' has left and right." in said
