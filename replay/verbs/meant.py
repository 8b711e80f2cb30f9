"""The episodes that a verb is to change: every name is found before anything is touched.

A number that is not there, or a name that might be anything else, must not cost another episode.
"""

import argparse
import glob
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import TRASH, episode_path, number_of, trash_path
from recorder.folder.trash import trashed
from replay.errors import EditError, NotFoundError
from replay.find import find_episodes, with_folders_in
from session.paths import datasets_dir


def take_episodes(parser: argparse.ArgumentParser) -> None:
    """The episodes that a verb changes, and whether it only says so."""
    parser.add_argument(
        "episodes",
        nargs="+",
        metavar="EPISODE",
        help="files, folders or patterns; or with --task numbers",
    )
    parser.add_argument("--task", metavar="NAME", help="numbers are those in datasets/NAME")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def meant(names: Sequence[str], task: str | None) -> list[Path]:
    """The files, each once: none in the trash, none that leads elsewhere.

    Raises:
        NotFoundError: one of the names is no episode's, or is not there.
        FolderError: a folder cannot be read.
    """
    found = [path for name in names for path in _found(name, task)]
    return list({path.resolve(): path for path in found}.values())


def meant_in_trash(names: Sequence[str], task: str | None) -> list[Path]:
    """The files in the trash, by where they lie or where they were; each once.

    Raises:
        NotFoundError: one of the names is no episode's, or is not in the trash.
        FolderError: a folder cannot be read.
    """
    found = [path for name in names for path in _found_in_trash(name, task)]
    return list({path.resolve(): path for path in found}.values())


def confirm(names: Sequence[str], paths: Sequence[Path], *, yes: bool, question: str) -> bool:
    """Whether somebody who has named a folder or a pattern means all these episodes.

    Raises:
        EditError: nobody can be asked.
    """
    if yes or len(paths) < 2 or not any(map(_means_several, names)):
        return True
    if not sys.stdin.isatty():
        raise EditError(f"That means {len(paths)} episodes: add --yes, or try --dry-run.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _found(name: str, task: str | None) -> list[Path]:
    if _is_number(name):
        path = _of_task(name, task)
        if not path.is_file():
            raise _missing(path)
        return [path]
    if not _means_several(name):
        _check_name(Path(name), name)
        if not os.path.lexists(name) and os.path.lexists(_trashed(Path(name))):
            raise _missing(Path(name))
    paths = find_episodes([name])
    for path in paths:
        _check_name(path, str(path))
        if _lies_in_trash(path):
            raise NotFoundError(f"{path} is in the trash: episodes restore it first.")
        if path.is_symlink():
            raise NotFoundError(f"{path} is a link: give the file that it leads to.")
    return paths


def _found_in_trash(name: str, task: str | None) -> list[Path]:
    if _is_number(name):
        return [_in_trash(_of_task(name, task), name)]
    path = Path(name)
    if path.is_dir():
        is_trash = path.absolute().name == TRASH
        folders = [path.absolute().parent] if is_trash else with_folders_in(path)
        found = [each for folder in folders for each in trashed(folder)]
    elif _means_several(name):
        patterns = (name, os.fspath(path.parent / TRASH / path.name))
        matches = [Path(each) for pattern in patterns for each in glob.glob(pattern)]
        found = [each.absolute() for each in matches if _lies_in_trash(each) and _is_episode(each)]
    else:
        return [_in_trash(path, name)]
    if not found:
        raise NotFoundError(f"There is nothing in the trash of {name}.")
    return found


def _in_trash(path: Path, name: str) -> Path:
    _check_name(path, name)
    if not path.parent.is_dir():
        raise NotFoundError(f"{path.parent} does not exist.")
    path = path.absolute() if _lies_in_trash(path) else _trashed(path)
    if not path.is_file():
        raise NotFoundError(f"There is no {path}.")
    return path


def _is_number(name: str) -> bool:
    return name.isdecimal()


def _of_task(number: str, task: str | None) -> Path:
    if task is None:
        raise NotFoundError(f"Episode {number} of which task? Add --task NAME, or give its path.")
    path = datasets_dir() / task / f"episode_{number}{SUFFIX}"
    _check_name(path, number)
    if not path.parent.is_dir():
        raise NotFoundError(f"{path.parent} does not exist.")
    return path


def _means_several(name: str) -> bool:
    return os.path.isdir(name) or (glob.has_magic(name) and not os.path.lexists(name))


def _check_name(path: Path, name: str) -> None:
    """A bare name may lack the suffix."""
    if not _is_episode(path) and not _is_episode(path.with_name(path.name + SUFFIX)):
        raise NotFoundError(f"{name} is no episode: give an episode_<number>{SUFFIX}.")


def _is_episode(path: Path) -> bool:
    """Named as its number says: episode_007 is not the seventh."""
    number = number_of(path)
    return number is not None and path.name == episode_path(path.parent, number).name


def _trashed(path: Path) -> Path:
    number = number_of(path)
    return path if number is None else trash_path(path.parent, number)


def _lies_in_trash(path: Path) -> bool:
    return path.absolute().parent.name == TRASH


def _missing(path: Path) -> NotFoundError:
    where = _trashed(path)
    if where != path and where.is_file():
        return NotFoundError(f"{path} is in the trash: episodes restore {where}")
    return NotFoundError(f"There is no {path}.")
