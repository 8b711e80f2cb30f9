"""Giving a finished file its name: whole, durable, and never in place of another."""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

AT_FDCWD: Final = -100
RENAME_NOREPLACE: Final = 1


def publish(building: Path, target: Path) -> None:
    """Sync `building` and rename it to `target` in the same folder; returns when both are on disk.

    Raises:
        FileExistsError: there is a `target` already; both files are left as they were.
        OSError: the disk refuses.
    """
    sync(building)
    _rename_without_replacing(building, target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Force a file's, or a folder's, content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Replace the content of a small file, whole or not at all, even if the power fails."""
    building = path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}.new")
    try:
        building.write_text(text)
        sync(building)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
    sync(path.parent)


def _rename_without_replacing(source: Path, target: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(source), os.fsencode(target)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_NOREPLACE) == 0:
        return
    error = ctypes.get_errno()
    if error not in (errno.EINVAL, errno.ENOSYS):  # the file system does not know the flag
        raise OSError(error, os.strerror(error), os.fspath(target))
    os.link(source, target)  # raises FileExistsError as well
    source.unlink()
