"""``episodes stats``: what a dataset is like."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.episode.amend import amend
from replay.checking.moments import Moments
from replay.printer import Printer
from replay.verbs.stats import VERB
from teleop.tick import Outcome
from tests.recorder.fake_rig import calm, make_episode

LENGTHS = (20, 50, 31)


def wandering(number: int) -> Callable[[int, Any], None]:
    """A motion of its own for each episode, held back by a limit at two steps."""

    def change(step: int, tick: Any) -> None:
        calm(step + 40 * number, tick)
        tick["limited"][3] = 2 if step in (5, 6) else 0

    return change


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("battery")
    for number, steps in enumerate(LENGTHS):
        make_episode(folder, steps, number, change=wandering(number))
    amend(folder / "episode_1.hdf5", outcome=Outcome.FAILURE)
    return folder


Stats = Callable[..., tuple[int, str]]


@pytest.fixture
def stats(capsys: pytest.CaptureFixture[str]) -> Stats:
    """The exit status and what is said."""

    def run(*arguments: object) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        VERB.add_arguments(parser)
        parser.add_argument("--json", action="store_true")
        options = parser.parse_args(list(map(str, arguments)))
        status = VERB.run(options, Printer(as_json=options.json))
        return status, capsys.readouterr().out

    return run


def test_the_numbers_are_those_of_all_steps_together(folder: Path, stats: Stats) -> None:
    status, out = stats("--json", folder)
    found = json.loads(out)
    assert status == 0
    whole: dict[str, list[Any]] = {"/observations/qpos": [], "/action": []}
    for number in range(len(LENGTHS)):
        with h5py.File(folder / f"episode_{number}.hdf5") as file:
            for path, columns in whole.items():
                columns.append(file[path][:].astype(np.float64))
    starts = np.stack([rows[0] for rows in whole["/observations/qpos"]])
    for joint, each in enumerate(found["joints"].values()):
        for path, name in (("/observations/qpos", "qpos"), ("/action", "action")):
            values = np.concatenate(whole[path])[:, joint]
            expected = [values.min(), values.max(), values.mean(), values.std()]
            assert list(each[name].values()) == pytest.approx(expected, rel=1e-12)
        assert each["start"]["std"] == pytest.approx(starts[:, joint].std(), rel=1e-12)
    assert found["steps"] == {"total": 101, "min": 20, "median": 31, "max": 50}
    assert found["seconds"]["total"] == pytest.approx(101 / 50)
    assert found["labels"] == {"success": 2, "failure": 1}
    assert found["fps"] == [50]
    assert found["limited_steps"] == 6
    limited = {name: each["limited_steps"] for name, each in found["joints"].items()}
    assert limited.pop("left_forearm_roll") == 6
    assert set(limited.values()) == {0}
    assert [(each["name"], each["width"], each["height"]) for each in found["cameras"]] == [
        ("cam_0", 64, 48),
        ("cam_1", 64, 48),
    ]
    assert found["cameras"][0]["new_pictures_hz"] == pytest.approx(50)


def test_the_table_fits_a_terminal_of_80_columns(folder: Path, stats: Stats) -> None:
    status, out = stats(folder)
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == str(folder)
    assert max(map(len, lines[1:])) <= 80
    assert (
        "  length    shortest 0.40 s (20), median 0.62 s (31), longest 1.00 s (50) steps" in lines
    )
    assert "  labels    success 2, failure 1" in lines
    assert "  limited   5.9 % of steps" in lines
    assert len([line for line in lines if line.startswith(("  left_", "  right_"))]) == 14
    (roll,) = (line.split() for line in lines if line.startswith("  left_forearm_roll"))
    assert roll[1:4] == ["-0.09", roll[2], "0.08"]
    assert roll[-1] == "5.94"


def test_the_table_holds_whatever_numbers_there_are(tmp_path: Path, stats: Stats) -> None:
    path = make_episode(tmp_path, 20)  # positions of some hundred rad
    with h5py.File(path, "r+") as file:
        file["/observations/qpos"][3] = np.nan
        file["/action"][:, 1] = np.nan
        file["/action"][5, 2] = 3e38
    status, out = stats(path)
    assert status == 0
    assert max(map(len, out.splitlines()[1:])) <= 80
    assert "  missing   34 positions and commands are no numbers" in out.splitlines()
    _, as_json = stats("--json", path)
    assert json.loads(as_json)["joints"]["left_shoulder"]["action"] is None


def test_filters_leave_what_is_meant(folder: Path, stats: Stats) -> None:
    _, out = stats("--json", folder, "--label", "success")
    assert json.loads(out)["steps"]["total"] == 51
    status, out = stats(folder, "--task", "other")
    assert (status, out.splitlines()[-1]) == (0, "No episodes.")
    assert "There is no task other; there are: battery." in out


def test_folders_are_told_one_by_one(folder: Path, tmp_path: Path, stats: Stats) -> None:
    for name, sides in (("pair", ("left", "right")), ("one", ("right",))):
        (tmp_path / name).mkdir()
        make_episode(tmp_path / name, 10, sides=sides)
    status, out = stats("--json", tmp_path)
    found = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [Path(each["folder"]).name for each in found] == ["one", "pair"]
    assert [len(each["joints"]) for each in found] == [7, 14]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda f: f.__delitem__("/tandem/limited"), "no dataset /tandem/limited"),
        (lambda f: f.attrs.__setitem__("joint_names", np.array([b"a"] * 14)), "those of no arms"),
        (lambda f: f.move("/action", "/away"), "no dataset /action"),
    ],
)
def test_what_cannot_be_measured_is_said_and_left_out(
    folder: Path, tmp_path: Path, stats: Stats, spoil: Callable[[h5py.File], object], fault: str
) -> None:
    for number in (0, 1):
        content = (folder / f"episode_{number}.hdf5").read_bytes()
        (tmp_path / f"episode_{number}.hdf5").write_bytes(content)
    with h5py.File(tmp_path / "episode_0.hdf5", "r+") as file:
        spoil(file)
    status, out = stats(tmp_path)
    assert status == 1
    assert "  episodes  1: 50 steps, " in out
    (line,) = (line for line in out.splitlines() if line.startswith("  not measured: "))
    assert fault in line
    assert "episode_0.hdf5" in line


def test_many_are_measured_by_several_processes(
    folder: Path, tmp_path: Path, stats: Stats, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = stats("--json", folder)
    monkeypatch.setattr("replay.verbs.stats.WORTH_WORKERS", 2)
    assert stats("--json", folder) == alone


NUMBERS = st.lists(st.floats(-1e3, 1e3, width=32), max_size=30)


@given(parts=st.lists(NUMBERS, max_size=6))
def test_joined_moments_are_those_of_all_numbers(parts: list[list[float]]) -> None:
    joined = Moments()
    for part in parts:
        joined = joined.joined(Moments.of(np.array(part, np.float32)))
    numbers = np.array([number for part in parts for number in part])
    assert joined.count == len(numbers)
    if len(numbers):
        assert (joined.lowest, joined.highest) == (numbers.min(), numbers.max())
        assert joined.mean == pytest.approx(numbers.mean(), rel=1e-9, abs=1e-9)
        assert joined.std == pytest.approx(numbers.std(), rel=1e-9, abs=1e-6)
