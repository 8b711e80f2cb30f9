"""What lies in a folder's trash, for the list: deleted episodes, and former versions of others."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.errors import FolderError
from recorder.folder.numbering import TRASH
from recorder.folder.trash import trashed
from recorder.folder.versions import BEFORE_TRIM, TRIMMED
from recorder.printable import printable

MEGABYTE: Final = 1e6
_FORMER: Final = re.compile(
    rf"episode_([0-9]{{1,9}})\.({BEFORE_TRIM}|{TRIMMED})_[0-9]{{1,9}}{re.escape(SUFFIX)}"
)


@dataclass(frozen=True, slots=True)
class Former:
    """An episode as it was before an edit.

    Attributes:
        number: of the episode.
        what: `before_trim`: it was trimmed since; `trimmed`: that trim was undone since.
    """

    path: Path
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class InTrash:
    """What is there.

    Attributes:
        deleted: episodes, which can be restored.
        files, size_bytes: how many files there are, whatever they are, and their size.
    """

    deleted: tuple[Path, ...] = ()
    former: tuple[Former, ...] = ()
    files: int = 0
    size_bytes: int = 0


NOTHING: Final = InTrash()


def in_trash(folder: Path) -> InTrash:
    """What is in the trash of a folder; if there is none: nothing.

    Raises:
        FolderError: it cannot be read.
    """
    deleted = tuple(trashed(folder))
    sizes: dict[str, int] = {}
    try:
        with os.scandir(folder / TRASH) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(about.st_mode):
                    sizes[entry.name] = about.st_size
    except FileNotFoundError:  # or it has just been emptied
        return NOTHING
    except OSError as error:
        told = f"Cannot read {folder / TRASH}: {error.strerror}."
        raise FolderError(printable(told)) from error
    former = [
        Former(folder / TRASH / name, int(match[1]), match[2])
        for name in sizes
        if (match := _FORMER.fullmatch(name))
    ]
    former.sort(key=lambda each: (each.number, each.path.name))
    return InTrash(deleted, tuple(former), len(sizes), sum(sizes.values()))


def in_words(trash: InTrash) -> str:
    """E.g. `2 deleted, 5 originals of trims, 402.0 MB`."""
    counts = (
        (len(trash.deleted), "deleted", "deleted"),
        (_former(trash, BEFORE_TRIM), "original of a trim", "originals of trims"),
        (_former(trash, TRIMMED), "undone trim", "undone trims"),
    )
    others = trash.files - len(trash.deleted) - len(trash.former)
    told = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    told += [f"{others} other{'' if others == 1 else 's'}"] if others > 0 else []
    return f"{', '.join(told)}, {trash.size_bytes / MEGABYTE:.1f} MB"


def _former(trash: InTrash, what: str) -> int:
    return sum(each.what == what for each in trash.former)
