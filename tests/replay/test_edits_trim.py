"""``episodes trim`` as somebody types it, and ``undo`` of it."""

import json
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from recorder.folder.guards import folder_lock
from replay.cli import main as replay
from replay.episodes_cli import main
from replay.verbs.rows import Place, Rows, between, without_idle_ends
from tests.recorder.fake_rig import make_episode
from tests.replay.edits_bench import calm_between, is_sound, make_calm
from tests.replay.said import Said

REPOSITORY = Path(__file__).parents[2]
STEPS = 260
BEGIN, END = 60, 229
"""It moves between these: 0.03 rad away from either pose it is one step later, or earlier."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("made")
    idle = partial(calm_between, begin=BEGIN, end=END)
    return {
        "idle": make_episode(folder, STEPS, 0, change=idle).read_bytes(),
        "busy": make_calm(folder, STEPS, 1).read_bytes(),
    }


@pytest.fixture
def battery(tmp_path: Path, made: dict[str, bytes]) -> Path:
    """A folder of which episode 0 idles at both ends, and episode 1 does not."""
    folder = tmp_path / "battery"
    folder.mkdir()
    for number, content in enumerate(made.values()):
        (folder / f"episode_{number}.hdf5").write_bytes(content)
    return folder


def steps(path: Path) -> int:
    with EpisodeReader(path) as episode:
        return episode.steps


def files(folder: Path) -> dict[str, bytes]:
    there = (path for path in folder.rglob("*") if path.is_file() and path.suffix == ".hdf5")
    return {str(path.relative_to(folder)): path.read_bytes() for path in there}


def test_idle_ends_are_cut_and_come_back(battery: Path, said: Said) -> None:
    before, path = files(battery), battery / "episode_0.hdf5"
    assert main(["trim", "--idle", "--dry-run", str(battery)]) == 0
    would = said().out.splitlines()
    assert files(battery) == before
    assert [each.name for each in battery.iterdir() if each.suffix != ".hdf5"] == []
    assert main(["trim", "--idle", str(battery)]) == 0
    told = said().out.splitlines()
    done, would_be = (line.partition(";")[0] for line in (told[0], would[0]))
    assert done.startswith("episode_0: 260 -> 186 steps (drops 1.04 s at the start, 0.44 s")
    assert would_be in done.replace(": 260", ": would be 260")
    assert told[1] == would[1] == "episode_1: nothing is idle at its ends, left alone"
    assert is_sound(path)
    assert main(["trim", "--idle", str(battery)]) == 0
    assert said().out.splitlines()[0] == "episode_0: its idle ends are cut already, left alone"
    assert main(["undo", str(path)]) == 0
    assert said().out.startswith("episode_0: 260 steps again, was 186; what was trimmed lies in ")
    assert path.read_bytes() == before["episode_0.hdf5"]


def test_the_verdict_is_of_what_is_left(battery: Path, said: Said) -> None:
    """Steps that were cut off are no lost steps."""
    path = battery / "episode_1.hdf5"
    assert main(["trim", "--from", "60", str(path)]) == 0
    done = "episode_1: 260 -> 200 steps (drops 1.2 s at the start), quality ok; "
    assert said().out.startswith(done)
    assert main(["check", str(path)]) == 0
    assert said().out.splitlines()[0].endswith("episode_1.hdf5: ok")


def test_replay_says_what_was_cut_off(battery: Path, said: Said) -> None:
    path = battery / "episode_0.hdf5"
    assert main(["trim", "--from", "5", str(path)]) == 0
    replay([str(path)])
    assert "  trimmed   to steps 5-259 of 260, 20" in said().out
    with h5py.File(path, "r+") as file:
        file.attrs["edits"] = b"[{"
    replay([str(path)])
    assert "what it says of earlier edits is damaged" in said().out


def test_by_steps_and_by_times(battery: Path, said: Said) -> None:
    path = battery / "episode_1.hdf5"
    with EpisodeReader(path) as episode:
        ticks = episode.column("/tandem/tick")
    assert main(["trim", "--from", "1.2s", "--to", "199", "--json", str(path)]) == 0
    told = json.loads(said().out)
    assert (told["first"], told["last"], told["steps"], told["of"]) == (60, 199, 140, 260)
    assert told["kept"] == str(battery / ".trash" / "episode_1.before_trim_1.hdf5")
    with EpisodeReader(path) as episode:
        assert np.array_equal(episode.column("/tandem/tick"), ticks[60:200])


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--from", "260"], 1, "it has steps 0 to 259 (5.2 s)"),
        (["--from", "20", "--to", "19"], 1, "Nothing would be left of"),
        (["--from", "99999s"], 1, "Nothing would be left of"),
        ([], 2, "Say what to keep"),
        (["--idle", "--from", "3"], 2, "Not both"),
        (["--idle", "--to", "3s"], 2, "Not both"),
        (["--from", "3", "--keep-s", "1"], 2, "--keep-s is how much"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    battery: Path, said: Said, arguments: list[str], status: int, sentence: str
) -> None:
    before = files(battery)
    for dry_run in ([], ["--dry-run"]):
        assert main(["trim", *arguments, *dry_run, str(battery / "episode_1.hdf5")]) == status
        assert sentence in said().err
    assert files(battery) == before


@pytest.mark.parametrize(
    "place", ["-1", "-5", "1.2", "1e3s", "1:2:3", ":05", "inf", "nans", "s", "", "٣", "1" * 40]
)
def test_what_is_no_place_is_a_wrong_command_line(battery: Path, said: Said, place: str) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["trim", f"--from={place}", str(battery / "episode_1.hdf5")])
    assert exit.value.code == 2
    how = (
        "is no place in an episode: give a step (60), seconds (9.5s), or minutes and seconds (1:05)"
    )
    assert said().err.endswith(f"argument --from: {place!r} {how}\n")


@pytest.mark.parametrize("seconds", ["x", "-1", "nan", "inf"])
def test_what_is_no_number_of_seconds_is_said(battery: Path, said: Said, seconds: str) -> None:
    with pytest.raises(SystemExit):
        main(["trim", "--idle", f"--keep-s={seconds}", str(battery)])
    assert f"{seconds!r} is no number of seconds: give 0.5, for one" in said().err


def test_where_the_original_lies_and_what_room_it_takes(battery: Path, said: Said) -> None:
    path = battery / "episode_1.hdf5"
    size_bytes = path.stat().st_size
    assert main(["trim", "--from", "60", "--dry-run", "--json", str(path)]) == 0
    assert json.loads(said().out)["kept_bytes"] == size_bytes
    assert main(["trim", "--from", "60", "--dry-run", str(path)]) == 0
    size = f"{size_bytes / 1e6:.1f} MB"
    assert said().out.splitlines()[0].endswith(f"; the original, {size}, would go to .trash")
    assert main(["trim", "--from", "60", str(path)]) == 0
    line = said().out.splitlines()[0]
    assert line.endswith(f"; original: .trash/episode_1.before_trim_1.hdf5, {size}")
    assert (battery / ".trash" / "episode_1.before_trim_1.hdf5").stat().st_size == size_bytes
    sum_bytes = sum(each.stat().st_size for each in battery.glob("*.hdf5"))
    arguments = ["trim", "--from", "2", "--to", "90", str(battery)]
    for options, take in ((["--dry-run"], "would take"), ([], "take")):
        assert main([*arguments, *options]) == 0
        assert said().out.splitlines()[2] == (
            f"The 2 originals {take} {sum_bytes / 1e6:.1f} MB in .trash, until you delete them "
            "there; undo needs them."
        )


def test_a_label_may_not_be_true_any_more(battery: Path, said: Said) -> None:
    path = battery / "episode_1.hdf5"
    assert main(["trim", "--from", "5", "--to", "200", str(battery)]) == 0
    advice = "is that still true? (episodes label)"
    assert said().out.splitlines()[-1] == f"The labels are still 2 success: {advice}"
    assert main(["trim", "--to", "150", str(path)]) == 0
    assert said().out.splitlines()[1] == f"The label is still success: {advice}"
    assert main(["trim", "--to", "140", "--json", str(path)]) == 0
    assert json.loads(said().out)["success"] == "success"
    with EpisodeReader(path) as episode:
        assert episode.facts.success == "success"
    assert main(["label", "--unlabelled", str(path)]) == 0
    assert main(["trim", "--to", "130", str(path)]) == 0
    assert main(["trim", "--idle", "--keep-s", "0", str(battery / "episode_0.hdf5")]) == 0
    assert advice not in said().out


def test_ctrl_c_says_how_far_it_came(battery: Path) -> None:
    content = (battery / "episode_1.hdf5").read_bytes()
    for number in range(2, 40):
        (battery / f"episode_{number}.hdf5").write_bytes(content)
    command = [sys.executable, "-m", "replay.episodes_cli", "trim", "--to", "99", str(battery)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    interrupted = re.fullmatch(
        r"episodes: interrupted: (\d+) of 40 done; every file is whole\.\n", told
    )
    assert interrupted
    lengths = [steps(battery / f"episode_{number}.hdf5") for number in range(40)]
    assert int(interrupted[1]) <= lengths.count(100) <= int(interrupted[1]) + 1 < 40


def test_all_of_it_is_left_alone(battery: Path, said: Said) -> None:
    before = files(battery)
    assert main(["trim", "--to", "99s", str(battery / "episode_1.hdf5")]) == 0
    assert said().out == "episode_1: all of it is kept so, left alone\n"
    assert files(battery) == before


def test_one_that_is_damaged_does_not_keep_the_others(battery: Path, said: Said) -> None:
    (battery / "episode_0.hdf5").write_bytes(b"no HDF5")
    assert main(["trim", "--from", "60", str(battery)]) == 1
    told = said()
    assert told.err.startswith(f"episodes: {battery / 'episode_0.hdf5'} is not an episode file")
    assert steps(battery / "episode_1.hdf5") == 200


def test_a_folder_that_is_recorded_into_is_refused_once(battery: Path, said: Said) -> None:
    before = files(battery)
    with folder_lock(battery, 0):
        assert main(["trim", "--from", "60", str(battery)]) == 1
    told = said()
    assert str(battery) in told.err
    assert "wait for the end of its session" in told.err
    assert "--out" not in told.err
    assert told.err.count("\n") == 1
    assert files(battery) == before


def test_a_folder_that_is_named_to_harm_is_shown_and_not_obeyed(
    battery: Path, tmp_path: Path, said: Said
) -> None:
    hostile = tmp_path / "\x1b[31m; rm -rf ~ \udcff\n"
    battery.rename(hostile)
    other = tmp_path / "other"
    other.mkdir()
    for folder in (hostile, other):
        (folder / "episode_5.hdf5").write_bytes(b"no HDF5")
    assert main(["trim", "--from", "60", str(hostile), str(other)]) == 1
    told = said()
    assert "\x1b" not in told.out + told.err
    assert len(told.out.splitlines()) == 6  # two folders, two episodes, the room and the labels
    assert len(told.err.splitlines()) == 2
    assert steps(hostile / "episode_1.hdf5") == 200


def test_what_a_killed_edit_has_left_is_removed_by_the_next(battery: Path) -> None:
    (battery / ".episode_1.77.part").write_bytes(b"half")
    assert main(["trim", "--from", "60", str(battery / "episode_1.hdf5")]) == 0
    assert not list(battery.glob("*.part"))


def test_edits_of_another_version_are_not_undone(battery: Path, said: Said) -> None:
    path = battery / "episode_1.hdf5"
    with h5py.File(path, "r+") as file:
        file.attrs["edits"] = '[{"verb": "paint\\u001b[2J", "utc": ""}]'
    before = path.read_bytes()
    assert main(["undo", str(path)]) == 1
    told = said().err
    assert "was edited by another version of Tandem" in told
    assert "\x1b" not in told
    assert path.read_bytes() == before


def test_the_idle_ends_as_the_checks_have_them() -> None:
    action = np.zeros((100, 14), "f4")
    action[40:60, 3] = 1.0
    assert without_idle_ends(action, 0.03, 10, 5) == Rows(30, 69, 100)
    assert without_idle_ends(action, 0.03, 36, 5) == Rows(0, 99, 100)  # 4 steps are not worth it
    assert without_idle_ends(action, 0.03, 0, 0) == Rows(40, 59, 100)
    assert without_idle_ends(action, 0.03, 1000, 5) == Rows(0, 99, 100)
    assert without_idle_ends(np.zeros((100, 14)), 0.03, 10, 5) is None
    assert without_idle_ends(np.full((100, 14), np.nan), 0.03, 10, 5) is None


def test_places_are_steps_or_times() -> None:
    assert between(Place.read("1.2s"), Place.read("2s"), 523, 50) == Rows(60, 100, 523)
    assert between(None, Place.read("900"), 523, 50) == Rows(0, 522, 523)
    assert between(Place.read("0:01.2"), Place.read("1:05"), 5000, 50) == Rows(60, 3250, 5000)
    assert between(Place.read("3"), None, 523, 50) == Rows(3, 522, 523)
