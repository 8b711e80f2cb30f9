"""A file that is there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from recorder.episode.publish import sync
from replay.errors import PictureError

MAX_STEM: Final = 40
"""Letters of a name, some of which take four bytes of the 255 that a name may have."""


def check_place(path: Path) -> None:
    """A file could be there, as far as can be known beforehand.

    Raises:
        PictureError: a folder has that name, or there is no folder for it.
    """
    if path.is_dir():
        raise PictureError(f"Cannot write {path}: that is a folder.")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"Cannot write {path}: there is no folder {path.parent}.")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The name to write under: of the file at `path`, in its folder, until the block ends well.

    Then the file is synced and takes its name, in place of one that is there. If the block fails,
    or is interrupted, nothing is left of it, and what was there before stays.

    Raises:
        OSError: the disk refuses.
    """
    path = path.absolute()
    building = path.with_name(f".{path.stem[:MAX_STEM]}.{os.getpid()}.new{path.suffix}")
    try:
        yield building
        sync(building)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
    sync(path.parent)
