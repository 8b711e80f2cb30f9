"""``episodes merge`` as somebody types it: a new folder, whole or absent; the sources stay."""

import errno
import fcntl
import json
import os
import signal
from pathlib import Path

import pytest

from recorder.folder.numbering import claim_number
from replay.episodes_cli import main
from tests.recorder.fake_rig import make_episode
from tests.replay.edits_bench import is_sound
from tests.replay.said import Said


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("made")
    return [make_episode(folder, 5, number).read_bytes() for number in range(4)]


@pytest.fixture
def sources(tmp_path: Path, contents: list[bytes]) -> list[Path]:
    """Two folders: episodes 3 and 10, and episodes 0 and 1."""
    numbers = {"monday": (3, 10), "tuesday": (0, 1)}
    left = iter(contents)
    for name, its in numbers.items():
        (tmp_path / name).mkdir()
        for number in its:
            (tmp_path / name / f"episode_{number}.hdf5").write_bytes(next(left))
    return [tmp_path / name for name in numbers]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def merge(sources: list[Path], into: Path, *options: str) -> int:
    return main(["merge", *map(str, sources), "--into", str(into), *options])


@pytest.mark.parametrize("options", [[], ["--link"]])
def test_episodes_are_numbered_anew_in_the_order_given(
    tmp_path: Path, sources: list[Path], contents: list[bytes], said: Said, options: list[str]
) -> None:
    before, new = [files(source) for source in sources], tmp_path / "new"
    assert merge(sources[::-1], new, *options) == 0
    assert [path.read_bytes() for path in map(new.joinpath, names(4))] == [
        contents[index] for index in (2, 3, 0, 1)
    ]
    assert all(is_sound(new / name) for name in names(4))
    assert [files(source) for source in sources] == before
    links = os.stat(new / "episode_0.hdf5").st_nlink
    assert links == (2 if options else 1)
    assert claim_number(new) == 4
    lines = said().out.splitlines()
    assert lines[0] == f"episode_0: {sources[1] / 'episode_0.hdf5'}"
    assert lines[-1].startswith(f"{new} has 4 episodes, ")
    assert lines[-1].endswith("The sources are untouched: to undo it, remove the new folder.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "new", "tuesday"]


def names(count: int) -> list[str]:
    return [f"episode_{number}.hdf5" for number in range(count)]


def test_a_dry_run_says_it_and_makes_nothing(
    tmp_path: Path, sources: list[Path], said: Said
) -> None:
    assert merge(sources, tmp_path / "new", "--dry-run", "--json") == 0
    would = [json.loads(line) for line in said().out.splitlines()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "tuesday"]
    assert merge(sources, tmp_path / "new", "--json") == 0
    told = [json.loads(line) for line in said().out.splitlines()]
    assert {each.pop("result") for each in would} == {"would be merged"}
    assert {each.pop("result") for each in told} == {"merged"}
    assert would == told


def test_the_same_episode_comes_once(tmp_path: Path, sources: list[Path], said: Said) -> None:
    copy = sources[1] / "episode_7.hdf5"
    copy.write_bytes((sources[0] / "episode_3.hdf5").read_bytes())
    assert merge(sources, tmp_path / "new") == 0
    same = f"{copy} is the same episode as {sources[0] / 'episode_3.hdf5'}: left out"
    assert said().out.splitlines()[0] == same
    assert len(list((tmp_path / "new").glob("*.hdf5"))) == 4


def test_a_folder_that_is_named_twice_comes_once_without_a_word(
    tmp_path: Path, sources: list[Path], said: Said
) -> None:
    """Nothing is left out."""
    again = tmp_path / "tuesday" / ".." / "monday"
    assert merge([*sources, sources[0], again], tmp_path / "new", "--json") == 0
    told = [json.loads(line) for line in said().out.splitlines()]
    assert [each["result"] for each in told] == ["merged"] * 4
    assert len(list((tmp_path / "new").glob("*.hdf5"))) == 4


def test_ctrl_c_leaves_nothing_and_says_so(
    tmp_path: Path, sources: list[Path], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "copy_file_range", interrupt)
    new = tmp_path / "new"
    assert merge(sources, new) == 130
    told = said()
    assert told.err == f"episodes: interrupted: {new} is not made, and nothing is left of it.\n"
    assert told.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "tuesday"]


def test_several_tasks_may_be_mixed_but_not_unsaid(
    tmp_path: Path, sources: list[Path], said: Said
) -> None:
    make_episode(sources[1], 5, number=8, task="cube")
    assert merge(sources, tmp_path / "new") == 0
    assert said().out.splitlines()[0] == "Mind that these are several tasks: battery, cube"


def test_what_was_recorded_otherwise_is_refused(
    tmp_path: Path, sources: list[Path], said: Said
) -> None:
    make_episode(sources[1], 5, number=8, rig_name="another\x1b[31m")
    before = sorted(path.name for path in tmp_path.iterdir())
    for options in ([], ["--dry-run"]):
        assert merge(sources, tmp_path / "new", *options) == 2
        told = said().err
        assert "was recorded on rig 'sim', and " in told
        assert "they must not be mixed in one folder." in told
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_nothing_is_put_into_what_is_there(
    tmp_path: Path, sources: list[Path], said: Said, options: list[str]
) -> None:
    (tmp_path / "new").mkdir()
    assert merge(sources, tmp_path / "new", *options) == 2
    assert "exists already: name a folder that does not, or move it away." in said().err
    assert list((tmp_path / "new").iterdir()) == []
    assert merge(sources, tmp_path / "further" / "in" / "new", *options) == 0
    assert (tmp_path / "further").exists() == (not options)


def test_one_that_is_damaged_is_said_and_nothing_is_made(
    tmp_path: Path, sources: list[Path], said: Said
) -> None:
    (sources[1] / "episode_1.hdf5").write_bytes(b"no HDF5")
    assert merge(sources, tmp_path / "new") == 2
    assert "episode_1.hdf5 is not an episode file" in said().err
    assert not (tmp_path / "new").exists()


def test_no_room_is_said_beforehand(
    tmp_path: Path, sources: list[Path], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder.episode.room.free_bytes", lambda _: 4096)
    for options in ([], ["--dry-run"]):
        assert merge(sources, tmp_path / "new", *options) == 2
        assert "There is no room for " in said().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "tuesday"]


@pytest.mark.parametrize("options", [[], ["--link"]])
def test_a_fault_in_the_middle_leaves_nothing(
    tmp_path: Path,
    sources: list[Path],
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
) -> None:
    done: list[object] = []

    def refuse(*arguments: object, **_: object) -> int:
        done.append(arguments)
        if len(done) > 2:
            raise OSError(errno.EXDEV if options else errno.ENOSPC, "No")
        return 0

    monkeypatch.setattr(os, "link" if options else "copy_file_range", refuse)
    assert merge(sources, tmp_path / "new", *options) == 2
    told = said().err
    assert told.startswith("episodes: Cannot copy ")
    assert ("leave --link out" in told) == bool(options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "tuesday"]


def test_what_a_killed_merge_has_left_goes_unless_somebody_builds_it(
    tmp_path: Path, sources: list[Path]
) -> None:
    left, held, strange = (tmp_path / f".{name}.building" for name in ("a", "b", "c"))
    for folder in (left, held, strange):
        folder.mkdir()
        (folder / "episode_0.hdf5").touch()
    for folder in (left, held):
        folder.with_name(f"{folder.name}-lock").touch()
    descriptor = os.open(tmp_path / ".b.building-lock", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert merge(sources, tmp_path / "new") == 0
    os.close(descriptor)
    assert not left.exists()
    assert held.exists()
    assert strange.exists()  # without a lock it is somebody else's


def test_an_original_that_did_not_come_along_cannot_be_brought_back(
    tmp_path: Path, sources: list[Path], said: Said
) -> None:
    assert main(["trim", "--to", "2", str(sources[0] / "episode_3.hdf5")]) == 0
    assert merge(sources, tmp_path / "new") == 0
    assert main(["undo", str(tmp_path / "new" / "episode_0.hdf5")]) == 1
    assert "or the episode merged from another folder?" in said().err
