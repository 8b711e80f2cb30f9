"""``episodes list`` as somebody types it."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.folder.versions import trim
from recorder.journal.writer import JournalWriter
from replay.episodes_cli import main
from replay.verbs.list_totals import VERDICTS
from tests.recorder.fake_rig import make_episode, make_header
from tests.replay.said import Said, objects

REPOSITORY = Path(__file__).parents[3]
VERSION_2 = REPOSITORY / "tests" / "recorder" / "data" / "version_2.hdf5.gz"


def test_list_gives_a_line_an_episode_and_a_sum(datasets: Path, said: Said) -> None:
    assert main(["list"]) == 0
    lines = said().out.splitlines()
    numbers = [line.split()[0] for line in lines if "success" in line and line[2].isspace()]
    assert [number for number in numbers if number.isdigit()] == ["0", "2", "7"]
    assert str(datasets / "battery") in lines
    (row,) = (line for line in lines if line.startswith("       7"))
    assert row.split() == ["7", "200", "4.00", row.split()[3], "success", "ok"]
    assert lines.count("  cameras: cam_0 cam_1") == 2  # once a folder
    assert lines[-2] == VERDICTS
    assert lines[-1].startswith("3 episodes: 600 steps, 12.0 s, ")
    assert lines[-1].endswith("MB, 3 success, 3 ok.")


def test_named_files_are_in_the_order_of_their_numbers(datasets: Path, said: Said) -> None:
    good = datasets / "cube" / "episode_7.hdf5"
    named = [str(good.with_name(f"episode_{number}.hdf5")) for number in (10, 100, 9)]
    for name in named:
        os.link(good, name)
    assert main(["list", *named, str(good)]) == 0
    lines = said().out.splitlines()
    assert lines[0] == str(datasets / "cube")
    assert [line.split()[0] for line in lines[3:-2]] == ["7", "9", "10", "100"]


def test_list_takes_folders_and_files_each_once(datasets: Path, said: Said) -> None:
    battery = str(datasets / "battery")
    file = str(datasets / "cube" / "episode_7.hdf5")
    assert main(["list", battery, file, battery, file]) == 0
    assert said().out.splitlines()[-1].startswith("3 episodes")


def test_list_and_check_take_names_numbers_and_patterns(datasets: Path, said: Said) -> None:
    for names in (["7"], ["episode_7"], ["episode_7*"], [str(datasets / "*" / "*_7.hdf5")]):
        assert main(["list", *names]) == 0
        assert said().out.splitlines()[-1].startswith("1 episode: ")
        assert main(["check", *names]) == 0
        assert said().out.splitlines()[-1] == "1 episode: 1 ok."
    assert main(["list", "--task", "battery", "2"]) == 0
    assert str(datasets / "battery") in said().out.splitlines()
    assert main(["list", "8"]) == 2
    assert said().err.startswith("episodes: There is no episode_8.hdf5 under datasets/. Nearest: ")


def test_list_says_what_is_recovered_and_what_cannot_be_read(datasets: Path, said: Said) -> None:
    folder = datasets / "cube"
    with h5py.File(folder / "episode_7.hdf5", "r+") as file:
        file.attrs["recovered"] = True
        del file.attrs["verdict"]  # as files of before there were any
    (folder / "episode_8.hdf5").write_bytes(b"text")
    JournalWriter(folder / "episode_9.journal", make_header(9)).close()
    assert main(["list", str(folder)]) == 1
    out = said().out
    assert "  success     -        recovered\n" in out
    assert "8  " in out
    assert "is not an episode file" in out
    assert f"9  is a journal: a recorder has left it behind (episodes recover {folder})" in out
    assert out.splitlines()[-1].endswith("1 success, 1 recovered, 1 cannot be read.")


def test_cameras_are_named_again_only_where_they_are_others(datasets: Path, said: Said) -> None:
    make_episode(datasets / "battery", 20, 3, cameras=4)
    assert main(["list", "--json"]) == 0
    cameras = {each["number"]: each["cameras"] for each in objects(said().out)}
    assert cameras[3] == [f"cam_{camera}" for camera in range(4)]
    assert main(["list", "battery"]) == 0
    lines = said().out.splitlines()
    assert lines[1] == "  cameras: cam_0 cam_1"
    assert lines[6] == "          cameras: cam_0 cam_1 cam_2 cam_3"
    assert sum("cameras:" in line for line in lines) == 2


def test_a_trimmed_episode_is_marked_and_its_original_counted(datasets: Path, said: Said) -> None:
    path = datasets / "battery" / "episode_2.hdf5"
    trim(path, 50, 150, "2026-01-02T03:04:05+00:00")
    assert main(["delete", str(datasets / "battery" / "episode_0.hdf5")]) == 0
    said()
    assert main(["list", str(datasets / "battery")]) == 0
    lines = said().out.splitlines()
    assert lines[3].endswith("warn     trimmed")
    trash = datasets / "battery" / ".trash"
    size_mb = sum(file.stat().st_size for file in trash.iterdir()) / 1e6
    assert lines[4] == (
        f"  in the trash: 1 deleted, 1 original of a trim, {size_mb:.1f} MB, "
        f"e.g. episodes restore {trash / 'episode_0.hdf5'}"
    )
    assert lines[-1].endswith("1 success, 1 warn, 1 trimmed.")
    assert main(["undo", str(path)]) == 0
    said()
    assert main(["list", str(path.parent)]) == 0
    assert "in the trash: 1 deleted, 1 undone trim, " in said().out
    assert main(["list", "--json", str(path.parent)]) == 0
    assert [each["path"] for each in objects(said().out)[1:]] == [
        str(trash / "episode_0.hdf5"),
        str(trash / "episode_2.trimmed_1.hdf5"),
    ]


def test_a_line_of_the_list_fits_a_terminal(datasets: Path, said: Said) -> None:
    names = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
    with h5py.File(datasets / "cube" / "episode_7.hdf5", "r+") as file:
        several = [f"{name}_{at}".encode() for at in "ab" for name in names]
        file.attrs["camera_names"] = np.array(several)
        file.attrs["recovered"] = True
    assert main(["list", str(datasets / "cube"), "--sort", "size"]) == 0
    lines = said().out.splitlines()[1:]
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith("           cam_")


def test_what_lies_below_here_is_said_from_here(
    datasets: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(datasets.parent)
    assert main(["list"]) == 0
    assert {"datasets/battery", "datasets/cube"} < set(said().out.splitlines())
    assert main(["list", "--json"]) == 0
    assert objects(said().out)[0]["path"] == "datasets/battery/episode_0.hdf5"


def test_numbers_are_in_order_whatever_is_there_of_them(datasets: Path, said: Said) -> None:
    folder = datasets / "cube"
    (folder / "episode_3.hdf5").write_bytes(b"text")
    (folder / "episode_5.journal").touch()
    recording = JournalWriter(folder / "episode_10.journal", make_header(10))
    assert main(["list", str(folder)]) == 1
    recording.close()
    lines = said().out.splitlines()[3:-2]
    assert [line.split()[0] for line in lines] == ["3", "5", "7", "10"]
    assert "left it behind" in lines[1]
    assert lines[3] == "      10  is a journal: it is being recorded, or saved"


def test_a_folder_with_nothing_but_a_journal_is_listed(datasets: Path, said: Said) -> None:
    (datasets / "new").mkdir()
    journal = datasets / "new" / "episode_0.journal"
    journal.touch()
    for named in (journal.parent, journal):
        assert main(["list", str(named)]) == 0
        assert said().out.splitlines()[1:] == [
            "       0  is a journal: a recorder has left it behind (episodes recover "
            f"{datasets / 'new'})",
            "No episodes.",
        ]


def test_list_as_json(datasets: Path, said: Said) -> None:
    (datasets / "cube" / "episode_8.hdf5").write_bytes(b"text")
    (datasets / "cube" / "episode_9.journal").touch()
    assert main(["list", "--json"]) == 1
    found = objects(said().out)
    assert [each["number"] for each in found] == [0, 2, 7, 8, 9]
    assert found[0] == {
        "path": str(datasets / "battery" / "episode_0.hdf5"),
        "number": 0,
        "task": "battery",
        "steps": 200,
        "seconds": 4.0,
        "bytes": (datasets / "battery" / "episode_0.hdf5").stat().st_size,
        "label": "success",
        "success": "success",
        "reason": None,
        "verdict": "ok",
        "recovered": False,
        "trimmed": False,
        "cameras": ["cam_0", "cam_1"],
        "notes": [],
        "fps": 50,
        "started_utc": "2025-01-01T00:00:00.000+00:00",
    }
    assert "is not an episode file" in found[3]["error"]
    assert (found[4]["journal"], found[4]["left_behind"]) == (True, True)


def test_a_file_may_be_called_anything(datasets: Path, said: Said) -> None:
    path = (datasets / "cube" / "episode_7.hdf5").rename(datasets / "mine.h5")
    assert main(["list", str(path)]) == 0
    assert "mine.h5" in said().out
    assert main(["list", "--json", str(path)]) == 0
    assert objects(said().out)[0]["number"] is None


def test_without_episodes_it_says_so(datasets: Path, said: Said, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for verb in ("list", "check"):
        assert main([verb, str(empty)]) == 0
        assert said().out == "No episodes.\n"
    assert main(["recover", str(empty)]) == 0
    assert said().out == "Nothing to recover.\n"


def test_without_a_datasets_folder_there_is_nothing(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.verbs.places.datasets_dir", lambda: tmp_path / "none")
    assert [main([verb]) for verb in ("list", "check", "recover")] == [0, 0, 0]
    assert said().out == "No episodes.\nNo episodes.\nNothing to recover.\n"


def test_what_a_file_says_of_itself_is_shown_and_not_obeyed(datasets: Path, said: Said) -> None:
    path = datasets / "cube" / "episode_7.hdf5"
    with h5py.File(path, "r+") as file:
        file.attrs["success"] = "\x1b[2Jyes\n"
    assert main(["list", str(path)]) == 0
    assert "\ufffd[2Jyes\ufffd" in said().out
