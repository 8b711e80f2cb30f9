"""A file that is there whole or not at all.

It is written under a hidden name beside its own, which holds the number of the process and is
locked as long as that lives: so the next one that writes there knows what a killed one has left,
and removes it.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from recorder.episode.publish import sync
from recorder.folder.unwound import unwound_when_terminated
from replay.errors import PictureError

MAX_STEM: Final = 40
"""Letters of a name, some of which take four bytes of the 255 that a name may have."""
BUILDING: Final = re.compile(r"\..+\.\d+\.new(\.[^.]*)?", re.ASCII | re.DOTALL)


def check_place(path: Path) -> None:
    """A file could be there, as far as can be known beforehand.

    Raises:
        PictureError: something has that name that is no file, or there is no folder for it.
    """
    if path.is_dir():
        raise PictureError(f"Cannot write {path}: that is a folder.")
    if not can_take(path):
        raise PictureError(f"Cannot write {path}: that is no plain file. Name another.")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"Cannot write {path}: there is no folder {path.parent}.")


def can_take(path: Path) -> bool:
    """The name is free, or that of a plain file, which may be replaced: no link, no device."""
    return not os.path.lexists(path) or (path.is_file() and not path.is_symlink())


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The name to write under: of the file at `path`, in its folder, until the block ends well.

    Then the file is synced and takes its name, in place of one that is there. If the block fails,
    or is interrupted, nothing is left of it, and what was there before stays.

    Raises:
        OSError: the disk refuses.
    """
    path = path.absolute()
    _remove_leftovers(path.parent)
    building = path.with_name(f".{path.stem[:MAX_STEM]}.{os.getpid()}.new{path.suffix}")
    with unwound_when_terminated():
        try:
            with _held(building):
                yield building
                sync(building)
                building.replace(path)
        finally:
            building.unlink(missing_ok=True)
    sync(path.parent)


def _remove_leftovers(folder: Path) -> None:
    """What the killed have left; what cannot be removed does not matter now."""
    for path in folder.glob(".*.new*"):
        if BUILDING.fullmatch(path.name):
            with contextlib.suppress(OSError), _opened(path, os.O_RDWR | os.O_NOFOLLOW) as there:
                fcntl.flock(there, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


@contextmanager
def _held(building: Path) -> Iterator[None]:
    """Make the file, and hold it locked, where the disk knows locks: elsewhere nothing is removed
    that others have left."""
    with _opened(building, os.O_RDWR | os.O_CREAT | os.O_EXCL) as made:
        with contextlib.suppress(OSError):
            fcntl.flock(made, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
