"""Capture in whole sessions: webcams that freeze, die and come back.

Cameras and arms are emulated, over loopback and pseudo-terminals; all else is as on a real rig.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from camera_server import CameraServer
from emulated_rig import EmulatedRig
from session_harness import collecting, emulated_rig, wait_until

from recorder.cameras.camera import CameraState
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.judge import judge
from teleop.tick import Outcome, State

NAMES = ("cam_high", "cam_low")
SIZE = "160x120"


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "wave") as rig:
        yield rig


@pytest.fixture
def cameras() -> Iterator[CameraServer]:
    with CameraServer(*NAMES, "--size", SIZE, "--rate", "50") as server:
        yield server


def arguments(folder: Path, arms: EmulatedRig, cameras: CameraServer) -> list[str]:
    """A rig file with these webcams, and a task that ends when somebody ends it."""
    rig = emulated_rig(folder, arms.ports)
    head, _, _ = rig.read_text().partition("[[cameras]]")
    tables = [
        f'[[cameras]]\nname = "{name}"\nkind = "webcam"\ndevice = "{url}"\n'
        "width = 160\nheight = 120\nrate_hz = 50\n"
        for name, url in cameras.urls.items()
    ]
    rig.write_text(head + "".join(tables))
    task = folder / "wave.toml"
    task.write_text(
        'name = "wave"\nprompt = "Wave."\nmax_steps = 3000\nepisodes = 1\nreset_s = 0\n'
    )
    return ["--task", str(task), "--rig", str(rig)]


def camera_field(collect: Any, name: str, camera: int) -> Any:
    status = collect.record("recorder")
    return None if status is None else status[name][camera]


def wait_for_camera(collect: Any, camera: int, state: CameraState) -> None:
    wait_until(
        lambda: camera_field(collect, "camera_state", camera) == state, 30, f"{camera} {state.name}"
    )


def start(collect: Any, words: str = "to start episode 1 of 1") -> None:
    collect.wait_for_prompt(words)
    collect.press(b"\n")
    collect.wait_for_state(State.FOLLOWING)


def test_a_frozen_camera_is_seen_live_and_in_the_file_and_disturbs_nothing_else(
    tmp_path: Path, arms: EmulatedRig, cameras: CameraServer
) -> None:
    with collecting(
        tmp_path / "data", *arguments(tmp_path, arms, cameras), keyboard=True
    ) as collect:
        start(collect)
        collect.wait_for_step(50)
        cameras.ask("freeze", "cam_low", ms=700)
        wait_for_camera(collect, 1, CameraState.STALLED)
        assert camera_field(collect, "camera_state", 0) == CameraState.LIVE
        wait_for_camera(collect, 1, CameraState.LIVE)
        collect.wait_for_step(150)
        collect.press(b"\n")
        collect.wait_for_prompt("to start episode 1 of 1")  # once more: this one was rejected
        collect.ask("accept")
        status, text = collect.finish()
    assert status == 0, text
    assert "cam_low has given no picture for" in text
    assert "cam_low gives pictures again, after" in text
    (path,) = (tmp_path / "data" / "wave").glob("*.hdf5")
    with EpisodeReader(path) as episode:
        assert check(episode) == []
        stale = episode.column("/tandem/frame_stale").astype(bool)
        assert 25 <= stale[:, 1].sum() <= 45  # 700 ms are 35 steps; two periods of them are not
        ages_ms = episode.column("/tandem/frame_age_ns")[:, 1] / 1e6
        assert 600 <= ages_ms.max() <= 900
        assert episode.column("/tandem/frame_skew_ns").max() >= 600e6
        assert not episode.column("/tandem/frame_dropped").any()
        assert (np.diff(episode.column("/tandem/step")) == 1).all()
        assert any("cam_low has given no picture" in event.text for event in episode.events())
    found = {(each.check, each.where) for each in judge(path).findings}
    assert ("stale", "cam_low") in found
    assert ("stale", "cam_high") not in found


def test_a_camera_that_dies_ends_the_episode_holding_and_the_next_waits_for_it(
    tmp_path: Path, arms: EmulatedRig, cameras: CameraServer
) -> None:
    with collecting(
        tmp_path / "data", *arguments(tmp_path, arms, cameras), keyboard=True
    ) as collect:
        start(collect)
        collect.wait_for_step(50)
        cameras.ask("die", "cam_low")
        collect.wait_for_prompt("Press Enter to bring the arms to their start pose")
        assert collect.field("ticks", "state") == State.HOLDING
        collect.press(b"\n")
        collect.wait_for_prompt("No picture from cam_low")
        assert collect.field("ticks", "state") == State.WAITING
        cameras.ask("revive", "cam_low")
        start(collect)
        collect.wait_for_step(60, episode=1)
        collect.press(b"\n")
        status, text = collect.finish()
    assert status == 1, text
    assert "warning: No picture from cam_low for 1 s. The arms hold" in text
    first, second = sorted((tmp_path / "data" / "wave").glob("*.hdf5"))
    with EpisodeReader(first) as episode:
        assert check(episode) == []
        assert episode.facts.outcome is Outcome.UNLABELLED
        silent_steps = episode.column("/tandem/frame_repeat")[:, 1][::-1].argmin()
        assert 50 <= silent_steps <= 100  # a second, and what it takes to hold
        assert any("No picture from cam_low for 1 s" in each.text for each in episode.events())
    with EpisodeReader(second) as episode:
        assert check(episode) == []
        assert not episode.column("/tandem/frame_missing").any()
        assert (np.diff(episode.column("/tandem/frame_number"), axis=0) >= 0).all()
    assert judge(first).verdict == "reject"


def test_no_episode_starts_without_a_camera_that_was_never_there(
    tmp_path: Path, arms: EmulatedRig, cameras: CameraServer
) -> None:
    cameras.ask("die", "cam_high")
    with collecting(
        tmp_path / "data", *arguments(tmp_path, arms, cameras), keyboard=True
    ) as collect:
        collect.wait_for_prompt("No picture from cam_high: see to cable and power.")
        collect.press(b"\n")
        cameras.ask("revive", "cam_high")
        collect.wait_for_prompt("to start episode 1 of 1")
        cameras.ask("die", "cam_high")  # after all was well
        collect.wait_for_prompt("No picture from cam_high")
        cameras.ask("revive", "cam_high")
        start(collect)
        collect.wait_for_step(60)
        collect.press(b"\n")
        status, text = collect.finish()
    assert status == 0, text
    assert "cam_high" in text


def test_arms_do_not_follow_for_long_without_a_recorder(
    tmp_path: Path, arms: EmulatedRig, cameras: CameraServer
) -> None:
    with collecting(
        tmp_path / "data", *arguments(tmp_path, arms, cameras), keyboard=True
    ) as collect:
        start(collect)
        collect.wait_for_step(30)
        os.kill(collect.pid("recorder"), signal.SIGSTOP)
        collect.wait_for_state(State.HOLDING)
        collect.wait_for_prompt("Press Enter to bring the arms to their start pose")
        os.kill(collect.pid("recorder"), signal.SIGCONT)
        collect.bring_home("to start episode 1 of 1")
        collect.process.send_signal(signal.SIGINT)
        status, text = collect.finish()
    assert status == 1, text
    assert "warning: The recorder is not heard of. The arms hold" in text
    (path,) = (tmp_path / "data" / "wave").glob("*.hdf5")
    with EpisodeReader(path) as episode:
        assert (np.diff(episode.column("/tandem/step")) == 1).all()
        lasting = episode.column("/tandem/frame_age_ns").max(axis=0)
        assert (lasting > 2.5e9).all()  # what was there before stands in, as old as it is
        assert episode.column("/tandem/frame_stale").sum(axis=0).min() > 100
