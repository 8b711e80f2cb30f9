"""The episodes in the trash that somebody means: by where they lie, where they were, or a name."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import TRASH, episode_path, number_of, trash_path
from recorder.folder.trash import trashed
from replay.errors import NotFoundError
from replay.find import with_folders_in
from replay.names import with_suffix
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
        return [path.absolute()] if path.is_file() else []
    here = trashed_path(path)
    if here.is_file():
        return [here]
    if path.is_absolute() or ".." in path.parts:
        return []
    folders = (
        _folders() if path.name == os.fspath(path) else (root / path.parent for root in roots())
    )
    there = (trashed_path(folder / path.name) for folder in folders)
    return list({each.resolve(): each for each in there if each.is_file()}.values())


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
    bases = [Path(), *(roots() if ".." not in Path(name).parts else [])]
    folder = next((base / name for base in bases if (base / name).is_dir()), None)
    if folder is not None:
        found = _of_folder(folder)
    elif glob.has_magic(name) and not os.path.lexists(name):
        found = next(filter(None, (_matching(base, name) for base in bases)), [])
    else:
        return [_one(name)]
    if not found:
        raise NotFoundError(f"There is nothing in the trash of {name}.")
    return found


def _of_folder(folder: Path) -> list[Path]:
    is_trash = folder.absolute().name == TRASH
    folders = [folder.absolute().parent] if is_trash else with_folders_in(folder)
    return [each for folder in folders for each in trashed(folder)]


def _matching(base: Path, pattern: str) -> list[Path]:
    whole = Path(glob.escape(os.fspath(base)), pattern)
    patterns = (whole, whole.parent / TRASH / whole.name)
    names = (name for each in patterns for name in glob.glob(os.fspath(each)))
    matches = (Path(name).absolute() for name in names)
    return [each for each in matches if lies_in_trash(each) and is_episode(each)]


def _one(name: str) -> Path:
    path = with_suffix(Path(name))
    if not is_episode(path):
        raise NotFoundError(f"{name} is no episode: give an episode_<number>{SUFFIX}.")
    found = called_so(name)
    if len(found) > 1:
        listed = "\n".join(f"  {each}" for each in found)
        raise NotFoundError(f"Several {path.name} are in the trash; say which one:\n{listed}")
    if not found:
        raise NotFoundError(_missing(path))
    return found[0]


def _missing(path: Path) -> str:
    if path.is_file() and not lies_in_trash(path):
        return f"{path} is not in the trash."
    if path.name == os.fspath(path):
        return f"There is no {path.name} in the trash of any folder of episodes."
    return f"There is no {path if lies_in_trash(path) else trashed_path(path)}."


def _folders() -> Iterator[Path]:
    for root in roots():
        yield from with_folders_in(root)
