"""Ctrl-C while `replay` writes: one sentence says what has come of it, and that is true."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.interrupted import interruption_told
from tests.replay.pictures.well_behaved import calm_episode
from tests.replay.said import Said

REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 30.0
NOTHING = "Interrupted: nothing was written.\n"
STEPS = 600
IN_THE_MIDDLE = """
import signal, sys
from replay import cli
from replay.export import rerun

rerun._write_log = lambda *_: signal.raise_signal(signal.SIGINT)
sys.exit(cli.main())
"""
UNSET = {name: value for name, value in os.environ.items() if name != "RUST_LOG"}


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return calm_episode(tmp_path_factory.mktemp("battery"), STEPS, 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder to write to."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def interrupted(begun: Callable[[], bool], *words: object) -> str:
    """What `replay` says on standard error that is interrupted once it has begun."""
    command = [sys.executable, "-m", "replay", *map(str, words)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=UNSET, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not begun():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.002)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 130
    return said.decode()


def test_what_was_written_before_the_video_is_named(episode: Path, home: Path) -> None:
    sheet, video = home / "sheet.png", home / "out.mp4"
    said = interrupted(
        lambda: any(home.glob(".out.*.new.mp4")),
        *(episode, "--contact-sheet", sheet, "--video", video),
    )
    assert said == f"Interrupted: {sheet} was written, nothing else.\n"
    assert os.listdir(home) == ["sheet.png"]


def test_nothing_is_left_of_a_recording_for_rerun(episode: Path, home: Path) -> None:
    """Nor does Rerun say a word about what it throws away."""
    pytest.importorskip("rerun")
    command = [sys.executable, "-c", IN_THE_MIDDLE, str(episode), "--rerun", str(home / "out.rrd")]
    done = subprocess.run(command, cwd=REPOSITORY, env=UNSET, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (130, NOTHING)
    assert not any(home.iterdir())


def test_nothing_is_left_of_a_report(episode: Path, home: Path, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(30):
        (many / f"episode_{number}.hdf5").hardlink_to(episode)
    said = interrupted(
        lambda: any(home.glob(".out.building/episodes/*")), many, "--report", home / "out"
    )
    assert said == NOTHING
    assert not any(home.iterdir())


def test_what_was_there_before_has_not_been_written(home: Path, said: Said) -> None:
    same, new, replaced = (home / name for name in ("same", "new", "replaced"))
    same.touch()
    replaced.touch()
    with pytest.raises(KeyboardInterrupt), interruption_told(same, new, replaced):
        raise KeyboardInterrupt
    assert said().err == NOTHING

    def work() -> None:
        new.touch()
        (home / "building").touch()
        (home / "building").replace(replaced)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), interruption_told(same, new, replaced):
        work()
    assert said().err == f"Interrupted: {new} and {replaced} were written, nothing else.\n"


def test_where_nothing_was_to_be_written_nothing_is_said(said: Said) -> None:
    with pytest.raises(KeyboardInterrupt), interruption_told():
        raise KeyboardInterrupt
    assert said().err == ""
