"""Finding the episodes that somebody means: files, folders, patterns, bare names and numbers."""

import difflib
import fnmatch
import glob
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.errors import FolderError
from recorder.folder.numbering import episodes_in, number_of
from replay.errors import NotFoundError
from session.paths import datasets_dir

SUGGESTIONS: Final = 5
DATASETS: Final = "datasets"


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
    """The file that `name` means: a path as it is, a bare name or number searched under datasets/.

    Args:
        roots: the folders to search; `datasets/` here, and where episodes go by default.
        task: search in this folder of theirs only.

    Raises:
        NotFoundError: there is none (nearest names listed), or there are several (all listed).
    """
    if _is_there(name):
        return Path(name)
    if Path(name).name != name:
        raise NotFoundError(f"{name} does not exist.")
    searched, file_name = _searched(roots, task), _file_name(name)
    found = _search(searched, glob.escape(file_name))
    if len(found) > 1:
        listed = "\n".join(f"  {path}" for path in found)
        raise NotFoundError(f"Several episodes are called {file_name}; say which one:\n{listed}")
    if found:
        return found[0]
    where = f"{DATASETS}/{task or ''}"
    raise NotFoundError(f"There is no {file_name} under {where}. {_nearest(searched, file_name)}")


def find(
    names: Sequence[str], roots: Sequence[Path] | None = None, task: str | None = None
) -> list[Path]:
    """The files and folders that names mean, each once, in the order of the names. A pattern means
    all that it matches: from here or, if that is nothing and it is bare, under datasets/.

    Raises:
        NotFoundError: as `find_episode`, or nothing matches a pattern.
    """
    found: list[Path] = []
    for name in names:
        if glob.has_magic(name) and not _is_there(name):
            found += _matching(name, _searched(roots, task))
        else:
            found.append(find_episode(name, roots, task))
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
            raise NotFoundError(f"There is no episode in {path}.")
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
        raise FolderError(f"Cannot read {folder}: {error.strerror}.") from error
    return [folder, *(folder / name for name in sorted(inner))]


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
            raise NotFoundError(f"{name} is a link that leads nowhere.") from None
        return False
    except OSError as error:
        raise NotFoundError(f"Cannot read {name}: {error.strerror}.") from error
    return True


def _file_name(name: str) -> str:
    if name.isascii() and name.isdecimal():
        return f"episode_{name}{SUFFIX}"
    return name if Path(name).suffix else name + SUFFIX


def _searched(roots: Sequence[Path] | None, task: str | None) -> list[Path]:
    roots = (Path(DATASETS), datasets_dir()) if roots is None else roots
    return [root / task if task else root for root in roots]


def _matching(pattern: str, searched: Sequence[Path]) -> list[Path]:
    found = [Path(name) for name in glob.glob(pattern)]
    if not found and Path(pattern).name == pattern:
        found = _search(searched, pattern)
    if not found:
        raise NotFoundError(f"Nothing matches {pattern}.")
    episodes = [path for path in found if path.suffix == SUFFIX or path.is_dir()]
    return sorted(episodes or found)  # what else lies there is meant only where nothing else can be


def _search(roots: Sequence[Path], pattern: str) -> list[Path]:
    unique = {
        path.resolve(): path
        for root in reversed(roots)
        for folder, names in _walk(root)
        for path in (folder / name for name in fnmatch.filter(names, pattern))
    }
    return sorted(unique.values())


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every folder that is not hidden, once, and the names of the files in it."""
    seen: set[str] = set()
    for folder, inner, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        inner[:] = [] if real in seen else [name for name in inner if name[0] != "."]
        if real not in seen:
            yield Path(folder), files
        seen.add(real)


def _nearest(roots: Sequence[Path], name: str) -> str:
    there = _search(roots, f"*{SUFFIX}")
    close = difflib.get_close_matches(name, {path.name for path in there}, SUGGESTIONS, 0.3)
    listed = [str(path) for best in close for path in there if path.name == best][:SUGGESTIONS]
    return f"Nearest: {', '.join(listed)}." if listed else "No episode has been recorded there yet."


def _by_number(path: Path) -> tuple[float, str]:
    number = number_of(path)
    return math.inf if number is None else number, path.name
