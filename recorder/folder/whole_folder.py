"""A folder that is there whole, or not at all: merged episodes, exports, pages.

It is filled under a hidden name beside its own, synced, and then takes its name. Whoever fills it
holds a lock file that goes with the process, however that ends: so the next one that fills a folder
there knows what a killed one has left behind, and removes it.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from recorder.episode.publish import move, sync
from recorder.errors import FolderError
from recorder.folder.unwound import unwound_when_terminated

LOCK_SUFFIX: Final = ".building-lock"
BUILDING_SUFFIX: Final = ".building"


def check_new(target: Path) -> Path:
    """The folder's absolute path; nothing is there yet.

    Raises:
        FolderError: something is, or it could not be.
    """
    if os.path.lexists(target):
        raise FolderError(f"{target} exists already: name a folder that does not, or move it away.")
    if not (above := nearest_folder(target)).is_dir():
        raise FolderError(f"Cannot make {target}: {above} is no folder.")
    return Path(os.path.abspath(target))


def nearest_folder(target: Path) -> Path:
    """The innermost of those above it that is there."""
    return next(folder for folder in target.absolute().parents if folder.exists())


@contextlib.contextmanager
def whole_folder(target: Path, take_name: Callable[[Path, Path], object] = move) -> Iterator[Path]:
    """A folder to be filled; it becomes `target` if the block ends well, and else nothing is left.

    Folders above it are made if need be. Left behind by the killed, and removed here, is also what
    was to become other folders beside it.

    Args:
        take_name: gives the filled folder its name; what is then left under the hidden name is
            removed.

    Raises:
        FolderError: another process is filling it, or something has got its name meanwhile.
        OSError: the disk refuses.
    """
    lock_file = target.with_name(f".{target.name}{LOCK_SUFFIX}")
    try:
        with unwound_when_terminated(), _parents_of(target), _locked(lock_file) as lock:
            building = _building(lock)
            if os.path.lexists(building):  # without a lock it is none of ours
                raise FolderError(f"{building} is in the way: move it elsewhere.")
            building.mkdir()
            try:
                yield building
                _sync_all(building)
                take_name(building, target)
            finally:
                _remove(building)
    except BlockingIOError:
        raise FolderError(f"Another process is writing {target}: wait for it.") from None
    except FileExistsError:
        raise FolderError(f"{target} has come to be meanwhile: name another folder.") from None


@contextlib.contextmanager
def _parents_of(target: Path) -> Iterator[None]:
    """The folders above it, without what the killed have left in the innermost. Those that were
    made are removed again if they are empty at the end."""
    missing = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target.parent)
        yield
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):  # it is not empty, as it should be
                folder.rmdir()


def _remove_leftovers(parent: Path) -> None:
    """What killed processes have left in a folder; what cannot be removed does not matter now."""
    for lock in parent.glob(f".*{LOCK_SUFFIX}"):
        with contextlib.suppress(OSError), _locked(lock):
            _remove(_building(lock))


def _building(lock: Path) -> Path:
    return lock.with_name(lock.name.removesuffix(LOCK_SUFFIX) + BUILDING_SUFFIX)


def _remove(building: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(building)


@contextlib.contextmanager
def _locked(lock: Path) -> Iterator[Path]:
    """Hold a lock file, and remove it afterwards.

    Raises:
        BlockingIOError: another process holds it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(lock, flags, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_still_there(lock, descriptor):  # its last holder has just removed it
            raise BlockingIOError
        try:
            yield lock
        finally:
            lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_still_there(lock: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(lock.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sync_all(folder: Path) -> None:
    """Everything in it is on the disk: in one call, there may be thousands of files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), os.fspath(folder))
    finally:
        os.close(descriptor)
    sync(folder)
