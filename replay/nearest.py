"""What somebody may have meant by a name that nothing has."""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import number_of

SUGGESTIONS: Final = 5
SIMILAR: Final = 0.3
"""How alike names are that are suggested, as difflib counts; 1: the same."""


def nearest(name: str, files: Sequence[Path]) -> str:
    """A sentence with the files and folders of names, or numbers, like this one.

    Args:
        files: all the episodes that there are.
    """
    if not files:
        return "No episode has been recorded there yet."
    found = _by_number(Path(name), files) or _by_name(Path(name), files) or _folders(files)
    listed = ", ".join(map(str, found[:SUGGESTIONS]))
    return f"Nearest: {listed}; `episodes list` shows all."


def alike(word: str, words: Iterable[str]) -> list[str]:
    """All the words, those most like this one first."""
    return sorted(words, key=lambda each: (-_likeness(word, each), each))


def _by_number(path: Path, files: Sequence[Path]) -> list[Path]:
    """In the folder of that name, or one like it, if one is named at all."""
    number = _number(path)
    if number is None:
        return []
    folder = path.parent.name
    if folder:
        folders = difflib.get_close_matches(folder, {file.parent.name for file in files}, 1)
        files = [file for file in files if file.parent.name in folders]
    away = [(abs(its - number), file) for file in files if (its := number_of(file)) is not None]
    return [file for _, file in sorted(away)]


def _number(path: Path) -> int | None:
    name = path.name if path.suffix else path.name + SUFFIX
    number = number_of(path.with_name(name))
    return int(path.name) if number is None and path.name.isdecimal() else number


def _by_name(path: Path, files: Sequence[Path]) -> list[Path]:
    named: dict[str, list[Path]] = {}
    for each in (*_folders(files), *files):
        named.setdefault(each.stem, []).append(each)
    close = difflib.get_close_matches(path.stem, named, SUGGESTIONS, SIMILAR)
    return [each for name in close for each in named[name]]


def _folders(files: Sequence[Path]) -> list[Path]:
    return sorted({file.parent for file in files})


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
