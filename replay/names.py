"""What names, numbers and patterns mean: what is there as it is written, before any pattern."""

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import number_of
from recorder.printable import printable
from replay.nearest import nearest

DATASETS: Final = "datasets"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A name that is a pattern from a folder on.

    Attributes:
        folder: how it begins, up to a slash, in words that are no pattern, whatever is in them.
        rest: what is to be matched there.
    """

    folder: str
    rest: str

    def rests(self) -> list[str]:
        """How the rest may have been meant, best first. A slash at its end means folders only."""
        is_folders = os.path.basename(self.rest) in ("", ".")
        return [self.rest, *(() if is_folders else map(os.fspath, spellings(self.rest)))]

    def below(self, base: Path, rest: str) -> list[Path]:
        """What is matched by a rest, from a folder on."""
        folder = base / self.folder
        return [folder / name for name in glob.glob(rest, root_dir=folder)]


def pattern_of(name: str, bases: Sequence[Path]) -> Pattern | None:
    """What is a pattern in a name that nothing has as it is written; None: nothing.

    Folders that are there are never matched: `b?/episode_*` is about `b?`, if there is one, and
    not about `b1`.

    Args:
        bases: the folders from which on the name is looked for.
    """
    ends = [0, *(place for place, letter in enumerate(name, 1) if letter == "/")]
    there = (end for end in ends if any(os.path.isdir(base / name[:end]) for base in bases))
    end = max(there, default=0)
    return Pattern(name[:end], name[end:]) if glob.has_magic(name[end:]) else None


def bases_of(name: str, roots: Sequence[Path]) -> list[Path]:
    """The folders from which on a name is looked for: here, then the roots."""
    return [Path(), *(roots if _is_below(name) else ())]


def named(name: str, roots: Sequence[Path], task: str | None) -> list[Path]:
    """All that is meant, as it is written, by a name that is no path as it stands."""
    spelt = spellings(name)
    if here := [path for path in spelt if os.path.isfile(path)]:
        return here[:1]
    if not _is_below(name):
        return []
    if folders := _once(each for root in roots if os.path.isdir(each := root / name)):
        return folders
    for path in spelt:
        if _is_bare(name):
            found = _search(_in_task(roots, task), glob.escape(path.name))
        else:
            found = _once(each for root in roots if os.path.isfile(each := root / path))
        if found:
            return found
    return []


def with_suffix(name: str | Path) -> Path:
    """Of the file that is meant: of a number or a bare name, too."""
    path = Path(name)
    if path.name.isascii() and path.name.isdecimal():
        return path.with_name(f"episode_{path.name}{SUFFIX}")
    return path if path.suffix else path.with_name(path.name + SUFFIX) if path.name else path


def spellings(name: str | Path) -> list[Path]:
    """The files that may be meant, best first: what seems to have a suffix may be without it."""
    path, whole = Path(name), with_suffix(name)
    if not path.name or path.suffix == SUFFIX:
        return [whole]
    return list(dict.fromkeys((whole, path.with_name(path.name + SUFFIX))))


def _in_task(roots: Sequence[Path], task: str | None) -> list[Path]:
    return [root / task if task else root for root in roots]


def _is_bare(name: str) -> bool:
    return Path(name).name == name


def _is_below(name: str) -> bool:
    """Whether it can be a way from a folder down."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.name)


def several(found: Sequence[Path], roots: Sequence[Path]) -> str:
    """The sentence about a name that several have, and how to say which one."""
    below = (each.relative_to(root) for each in found for root in roots if root in each.parents)
    example = next((each.with_suffix("") for each in below if len(each.parts) > 1), found[0])
    listed = "\n".join(f"  {printable(str(path))}" for path in found)
    kind = "episodes" if found[0].is_file() else "folders"
    told = f"Several {kind} are called {found[0].name}; say which one, e.g. {example}:"
    return f"{printable(told)}\n{listed}"


def no_such(name: str, roots: Sequence[Path], task: str | None) -> str:
    """The sentence about a name that nothing has."""
    return printable(_no_such(name, roots, task))


def _no_such(name: str, roots: Sequence[Path], task: str | None) -> str:
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


def matches(pattern: Pattern, roots: Sequence[Path], task: str | None) -> list[Path]:
    """All that a pattern matches: from here or, if that is nothing, from the roots on."""
    for rest in pattern.rests():
        found = pattern.below(Path(), rest) or _matches_below(pattern, rest, roots, task)
        if found:
            return found
    return []


def _matches_below(
    pattern: Pattern, rest: str, roots: Sequence[Path], task: str | None
) -> list[Path]:
    name = pattern.folder + pattern.rest
    if not _is_below(name):
        return []
    found = _once(path for root in roots for path in pattern.below(root, rest))
    if not _is_bare(name):
        return found
    return [*filter(os.path.isdir, found), *_search(_in_task(roots, task), rest)]


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
