"""Giving a finished file its name: whole, durable, and never in place of another.

Three ways, by what the file system can: a rename that refuses to replace (ext4, xfs, btrfs, tmpfs),
a hard link (NFS), or else (exFAT) a look whether the name is free and a plain rename. The last
is as safe among Tandem's processes only because one at a time publishes in a folder: who does holds
the folder's lock. A file that another program makes in that instant would be replaced.
"""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

AT_FDCWD: Final = -100
RENAME_NOREPLACE: Final = 1
RENAME_EXCHANGE: Final = 2


def publish(building: Path, target: Path) -> None:
    """Sync `building` and rename it to `target` in the same folder; returns when both are on disk.

    Call it with the folder locked.

    Raises:
        FileExistsError: there is a `target` already; both files are left as they were.
        OSError: the disk refuses.
    """
    sync(building)
    move(building, target)


def move(source: Path, target: Path) -> None:
    """Rename a file, to another folder of the same disk too; returns when that is on disk.

    Raises:
        as `publish`.
    """
    _rename_without_replacing(source, target)
    for folder in dict.fromkeys((target.parent, source.parent)):
        sync(folder)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step, to be synced then; False: the disk cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return True
    error = ctypes.get_errno()
    if error in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(error, os.strerror(error), os.fspath(other))


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
    try:
        os.link(source, target)
    except OSError as fault:
        if fault.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):  # it has no hard links
            raise  # FileExistsError among them
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        source.rename(target)
    else:
        source.unlink()
