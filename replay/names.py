"""What names, numbers and patterns mean from datasets folders on."""

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import number_of
from replay.nearest import nearest

DATASETS: Final = "datasets"


def _in_task(roots: Sequence[Path], task: str | None) -> list[Path]:
    return [root / task if task else root for root in roots]


def named(name: str, roots: Sequence[Path], task: str | None) -> list[Path]:
    """All that is meant by a name that is no path as it stands."""
    path = with_suffix(name)
    if path.is_file():
        return [path]
    if not _is_below(name):
        return []
    if folders := _once(each for root in roots if (each := root / name).is_dir()):
        return folders
    if _is_bare(name):
        return _search(_in_task(roots, task), glob.escape(path.name))
    return _once(each for root in roots if (each := root / path).is_file())


def with_suffix(name: str | Path) -> Path:
    """Of the file that is meant: of a number or a bare name, too."""
    path = Path(name)
    if path.name.isascii() and path.name.isdecimal():
        return path.with_name(f"episode_{path.name}{SUFFIX}")
    return path if path.suffix else path.with_name(path.name + SUFFIX) if path.name else path


def _is_bare(name: str) -> bool:
    return Path(name).name == name


def _is_below(name: str) -> bool:
    """Whether it can be a way from a folder down."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.name)


def several(name: str, found: Sequence[Path], roots: Sequence[Path]) -> str:
    """The sentence about a name that several have, and how to say which one."""
    below = (each.relative_to(root) for each in found for root in roots if root in each.parents)
    example = next((each.with_suffix("") for each in below if len(each.parts) > 1), found[0])
    listed = "\n".join(f"  {path}" for path in found)
    called = with_suffix(name).name if found[0].is_file() else name
    kind = "episodes" if found[0].is_file() else "folders"
    return f"Several {kind} are called {called}; say which one, e.g. {example}:\n{listed}"


def no_such(name: str, roots: Sequence[Path], task: str | None) -> str:
    """The sentence about a name that nothing has."""
    if not _is_below(name):
        return f"{name} does not exist."
    if not _is_bare(name):
        return f"{name} does not exist. {nearest(name, _search(roots, f'*{SUFFIX}'))}"
    called = with_suffix(name).name
    what = f"folder or episode {name}" if number_of(Path(called)) is None else called
    missing = f"There is no {what} under {DATASETS}/{task or ''}."
    there = _search(_in_task(roots, task), f"*{SUFFIX}")
    if task and not there:
        return f"{missing} {nearest(task, _search(roots, f'*{SUFFIX}'))}"
    return f"{missing} {nearest(called, there)}"


def matches(pattern: str, roots: Sequence[Path], task: str | None) -> list[Path]:
    """All that a pattern matches: from here or, if that is nothing, from the roots on."""
    here = [Path(name) for name in glob.glob(pattern)]
    if here or not _is_below(pattern):
        return here
    below = [
        Path(name)
        for root in roots
        for name in glob.glob(os.path.join(glob.escape(str(root)), pattern))
    ]
    if not _is_bare(pattern):
        return _once(below)
    folders = _once(each for each in below if each.is_dir())
    return [*folders, *_search(_in_task(roots, task), pattern)]


def _once(paths: Iterable[Path]) -> list[Path]:
    """Each once, however many ways lead there."""
    unique: dict[Path, Path] = {}
    for path in paths:
        unique.setdefault(path.resolve(), path)
    return list(unique.values())


def _search(roots: Sequence[Path], pattern: str) -> list[Path]:
    found = (
        folder / name
        for root in roots
        for folder, names in _walk(root)
        for name in fnmatch.filter(names, pattern)
    )
    return sorted(_once(found))


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every folder that is not hidden, once, and the names of the files in it."""
    seen: set[str] = set()
    for folder, inner, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        inner[:] = [] if real in seen else [name for name in inner if name[0] != "."]
        if real not in seen:
            yield Path(folder), files
        seen.add(real)
