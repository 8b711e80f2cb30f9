"""A folder that is whole or absent, whatever happens while it is filled.

It is filled under a hidden name beside its own, synced, and renamed. Whoever fills it holds a lock
that goes with the process, however that ends: so the next export knows what a killed one has left
behind, and removes it.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recorder.episode.publish import move, sync
from replay.errors import ExportError

LOCK_SUFFIX: Final = ".export-lock"
BUILDING_SUFFIX: Final = ".exporting"


def check_target(target: Path) -> Path:
    """The folder's absolute path; nothing is there yet.

    Raises:
        ExportError: something is, or it could not be.
    """
    if os.path.lexists(target):
        raise ExportError(f"{target} exists already: choose another --out, or move it away.")
    if not (above := nearest_folder(target)).is_dir():
        raise ExportError(f"Cannot make {target}: {above} is no folder.")
    return Path(os.path.abspath(target))


def nearest_folder(target: Path) -> Path:
    """The innermost of those above it that is there."""
    return next(folder for folder in target.absolute().parents if folder.exists())


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to be filled; it becomes `target` if the block ends well, and else nothing is left.

    Folders above it are made if need be. Left behind by the killed, and removed here, is also what
    was to become other folders beside it.

    Raises:
        ExportError: another export is filling it, or something has got its name meanwhile.
        OSError: the disk refuses.
    """
    made = _make_parents(target)
    try:
        _remove_leftovers(target.parent)
        with _locked(target.with_name(f".{target.name}{LOCK_SUFFIX}")) as lock:
            building = _building(lock)
            _remove(building)
            building.mkdir()
            try:
                yield building
                _sync_all(building)
                move(building, target)
            finally:
                _remove(building)
    except BlockingIOError:
        raise ExportError(f"Another export is writing {target}: wait for it.") from None
    except FileExistsError:
        raise ExportError(f"{target} has come to be meanwhile: choose another --out.") from None
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # it is not empty, as it should be
                folder.rmdir()


def _make_parents(target: Path) -> list[Path]:
    """Those made, the innermost first."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_leftovers(parent: Path) -> None:
    """What killed exports have left in a folder; what cannot be removed does not matter now."""
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
    for inner, _, names in os.walk(folder):
        for name in names:
            sync(Path(inner, name))
        sync(Path(inner))
