"""Episodes that somebody deletes, or restores, while they are listed, checked and measured."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.trash import discard
from replay.episodes_cli import main
from replay.gone import GoneError, opened
from replay.inspect import checked
from replay.inspect.checked import check_file
from replay.verbs import stats
from replay.verbs.places import Place, places
from tests.replay.said import Said, objects

Take = Callable[[str], Path]


@pytest.fixture
def taken(datasets: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    """Of a verb: as soon as it knows the files, episode 2 of battery goes to the trash."""
    path = datasets / "battery" / "episode_2.hdf5"

    def take(verb: str) -> Path:
        def then_it_goes(paths: Sequence[Path]) -> list[Place]:
            found = places(paths)
            discard(path.parent, 2)
            return found

        monkeypatch.setattr(f"replay.verbs.{verb}.places", then_it_goes)
        return path

    return take


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_check_counts_it_apart_and_calls_nothing_bad(
    datasets: Path, taken: Take, jobs: str, said: Said
) -> None:
    path = taken("check")
    assert main(["check", "--jobs", jobs, str(datasets)]) == 0
    result = said()
    lines = result.out.splitlines()
    assert f"{path} is gone meanwhile." in lines
    assert lines[-1] == "2 episodes: 2 ok; 1 gone meanwhile."
    assert result.err == ""


def test_check_tells_programs(datasets: Path, taken: Take, said: Said) -> None:
    path = taken("check")
    assert main(["check", "--json", str(datasets)]) == 0
    results = {each["path"]: each for each in objects(said().out)}
    assert results[str(path)]["result"] == "gone"
    assert results[str(path)]["error"] == f"{path} is gone meanwhile."
    assert {each["result"] for name, each in results.items() if name != str(path)} == {"ok"}


def test_the_only_one_of_a_folder(datasets: Path, taken: Take, said: Said) -> None:
    (datasets / "battery" / "episode_0.hdf5").unlink()
    path = taken("check")
    assert main(["check", str(path.parent)]) == 0
    assert said().out.splitlines() == [
        f"{path} is gone meanwhile.",
        "No episodes; 1 gone meanwhile.",
    ]


def test_what_was_named_has_to_be_there(taken: Take, said: Said) -> None:
    path = taken("check")
    assert main(["check", str(path)]) == 2
    assert said().out.splitlines() == [
        f"{path}: unusable",
        f"  - {path} does not exist.",
        "1 episode: 1 unusable.",
    ]


def test_one_that_goes_while_it_is_looked_at_is_checked(
    datasets: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    path, sound = datasets / "cube" / "episode_7.hdf5", checked.check

    def it_goes_then(episode: EpisodeReader, *, decode: bool) -> list[str]:
        discard(path.parent, 7)
        return sound(episode, decode=decode)

    monkeypatch.setattr(checked, "check", it_goes_then)
    assert main(["check", str(path.parent)]) == 0
    assert not path.exists()
    assert said().out.splitlines() == [f"{path}: ok", "1 episode: 1 ok."]


def test_whatever_one_looks_like_that_moves_to_and_fro_it_is_nothing_bad(
    tmp_path: Path, good: bytes
) -> None:
    """It has looked like a pipe, or damaged, for some microseconds."""
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(good)
    move = "import os, sys\na, b = sys.argv[1:]\nwhile True: os.rename(a, b); os.rename(b, a)"
    with subprocess.Popen([sys.executable, "-c", move, path, f"{path}.away"]) as mover:
        try:
            found = {check_file(path).word for _ in range(2000)}
        finally:
            mover.kill()
    assert found <= {"ok", "gone"}


def test_one_that_is_back_already_was_gone_all_the_same(
    tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "episode_0.hdf5"

    def comes_back(path: Path) -> EpisodeReader:
        try:
            return EpisodeReader(path)
        except EpisodeError:
            path.write_bytes(good)
            raise

    monkeypatch.setattr("replay.gone.EpisodeReader", comes_back)
    with pytest.raises(GoneError, match=r"episode_0\.hdf5 is gone meanwhile\.$"):
        opened(path)


def test_one_that_is_damaged_is_not_gone(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(b"text")
    assert check_file(path).word == "unusable"
    path.unlink()
    os.symlink(path, path)  # a loop
    assert check_file(path).word == "unusable"


def test_list_counts_it_apart(datasets: Path, taken: Take, said: Said) -> None:
    path = taken("list")
    assert main(["list", str(datasets)]) == 0
    lines = said().out.splitlines()
    assert f"       2  {path} is gone meanwhile." in lines
    assert lines[-1].startswith("2 episodes: 400 steps, ")
    assert lines[-1].endswith("2 success, 2 ok; 1 gone meanwhile.")


def test_list_tells_programs(datasets: Path, taken: Take, said: Said) -> None:
    path = taken("list")
    assert main(["list", "--json", str(datasets)]) == 0
    assert {"path": str(path), "number": 2, "gone": True} in objects(said().out)


def test_list_of_what_was_named(taken: Take, said: Said) -> None:
    path = taken("list")
    assert main(["list", str(path)]) == 1
    assert f"{path} does not exist." in said().out


def test_a_filter_counts_it_apart(datasets: Path, taken: Take, said: Said) -> None:
    taken("list")
    assert main(["list", str(datasets), "--label", "success"]) == 0
    assert "1 file is gone meanwhile." in said().out.splitlines()


def test_processes_that_read_rows_say_the_same(
    datasets: Path, taken: Take, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setattr("replay.index.rows.WORTH_WORKERS", 2)
    taken("list")
    assert main(["list", str(datasets / "battery")]) == 0
    assert said().out.splitlines()[-1].endswith("1 ok; 1 gone meanwhile.")


def test_stats_count_it_apart(datasets: Path, taken: Take, said: Said) -> None:
    path = taken("stats")
    assert main(["stats", str(path.parent)]) == 0
    lines = said().out.splitlines()
    assert lines[1].startswith("  episodes  1: 200 steps, ")
    assert lines[1].endswith(" MB; 1 gone meanwhile")
    assert lines[-1] == f"  {path} is gone meanwhile."
    (datasets / "battery" / ".trash" / path.name).rename(path)
    assert main(["stats", "--json", str(path.parent)]) == 0
    (facts,) = objects(said().out)
    assert (facts["episodes"], facts["errors"], facts["gone"]) == (1, [], [str(path)])


@pytest.mark.parametrize("worth_workers", [1, 200])
def test_one_that_goes_before_it_is_measured(
    datasets: Path, monkeypatch: pytest.MonkeyPatch, said: Said, worth_workers: int
) -> None:
    path, measured = datasets / "cube" / "episode_7.hdf5", stats._measured

    def it_goes_then(rows: list[stats.Row]) -> object:
        discard(path.parent, 7)
        return measured(rows)

    monkeypatch.setattr(stats, "WORTH_WORKERS", worth_workers)
    monkeypatch.setattr(stats, "_measured", it_goes_then)
    assert main(["stats", str(path.parent)]) == 0
    assert said().out.splitlines() == [str(path.parent), f"  {path} is gone meanwhile."]
