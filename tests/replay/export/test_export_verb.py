"""What `episodes export` does whatever the format: whole or absent, and it says what it did."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest

from tests.helpers.disk_limits import no_file_longer_than
from tests.replay.export.export_bench import export, make_episodes, notes, start_export

PATIENCE_S = 30.0
MANY_STEPS = 40_000
"""Padded to so many, an episode takes seconds."""


@pytest.fixture(scope="module")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_episodes(tmp_path_factory.mktemp("export") / "battery", 12, 9)


@pytest.fixture
def working(episodes: list[Path], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An export to tmp_path/out that is in the middle of its work."""
    words = ("raw", *episodes, "--out", tmp_path / "out", "--length", MANY_STEPS)
    process = start_export(*words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE_S
    while not list(tmp_path.glob(".out.building/episode_0.hdf5")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    yield process
    process.kill()
    process.communicate(timeout=PATIENCE_S)


def test_an_export_says_where_everything_came_from(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "of" / "mine"
    assert export("raw", *reversed(episodes), "--out", out) == 0
    said = capsys.readouterr()
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    assert f"Exported to {out}: 4 files, {size:.1f} MB.\n" in said.out
    assert not said.err
    told = notes(out)
    assert told["format"] == "raw"
    assert told["software"]["tandem-teleop"]
    assert told["settings"] == {"length": "longest", "steps": 12, "cameras": "cam_0,cam_1"}
    names = [
        (each["source"], each["episode_id"], each["files"], each["steps"], each["exported_steps"])
        for each in told["episodes"]
    ]
    assert names == [
        ("battery/episode_0.hdf5", "id-0", ["episode_0.hdf5"], 12, 12),
        ("battery/episode_1.hdf5", "id-1", ["episode_1.hdf5"], 9, 12),
    ]
    readme = (out / "README.txt").read_text()
    assert "SIMULATED" in readme
    assert "battery/episode_1.hdf5, 12 steps, success, simulated arms, id id-1" in readme
    assert {path.name for path in out.iterdir()} == {
        *("README.txt", "export.json", "episode_0.hdf5", "episode_1.hdf5")
    }
    assert [path.name for path in out.parent.iterdir()] == ["mine"]


def test_a_folder_that_is_there_is_left_alone(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert export("raw", *episodes, "--out", out) == 2
    assert "exists already" in capsys.readouterr().err
    file = tmp_path / "file"
    file.touch()
    assert export("raw", *episodes, "--out", file / "out") == 2
    assert capsys.readouterr().err == f"episodes: Cannot make {file}/out: {file} is no folder.\n"
    assert not any(out.iterdir())


def test_a_dry_run_tells_and_writes_nothing(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "of" / "mine"
    assert export("raw", *episodes, "--out", out, "--dry-run") == 0
    said = capsys.readouterr().out
    assert f"{episodes[1]} -> episode_1.hdf5, 12 steps" in said
    assert "numbered anew" not in said
    assert "1 episode is padded from 9 to 12 steps by repeating the last row." in said
    assert export("raw", episodes[1], "--out", out, "--dry-run") == 0
    said = capsys.readouterr().out
    assert f"{episodes[1]} -> episode_0.hdf5, 9 steps" in said
    assert "Episodes are numbered anew from 0: mind which is which." in said
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("--json", "raw"), ("raw", "--json")])
def test_programs_are_told_in_json(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert export(*words, *episodes, "--out", tmp_path / "out", "--dry-run") == 0
    *each, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [one["path"] for one in each] == list(map(str, episodes))
    assert (last["episodes"], last["dry_run"], last["out"]) == (2, True, str(tmp_path / "out"))


def test_what_is_unsound_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound, damaged = make_episodes(tmp_path / "battery", 5, 5)
    with h5py.File(damaged, "r+") as file:
        file["/observations/images/cam_0"][2, 50] ^= 255
    journal = damaged.with_name("notes.hdf5")
    journal.write_bytes(b"no episode")
    assert export("raw", sound, damaged, journal, "--out", tmp_path / "out") == 1
    told = notes(tmp_path / "out")
    assert [each["source"] for each in told["episodes"]] == ["battery/episode_0.hdf5"]
    assert [each["source"] for each in told["left_out"]] == [
        "battery/episode_1.hdf5",
        "battery/notes.hdf5",
    ]
    said = capsys.readouterr().out
    assert "Images of cam_0 differ from what was recorded at step 2" in said
    assert "differ from what was recorded" in (tmp_path / "out" / "README.txt").read_text()
    assert export("raw", damaged, "--out", tmp_path / "none") == 2
    assert "No sound episode is left to export" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_filters_choose_and_what_may_not_be_meant_is_said(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = episodes[0].parent
    words = ("raw", folder, "--out", tmp_path / "out", "--dry-run")
    assert export(*words, "--min-steps", 10) == 0
    assert "The filters take 1 of 2 episodes." in capsys.readouterr().out
    assert export(*words, "--label", "failure") == 2
    assert "The filters leave no episode" in capsys.readouterr().err
    copy = tmp_path / "episode_7.hdf5"
    copy.write_bytes(episodes[0].read_bytes())
    with h5py.File(copy, "r+") as file:
        file.attrs["verdict"], file.attrs["success"] = b"reject", b"failure"
        file.attrs["task"] = b"cube\x1b[2J"
        file.attrs["episode_id"] = b"another"
    assert export("raw", folder, copy, "--out", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "of verdict reject (--verdict chooses)." in said
    assert "1 episode called failure (--label chooses)." in said
    assert "They are of 2 tasks: battery, cube\ufffd[2J." in said
    assert "\x1b" not in (tmp_path / "out" / "README.txt").read_text()


def test_a_copy_is_left_out_and_said_to_be_one(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "episode_7.hdf5"
    copy.write_bytes(episodes[0].read_bytes())
    assert export("raw", *episodes, copy, "--out", tmp_path / "out") == 0
    why = f"{copy} is a copy of {episodes[0]}."
    assert f"Left out: {why}\n" in capsys.readouterr().out
    told = notes(tmp_path / "out")
    assert len(told["episodes"]) == 2
    assert [each["left_out"] for each in told["left_out"]] == [why]


def test_a_killed_export_leaves_no_folder_and_the_next_one_clears_up(
    working: subprocess.Popen[bytes], episodes: list[Path], tmp_path: Path
) -> None:
    working.kill()
    working.wait(PATIENCE_S)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / ".out.building").exists()
    assert export("aloha-swapped", *episodes, "--out", tmp_path / "other") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    assert export("raw", *episodes, "--out", tmp_path / "out") == 0


def test_an_export_that_is_ended_leaves_nothing(
    working: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    working.terminate()
    assert working.communicate(timeout=PATIENCE_S) == (None, b"")
    assert working.returncode == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_two_do_not_fill_one_folder_and_ctrl_c_leaves_nothing(
    working: subprocess.Popen[bytes],
    episodes: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    working.send_signal(signal.SIGSTOP)
    assert export("raw", *episodes, "--out", tmp_path / "out") == 2
    assert "Another process is writing" in capsys.readouterr().err
    assert export("raw", *episodes, "--out", tmp_path / "other") == 0
    assert (tmp_path / ".out.building" / "episode_0.hdf5").exists()
    working.send_signal(signal.SIGINT)
    working.send_signal(signal.SIGCONT)
    assert working.communicate(timeout=PATIENCE_S) == (
        None,
        b"Interrupted: nothing was written.\n",
    )
    assert working.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_full_disk_is_told_beforehand(
    small_disk: Path,
    episodes: list[Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert export("raw", *episodes, "--out", small_disk / "of" / "out", "--length", 500) == 2
    said = capsys.readouterr()
    assert "MB free, and the export may need 20.3 MB" in said.err
    assert said.err.count("\n") == 1
    assert not any(small_disk.iterdir())


@pytest.mark.parametrize(
    ("words", "limit"),
    [(("raw", "--length", "500"), 1 << 20), (("aloha-swapped",), 1 << 14), (("rerun",), 1 << 14)],
)
def test_a_disk_that_refuses_meanwhile_leaves_nothing(
    episodes: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    limit: int,
) -> None:
    with no_file_longer_than(limit):
        assert export(*words, *episodes, "--out", tmp_path / "of" / "out") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"episodes: Cannot write {tmp_path / 'of' / 'out'}: ")
    assert error.endswith("Nothing is left of it.\n")
    assert error.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_a_terminal_shows_how_far_it_is(episodes: list[Path], tmp_path: Path) -> None:
    ours, its = pty.openpty()
    process = start_export(
        *("raw", *episodes, "--out", tmp_path / "out"),
        stdout=subprocess.DEVNULL,
        stderr=its,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(its)
    seen = b""
    while True:
        try:
            seen += (part := os.read(ours, 4096))
        except OSError:  # the other end is closed
            break
        if not part:
            break
    os.close(ours)
    assert process.wait(PATIENCE_S) == 0
    assert b"looking" in seen
    assert b"exporting" in seen
    assert b"100%" in seen
