"""The episodes in the trash that somebody means: by where they lie, where they were, or a name."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import TRASH, episode_path, number_of, trash_path
from recorder.folder.trash import trashed
from recorder.printable import printable
from replay.errors import NotFoundError
from replay.find import with_folders_in
from replay.names import Pattern, bases_of, pattern_of, with_suffix
from replay.verbs.in_task import in_task, roots


def meant_in_trash(names: Sequence[str], task: str | None) -> list[list[Path]]:
    """The files in the trash, name by name.

    Raises:
        NotFoundError: one of the names is no episode's, is not in the trash, or means several.
        FolderError: a folder cannot be read.
    """
    return [_found(in_task(name, task)) for name in names]


def called_so(name: str) -> list[Path]:
    """The files in the trash that a path or, below the folders of episodes, a name may mean."""
    path = with_suffix(Path(name))
    if lies_in_trash(path):
        return [path.absolute()] if os.path.isfile(path) else []
    here = trashed_path(path)
    if os.path.isfile(here):
        return [here]
    if path.is_absolute() or ".." in path.parts:
        return []
    folders = (
        _folders() if path.name == os.fspath(path) else (root / path.parent for root in roots())
    )
    there = (trashed_path(folder / path.name) for folder in folders)
    return list({each.resolve(): each for each in there if os.path.isfile(each)}.values())


def is_episode(path: Path) -> bool:
    """Named as its number says: episode_007 is not the seventh."""
    number = number_of(path)
    return number is not None and path.name == episode_path(path.parent, number).name


def trashed_path(path: Path) -> Path:
    """Where the episode lies while it is in the trash; of what is no episode, the path itself."""
    number = number_of(path)
    return path if number is None else trash_path(path.parent, number)


def lies_in_trash(path: Path) -> bool:
    """Whether the folder of a file is a trash."""
    return path.absolute().parent.name == TRASH


def _found(name: str) -> list[Path]:
    if not name:
        raise NotFoundError("An empty name is no episode.")
    bases = bases_of(name, roots())
    folder = next((base / name for base in bases if os.path.isdir(base / name)), None)
    if folder is None:
        one = _as_written(name)
        found = [one] if one else _matching(name, bases)
    else:
        found = _of_folder(folder)
    if not found:
        raise NotFoundError(printable(f"There is nothing in the trash of {name}."))
    return found


def _of_folder(folder: Path) -> list[Path]:
    is_trash = folder.absolute().name == TRASH
    folders = [folder.absolute().parent] if is_trash else with_folders_in(folder)
    return [each for folder in folders for each in trashed(folder)]


def _as_written(name: str) -> Path | None:
    """The one that has this name, no letter of which is a pattern."""
    path = with_suffix(name)
    found = called_so(name) if is_episode(path) else []
    if len(found) > 1:
        listed = "\n".join(f"  {printable(str(each))}" for each in found)
        raise NotFoundError(f"Several {path.name} are in the trash; say which one:\n{listed}")
    return found[0] if found else None


def _matching(name: str, bases: Sequence[Path]) -> list[Path]:
    """All that it matches as a pattern of where they lie, or where they were."""
    pattern = pattern_of(name, bases)
    if pattern is None:
        raise NotFoundError(printable(_missing(name)))
    folder, last = os.path.split(pattern.rest)
    trashed_as = replace(pattern, rest=os.path.join(folder, TRASH, last))
    for base in bases:
        if found := [*_matches(pattern, base), *_matches(trashed_as, base)]:
            return found
    return []


def _matches(pattern: Pattern, base: Path) -> list[Path]:
    for rest in pattern.rests():
        there = (path.absolute() for path in pattern.below(base, rest))
        if found := [path for path in there if lies_in_trash(path) and is_episode(path)]:
            return sorted(found)
    return []


def _missing(name: str) -> str:
    path = with_suffix(name)
    if not is_episode(path):
        return f"{name} is no episode: give an episode_<number>{SUFFIX}."
    if os.path.isfile(path) and not lies_in_trash(path):
        return f"{path} is not in the trash."
    if path.name == os.fspath(path):
        return f"There is no {path.name} in the trash of any folder of episodes."
    return f"There is no {path if lies_in_trash(path) else trashed_path(path)}."


def _folders() -> Iterator[Path]:
    for root in roots():
        yield from with_folders_in(root)
