"""What the files of an export are called: as their episodes are, wherever readers allow it, so that
nobody who has watched one deletes another."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from replay.export.exporter import Source

MAX_NAME: Final = 80
NUMBERED_ANEW: Final = "Episodes are numbered anew from 0: mind which is which."


def episode_names(paths: Sequence[Path]) -> list[str]:
    """A name for each, without ending: its own; with its folder's before it where there are
    several folders."""
    folders = [path.absolute().parent for path in paths]
    if len(set(folders)) == 1:
        return unique(plain(path.stem) for path in paths)
    named = zip(folders, paths, strict=True)
    return unique(plain(f"{folder.name}_{path.stem}") for folder, path in named)


def plain(name: str) -> str:
    """Letters and digits that every file system takes; a name may be any text, a path too."""
    return re.sub(r"[^\w-]", "_", name, flags=re.ASCII)[:MAX_NAME]


def unique(names: Iterable[str]) -> list[str]:
    """The same names, but with a number behind those that others have already: some disks do not
    tell small letters from large ones."""
    taken: set[str] = set()
    found = []
    for name in names:
        count, wanted = 1, name
        while name.lower() in taken:
            count += 1
            name = f"{wanted}-{count}"
        taken.add(name.lower())
        found.append(name)
    return found


def numbering_remarks(sources: Sequence[Source]) -> Iterator[str]:
    """What is to be known where an episode gets the number of its place, and had another."""
    if any(source.path.stem != f"episode_{place}" for place, source in enumerate(sources)):
        yield NUMBERED_ANEW
