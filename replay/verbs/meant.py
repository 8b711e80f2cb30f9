"""The episodes that a verb is to change: every name is found before anything is touched.

A number that is not there, or a name that might be anything else, must not cost another episode.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from recorder.episode.schema import SUFFIX
from recorder.printable import printable
from recorder.typed import typed
from replay.errors import EditError, NotFoundError
from replay.find import find_episodes
from replay.names import with_suffix
from replay.verbs.discarded import called_so, is_episode, lies_in_trash, trashed_path
from replay.verbs.editing import said_if_interrupted
from replay.verbs.in_task import in_task


def take_episodes(parser: argparse.ArgumentParser) -> None:
    """The episodes that a verb changes, and whether it only says so."""
    parser.add_argument(
        "episodes",
        nargs="+",
        metavar="EPISODE",
        help="files, folders or patterns; a bare name or number is searched under datasets/",
    )
    parser.add_argument(
        "--task", metavar="NAME", help="bare names and numbers are those in datasets/NAME"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def take_many(parser: argparse.ArgumentParser) -> None:
    """The same, of a verb that asks before it takes a whole folder."""
    take_episodes(parser)
    parser.add_argument(
        "--yes", action="store_true", help="do not ask whether all in a folder are meant"
    )


def meant(names: Sequence[str], task: str | None) -> list[Path]:
    """The files, each once: none in the trash, none that leads elsewhere.

    Raises:
        NotFoundError: one of the names is no episode's, is not there, or means several.
        FolderError: a folder cannot be read.
    """
    return each_once(meant_by_name(names, task))


def meant_by_name(names: Sequence[str], task: str | None) -> list[list[Path]]:
    """The same, name by name; several of a folder or a pattern."""
    return [_found(in_task(name, task)) for name in names]


def each_once(groups: Iterable[Sequence[Path]]) -> list[Path]:
    """The files of all the names."""
    return list({path.resolve(): path for group in groups for path in group}.values())


def confirm(groups: Sequence[Sequence[Path]], *, yes: bool, question: str) -> bool:
    """Whether somebody whose names mean several each, as a folder does, means all these episodes.

    Raises:
        EditError: nobody can be asked.
    """
    if yes or all(len(group) == 1 for group in groups):
        return True
    if not sys.stdin.isatty():
        count = len(each_once(groups))
        raise EditError(f"That means {count} episodes: add --yes, or try --dry-run.")
    with said_if_interrupted(lambda: "nothing is done"):
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def _found(name: str) -> list[Path]:
    _check_not_in_trash(name)
    try:
        paths = find_episodes([name])
    except NotFoundError:
        if where := called_so(name):
            raise _in_trash(name, where[0]) from None
        raise
    for path in paths:
        _check(path)
    return paths


def _check_not_in_trash(name: str) -> None:
    """Not even if another file of that name can be found elsewhere."""
    path = with_suffix(Path(name))
    where = trashed_path(path)
    if where != path and not os.path.exists(path) and os.path.isfile(where):
        raise _in_trash(path, where)


def _in_trash(name: str | Path, where: Path) -> NotFoundError:
    restore = typed("episodes", "restore", Path(where))
    return NotFoundError(printable(f"{name} is in the trash: {restore}"))


def _check(path: Path) -> None:
    if not is_episode(path):
        told = f"{path} is no episode: give an episode_<number>{SUFFIX}."
    elif lies_in_trash(path):
        told = f"{path} is in the trash: episodes restore it first."
    elif path.is_symlink():
        told = f"{path} is a link: give the file that it leads to."
    else:
        return
    raise NotFoundError(printable(told))
