"""The folders and files that somebody means on the command line of ``episodes``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.schema import JOURNAL_SUFFIX
from recorder.folder.numbering import episodes_in
from replay.find import NotFoundError
from session.paths import datasets_dir


@dataclass(frozen=True, slots=True)
class Place:
    """A folder and what is meant in it, in the order of numbers.

    Attributes:
        journals: what is no file yet: it is being recorded, or its recorder has died.
    """

    folder: Path
    episodes: tuple[Path, ...]
    journals: tuple[Path, ...] = ()


def places(paths: Sequence[Path]) -> Iterator[Place]:
    """The episodes that these paths mean: a file is itself; a folder those in it, and in the
    folders in it.

    Raises:
        NotFoundError: one of the paths is not there; before any other is looked into.
        FolderError: a folder cannot be read.
    """
    for path in given(paths):
        if not path.is_dir():
            yield Place(path.parent, (path,))
            continue
        for folder in with_folders_in(path):
            episodes, journals = episodes_in(folder), episodes_in(folder, JOURNAL_SUFFIX)
            if episodes or journals:
                yield Place(folder, tuple(episodes), tuple(journals))


def given(paths: Sequence[Path]) -> list[Path]:
    """These paths, each once; if there are none, where episodes go by default, if that is there.

    Raises:
        NotFoundError: one is not there.
    """
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"{path} does not exist.")
    return list(dict.fromkeys(paths or filter(Path.is_dir, [datasets_dir()])))


def with_folders_in(folder: Path) -> list[Path]:
    """A folder and those in it (one a task), but for hidden ones."""
    inner = (path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    return [folder, *sorted(inner)]
