"""``episodes discard`` and ``episodes restore``: to the trash of a folder, and back."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.errors import FolderError, TrashError
from recorder.folder.guards import folder_lock
from recorder.folder.numbering import TRASH, number_of
from recorder.folder.trash import discard, restore
from replay.errors import NotFoundError
from replay.printer import Printer
from replay.verbs.verb import Verb
from session.paths import datasets_dir

ALL_MOVED: Final = 0
NOT_ALL: Final = 1
PATIENCE_S: Final = 20.0
"""For a recorder whose session was killed, and that finalises what it holds."""

Move = Callable[[Path, int], Path]
"""Of a folder and the number of an episode in it; returns where it lies then."""


def move_episodes(
    names: Sequence[str], task: str | None, printer: Printer, move: Move, word: str
) -> int:
    """Move them, and say where each lies then; a folder that is recorded into is left alone.

    Args:
        names: episode files, where they are or where they were; or numbers, of a task.
        word: what has been done with them.

    Returns:
        The exit status: NOT_ALL if one could not be moved.

    Raises:
        NotFoundError: a name that cannot be an episode's; nothing is moved then.
    """
    status = ALL_MOVED
    for folder, number in [_meant(name, task) for name in names]:
        try:
            with folder_lock(folder, PATIENCE_S):
                path = move(folder, number)
        except (FolderError, TrashError) as error:
            sys.stderr.write(f"episodes: {error}\n")
            status = NOT_ALL
            continue
        printer.line(f"Episode {number} is {word}: {path}")
        printer.record({"path": str(path), "number": number, "result": word})
    return status


def _meant(name: str, task: str | None) -> tuple[Path, int]:
    """The folder and the number of an episode, which need not be there."""
    path = _path(name, task)
    number, folder = number_of(path), path.parent
    if number is None or path.suffix != SUFFIX:
        raise NotFoundError(f"{name} is no episode: give an episode_<number>{SUFFIX}.")
    folder = folder.parent if folder.name == TRASH else folder
    if not folder.is_dir():
        raise NotFoundError(f"{folder} does not exist.")
    return folder, number


def _path(name: str, task: str | None) -> Path:
    if not name.isdecimal():
        return Path(name)
    if task is None:
        raise NotFoundError(f"Episode {name} of which task? Add --task NAME, or give its path.")
    return datasets_dir() / task / f"episode_{name}{SUFFIX}"


def _delete(options: argparse.Namespace, printer: Printer) -> int:
    return move_episodes(options.episodes, options.task, printer, discard, "discarded")


def _restore(options: argparse.Namespace, printer: Printer) -> int:
    return move_episodes(options.episodes, options.task, printer, restore, "restored")


def _take_episodes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "episodes",
        nargs="+",
        metavar="FILE_OR_NUMBER",
        help="episode files, or with --task their numbers",
    )
    parser.add_argument("--task", metavar="NAME", help="numbers are those in datasets/NAME")


DELETE: Final = Verb(
    _delete,
    "move episodes to the trash of their folder (.trash); nothing is deleted",
    "0: all were moved; 1: not all",
    _take_episodes,
    aliases=("discard",),
)
RESTORE: Final = Verb(
    _restore,
    "move episodes back from the trash",
    "0: all were moved; 1: not all",
    _take_episodes,
)
