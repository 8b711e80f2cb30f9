"""The folders and files that somebody means on the command line of ``episodes``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.schema import JOURNAL_SUFFIX, SUFFIX
from recorder.folder.numbering import number_of
from replay.find import NAMES, by_folder, find, from_here
from replay.verbs.trash_contents import NOTHING, InTrash, in_trash
from session.paths import datasets_dir


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and what is meant in it: episodes and journals, in the order of their numbers.

    Attributes:
        trash: what is in its trash, if the whole folder is meant.
    """

    folder: Path
    files: tuple[Path, ...]
    trash: InTrash = NOTHING


def places(paths: Sequence[Path]) -> list[Place]:
    """What these paths mean: a file is itself; a folder the episodes and journals in it, and in the
    folders in it.

    Raises:
        FolderError: a folder cannot be read.
    """
    there = (
        Place(each.folder, each.files, in_trash(each.folder) if each.whole else NOTHING)
        for each in by_folder(paths, (SUFFIX, JOURNAL_SUFFIX))
    )
    return [place for place in there if place.files or place.trash.files]


def given(names: Sequence[str], task: str | None = None) -> list[Path]:
    """The files and folders that names mean; if there are none, where episodes go by default, if
    that is there.

    Raises:
        NotFoundError: as `replay.find.find`.
    """
    default = from_here(datasets_dir())
    return find(names, task=task) if names else list(filter(Path.is_dir, [default]))


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


def take_paths(parser: argparse.ArgumentParser) -> None:
    """The folders and files that a verb is about."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="EPISODE",
        help=f"{NAMES}; default: all below datasets/",
    )
