"""A new dataset folder that is there whole, or not at all.

It is built beside its place under a hidden name and locked (`flock`) while it is; a rename gives it
its name. What a process that was killed has left, the next one that builds there removes.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from recorder.episode.publish import move, sync, write_atomically
from recorder.errors import FolderError
from recorder.folder.numbering import NEXT_FILE, episodes_in

_BUILDING: Final = re.compile(r"\..+\.[0-9]+\.building")
_ITS_OWN: Final = re.compile(rf"episode_[0-9]+\.hdf5|{re.escape(NEXT_FILE)}.*")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A hidden folder to fill with episodes 0, 1, 2 ...; it becomes `folder` at the end.

    Raises:
        FolderError: there is such a folder, or it cannot be made. What a fault has interrupted is
            removed.
    """
    if os.path.lexists(folder):
        raise FolderError(f"{folder} exists already: give a folder that does not.")
    try:
        remove_left_behind(folder.parent)
        with _locked(folder) as building:
            try:
                yield building
                write_atomically(building / NEXT_FILE, f"{len(episodes_in(building))}\n")
                sync(building)
                move(building, folder)
            finally:
                if building.exists():
                    _remove(building)
    except FileExistsError:
        raise FolderError(f"{folder} exists by now: give another folder.") from None
    except OSError as error:
        raise FolderError(f"Cannot make {folder}: {error.strerror or error}.") from error


def remove_left_behind(parent: Path) -> None:
    """Remove what was being built there by processes that are no more.

    Raises:
        OSError: the folder cannot be read.
    """
    for path in parent.iterdir():
        if _BUILDING.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError), _open(path) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held: somebody builds it
                _remove(path)


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """The hidden folder, made and locked."""
    building = folder.with_name(f".{folder.name}.{os.getpid()}.building")
    while True:
        building.mkdir()
        with _open(building) as descriptor:
            with contextlib.suppress(OSError):  # NFS cannot lock a folder
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if building.exists():  # else somebody took it for left behind before it was locked
                yield building
                return


@contextmanager
def _open(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _remove(building: Path) -> None:
    """It, and what we have put there; anything else is somebody's, and stays."""
    for path in building.iterdir():
        if _ITS_OWN.fullmatch(path.name):
            path.unlink()
    building.rmdir()
