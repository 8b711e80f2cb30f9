"""``episodes recover`` as somebody types it."""

from pathlib import Path

from recorder.folder.guards import folder_lock
from replay.episodes_cli import main
from tests.recorder.test_recover import damaged, left_behind
from tests.replay.said import Said, objects


def test_what_was_left_behind_is_saved_folder_by_folder(datasets: Path, said: Said) -> None:
    left_behind(datasets / "battery", 3)
    left_behind(datasets / "cube", 8)
    (datasets / "cube" / ".episode_8.4711.part").touch()
    assert main(["recover"]) == 0
    out = said().out
    assert f"{datasets / 'battery'}: Recovered episode_3.hdf5: 20 steps." in out
    assert f"{datasets / 'cube'}: Recovered episode_8.hdf5: 20 steps." in out
    assert not list(datasets.rglob("*.journal"))
    assert not list(datasets.rglob("*.part"))
    assert main(["recover"]) == 0
    assert said().out == "Nothing to recover.\n"


def test_only_the_journal_that_is_named_is_recovered(datasets: Path, said: Said) -> None:
    left_behind(datasets / "battery", 3)
    named = left_behind(datasets / "battery", 4)
    assert main(["recover", str(named)]) == 0
    assert [path.name for path in datasets.rglob("*.journal")] == ["episode_3.journal"]


def test_half_written_files_alone_are_removed(datasets: Path, said: Said) -> None:
    (datasets / "cube" / ".episode_8.4711.part").touch()
    assert main(["recover"]) == 0
    assert not list(datasets.rglob("*.part"))


def test_what_is_missing_is_said_and_is_a_status(datasets: Path, said: Said) -> None:
    damaged(left_behind(datasets / "cube", 8), step=7)
    assert main(["recover"]) == 1
    out = said().out
    assert "Recovered episode_8.hdf5: 7 steps." in out
    assert "About 12 more steps stand after the damage." in out
    assert "kept in episode_8.journal.damaged" in out


def test_recover_as_json(datasets: Path, said: Said) -> None:
    damaged(left_behind(datasets / "cube", 8), step=7)
    assert main(["recover", "--json", str(datasets)]) == 1
    (found,) = objects(said().out)
    assert found["path"] == str(datasets / "cube" / "episode_8.hdf5")
    assert (found["steps"], found["whole"]) == (7, False)
    assert found["kept"].endswith("episode_8.journal.damaged")
    assert main(["recover", "--json", str(datasets)]) == 0
    assert said().out == ""


def test_where_a_recorder_is_at_work_nothing_is_touched(datasets: Path, said: Said) -> None:
    left_behind(datasets / "battery", 3)
    left_behind(datasets / "cube", 8)
    with folder_lock(datasets / "battery", 0.0):
        assert main(["recover"]) == 1
    result = said()
    assert "recorder (process " in result.err
    assert result.err.count("\n") == 1
    assert "Recovered episode_8.hdf5" in result.out
    assert (datasets / "battery" / "episode_3.journal").exists()


def test_folders_without_leftovers_are_left_alone(datasets: Path, said: Said) -> None:
    assert main(["recover"]) == 0
    assert not list(datasets.rglob(".recorder.lock"))


def test_what_cannot_be_removed_is_named_and_the_other_folders_are_recovered(
    datasets: Path, said: Said
) -> None:
    (datasets / "battery" / ".episode_1.4711.part").mkdir()
    left_behind(datasets / "cube", 8)
    assert main(["recover"]) == 1
    result = said()
    battery = datasets / "battery"
    assert result.err == f"episodes: Cannot recover what is in {battery}: Is a directory.\n"
    assert "Recovered episode_8.hdf5" in result.out


def test_what_is_no_journal_cannot_be_recovered(datasets: Path, said: Said) -> None:
    for name in ("cube/episode_7.hdf5", "README.md"):
        assert main(["recover", str(datasets / name)]) == 2
        assert "is no journal: give a folder, or an episode_<number>.journal" in said().err
