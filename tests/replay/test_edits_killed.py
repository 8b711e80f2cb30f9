"""Edits that are killed at any moment: every episode is whole, as it was or as it was to be."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.episode.reader import EpisodeReader
from recorder.folder.numbering import next_number
from tests.replay.edits_bench import Killer, is_sound, killed_often, make_calm, swollen

FEW, MANY = 8, 60
NUMBER = 12


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 8 MB."""
    return swollen(make_calm(tmp_path_factory.mktemp("made"), 100, NUMBER), 40_000)


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    killer = Killer()
    yield killer
    killer.close()


kills = pytest.mark.parametrize(
    "kills", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"]
)


class Folder:
    """A folder with one episode, and what it may look like."""

    def __init__(self, folder: Path, original: Path) -> None:
        self.folder = folder
        self.path = folder / original.name
        self._whole = original.read_bytes()
        self._was = self._whole

    def fill(self) -> None:
        """As at the beginning."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.path.write_bytes(self._whole)

    def look(self) -> None:
        """The episode is sound, and the file as it was is somewhere, bit for bit."""
        assert is_sound(self.path)
        there = [self.path, *(self.folder / ".trash").glob("*.hdf5")]
        assert self._whole in [path.read_bytes() for path in there]
        assert next_number(self.folder) == NUMBER + 1

    def was(self) -> None:
        """Remember how it is."""
        self._was = self.path.read_bytes()

    def is_as_it_was_or_whole(self) -> None:
        """Either side of an undo."""
        self.look()
        assert self.path.read_bytes() in (self._was, self._whole)
        there = [self.path, *(self.folder / ".trash").glob("*.hdf5")]
        assert self._was in [path.read_bytes() for path in there]


@pytest.fixture
def folder(tmp_path: Path, original: Path) -> Folder:
    return Folder(tmp_path / "battery", original)


@kills
def test_trim(folder: Folder, killer: Killer, kills: int) -> None:
    trim = ["trim", "--from", "10", "--to", "89", str(folder.path)]
    killed_often(killer, kills, trim, folder.fill, folder.look)
    assert killer.run("trim", "--from", "1", str(folder.path)) == 0
    assert not list(folder.folder.rglob("*.part"))
    folder.look()


@kills
def test_undo(folder: Folder, killer: Killer, kills: int, tmp_path: Path) -> None:
    folder.fill()
    assert killer.run("trim", "--from", "10", "--to", "89", str(folder.path)) == 0
    folder.was()
    shutil.copytree(folder.folder, tmp_path / "trimmed")

    def prepare() -> None:
        shutil.rmtree(folder.folder)
        shutil.copytree(tmp_path / "trimmed", folder.folder)

    killed_often(killer, kills, ["undo", str(folder.path)], prepare, folder.is_as_it_was_or_whole)


@kills
def test_label(folder: Folder, killer: Killer, kills: int) -> None:
    folder.fill()
    before = folder.path.read_bytes()

    def look() -> None:
        assert is_sound(folder.path)
        with EpisodeReader(folder.path) as episode:
            if episode.facts.success == "failure":
                assert episode.facts.label_reason == "It fell."
            else:
                assert folder.path.read_bytes() == before

    label = ["label", "--failure", "--reason", "It fell.", str(folder.path)]
    killed_often(killer, kills, label, folder.fill, look)
    assert killer.run("label", "--unlabelled", str(folder.path)) == 0
    assert not list(folder.folder.glob("*.part"))


@kills
def test_delete_and_restore(folder: Folder, killer: Killer, kills: int) -> None:
    def look() -> None:
        there = [*folder.folder.glob("*.hdf5"), *(folder.folder / ".trash").glob("*.hdf5")]
        assert [path.name for path in there] == [folder.path.name]
        assert is_sound(there[0])
        assert next_number(folder.folder) == NUMBER + 1

    def put_back() -> None:
        if not folder.path.exists():
            assert killer.run("restore", str(folder.path)) == 0

    folder.fill()
    killed_often(killer, kills, ["delete", str(folder.path)], put_back, look)


@kills
def test_merge(folder: Folder, killer: Killer, kills: int, tmp_path: Path) -> None:
    new = tmp_path / "new"
    folder.fill()
    before = folder.path.read_bytes()

    def clear() -> None:
        shutil.rmtree(new, ignore_errors=True)

    def look() -> None:
        assert folder.path.read_bytes() == before
        if new.exists():
            assert sorted(path.name for path in new.iterdir()) == [
                ".next_episode",
                "episode_0.hdf5",
            ]
            assert (new / "episode_0.hdf5").read_bytes() == before

    merge = ["merge", str(folder.folder), "--into", str(new)]
    killed_often(killer, kills, merge, clear, look)
    clear()
    assert killer.run(*merge) == 0
    look()
    assert [path.name for path in tmp_path.iterdir() if path.name[0] == "."] == []
