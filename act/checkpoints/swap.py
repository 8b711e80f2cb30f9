"""A folder that takes another's name and place in one step."""

import ctypes
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.episode.publish import AT_FDCWD, move, sync

RENAME_EXCHANGE: Final = 2


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step; False: the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return True
    error = ctypes.get_errno()
    if error in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(error, os.strerror(error), os.fspath(other))


def replace_folder(
    building: Path, target: Path, exchange: Callable[[Path, Path], bool] = exchange
) -> None:
    """`building` becomes `target`; what that was before, if anything, is left as `building`, or is
    gone. Where folders cannot be exchanged (NFS, exFAT), there is a moment at which only
    `standing` finds the earlier one.

    Raises:
        OSError: the disk refuses.
    """
    if not os.path.lexists(target):
        move(building, target)
    elif not exchange(building, target):
        shutil.rmtree(_aside(target), ignore_errors=True)
        target.rename(_aside(target))
        move(building, target)
    shutil.rmtree(_aside(target), ignore_errors=True)
    sync(target.parent)


def standing(target: Path) -> Path:
    """Where the folder is: under its name or, if a process was killed at the wrong moment on such a
    disk, aside."""
    aside = _aside(target)
    return aside if not os.path.lexists(target) and aside.is_dir() else target


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
