"""The folders and files that somebody means on the command line of ``episodes``."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.schema import JOURNAL_SUFFIX
from recorder.folder.numbering import episodes_in, number_of
from recorder.folder.trash import trashed
from replay.errors import NotFoundError
from session.paths import datasets_dir


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and what is meant in it: episodes and journals, in the order of their numbers.

    Attributes:
        trashed: if the whole folder is meant, what has been discarded in it.
    """

    folder: Path
    files: tuple[Path, ...]
    trashed: tuple[Path, ...] = ()


def places(paths: Sequence[Path]) -> list[Place]:
    """What these paths mean: a file is itself; a folder the episodes and journals in it, and in the
    folders in it.

    Raises:
        NotFoundError: one of the paths is not there.
        FolderError: a folder cannot be read.
    """
    found: dict[Path, set[Path]] = {}
    discarded: dict[Path, tuple[Path, ...]] = {}
    for path in given(paths):
        if path.is_dir():
            for folder in with_folders_in(path):
                files = (*episodes_in(folder), *episodes_in(folder, JOURNAL_SUFFIX))
                found.setdefault(folder, set()).update(files)
                discarded[folder] = tuple(trashed(folder))
        else:
            found.setdefault(path.parent, set()).add(path)
    there = (
        Place(folder, tuple(sorted(files, key=_by_number)), discarded.get(folder, ()))
        for folder, files in found.items()
    )
    return [place for place in there if place.files or place.trashed]


def is_journal(path: Path) -> bool:
    """Whether it is what a file is made from: it is being recorded, or its recorder has died."""
    return path.suffix == JOURNAL_SUFFIX


def about_journal(journal: Path, *, left_behind: bool) -> dict[str, object]:
    """What programs are told of a journal."""
    return {
        "path": str(journal),
        "number": number_of(journal),
        "journal": True,
        "left_behind": left_behind,
    }


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


def take_paths(parser: argparse.ArgumentParser) -> None:
    """The folders and files that a verb is about."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="FOLDER_OR_FILE",
        help="episodes or folders of them; default: all below datasets/",
    )


def _by_number(path: Path) -> tuple[float, str]:
    number = number_of(path)
    return math.inf if number is None else number, path.name
