"""Finding the episodes that somebody means: files, folders, patterns, bare names and numbers."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.errors import FolderError
from recorder.folder.numbering import episodes_in, number_of
from recorder.printable import printable
from replay.errors import NotFoundError
from replay.names import DATASETS, bases_of, matches, named, no_such, pattern_of, several
from session.paths import datasets_dir

NAMES: Final = (
    "a file, folder, pattern, name or number: battery, battery/episode_1, episode_1 or 1 are "
    "looked for here, then under datasets/; .hdf5 may be left out"
)
"""What the help of a command says that somebody can name."""


@dataclass(frozen=True, slots=True)
class InFolder:
    """What is meant in a folder: files, in the order of their numbers.

    Attributes:
        whole: the folder itself is meant, and not just some files in it.
    """

    folder: Path
    files: tuple[Path, ...]
    whole: bool


def find_episode(name: str, roots: Sequence[Path] | None = None, task: str | None = None) -> Path:
    """The file or folder that `name` means: a path as it is; or, from datasets/ on, a folder, an
    episode in it (`battery/episode_1`), and a bare name or number in any. None needs its suffix.

    Args:
        roots: the folders to search; `datasets/` here, and where episodes go by default.
        task: search for bare names and numbers in this folder of theirs only.

    Raises:
        NotFoundError: there is none (nearest names listed), or there are several (all listed).
    """
    roots = _roots() if roots is None else roots
    if found := _as_written(name, roots, task):
        return found
    raise NotFoundError(no_such(name, roots, task))


def find(
    names: Sequence[str], roots: Sequence[Path] | None = None, task: str | None = None
) -> list[Path]:
    """The files and folders that names mean, each once, in the order of the names. Only where
    nothing has a name as it is written, it is a pattern, and means all that it matches: from here
    or, if that is nothing, from datasets/ on; a bare one anywhere below that.

    Raises:
        NotFoundError: as `find_episode`, or nothing matches a pattern.
    """
    roots = _roots() if roots is None else roots
    found: list[Path] = []
    for name in names:
        one = _as_written(name, roots, task)
        found += [one] if one else _matching(name, roots, task)
    return list(dict.fromkeys(found))


def find_episodes(
    names: Sequence[str], roots: Sequence[Path] | None = None, task: str | None = None
) -> list[Path]:
    """The files that names, folders and patterns mean, each once, by folder and number.

    Args:
        task: bare names and numbers are those in datasets/TASK.

    Raises:
        NotFoundError: as `find`, or there is no episode in a folder.
        FolderError: a folder cannot be read.
    """
    paths = find(names, roots, task)
    for path in paths:
        if path.is_dir() and not any(each.files for each in by_folder([path])):
            raise NotFoundError(printable(f"There is no episode in {path}."))
    return [file for each in by_folder(paths) for file in each.files]


def by_folder(paths: Sequence[Path], suffixes: Sequence[str] = (SUFFIX,)) -> list[InFolder]:
    """Files by the folder they lie in; of a folder, its episodes and those of the folders in it.

    Args:
        suffixes: of what is taken from folders.

    Raises:
        FolderError: a folder cannot be read.
    """
    files: dict[Path, set[Path]] = {}
    whole: set[Path] = set()
    spelt: dict[str, Path] = {}  # a folder that is spelt in two ways is one
    for path in paths:
        for folder in with_folders_in(path) if path.is_dir() else (path.parent,):
            key = spelt.setdefault(os.path.realpath(folder), folder)
            if path.is_dir():
                whole.add(key)
                taken = {each for suffix in suffixes for each in episodes_in(key, suffix)}
            else:
                taken = {key / path.name}
            files.setdefault(key, set()).update(taken)
    return [
        InFolder(folder, tuple(sorted(its, key=_by_number)), folder in whole)
        for folder, its in files.items()
    ]


def with_folders_in(folder: Path) -> list[Path]:
    """A folder and those in it (one a task), but for hidden ones.

    Raises:
        FolderError: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            inner = [each.name for each in entries if each.name[0] != "." and _is_folder(each)]
    except OSError as error:
        raise FolderError(printable(f"Cannot read {folder}: {error.strerror}.")) from error
    return [folder, *(folder / name for name in sorted(inner))]


def from_here(path: Path) -> Path:
    """The path as somebody here would type it: relative, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if here in path.parents else path


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Only links have to be followed to know: with many thousands of files that matters."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()


def _is_there(name: str) -> bool:
    """Whether `name` is a path to something.

    Raises:
        NotFoundError: it cannot be a path, or leads nowhere.
    """
    if not name:
        raise NotFoundError("An empty name is no episode.")
    try:
        os.stat(name)
    except FileNotFoundError:
        if os.path.islink(name):
            raise NotFoundError(printable(f"{name} is a link that leads nowhere.")) from None
        return False
    except OSError as error:
        raise NotFoundError(printable(f"Cannot read {name}: {error.strerror}.")) from error
    return True


def _roots() -> list[Path]:
    """Where names are searched: `datasets/` here, and where episodes go by default."""
    return list(dict.fromkeys((Path(DATASETS), from_here(datasets_dir()))))


def _as_written(name: str, roots: Sequence[Path], task: str | None) -> Path | None:
    """What has this name, no letter of which is a pattern.

    Raises:
        NotFoundError: several have it, or it cannot be a path.
    """
    if _is_there(name):
        return Path(name)
    found = named(name, roots, task)
    if len(found) > 1:
        raise NotFoundError(several(found, roots))
    return found[0] if found else None


def _matching(name: str, roots: Sequence[Path], task: str | None) -> list[Path]:
    pattern = pattern_of(name, bases_of(name, roots))
    if pattern is None:
        raise NotFoundError(no_such(name, roots, task))
    found = matches(pattern, roots, task)
    if not found:
        raise NotFoundError(printable(f"Nothing matches {name}."))
    episodes = [path for path in found if path.suffix == SUFFIX or path.is_dir()]
    return sorted(episodes or found)  # what else lies there is meant only where nothing else can be


def _by_number(path: Path) -> tuple[float, str]:
    number = number_of(path)
    return math.inf if number is None else number, path.name
