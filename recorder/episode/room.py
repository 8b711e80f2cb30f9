"""Room on a disk for a file that HDF5 is to write.

HDF5 crashes the process when a write fails while it closes a file: so room is asked for beforehand,
and taken, where the file system can promise it (ext4, xfs, btrfs, tmpfs).
"""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

from recorder.folder.guards import MIB, free_bytes

MARGIN_BYTES: Final = 1 << 20
"""For what HDF5 keeps beside the data."""
FALLOC_FL_KEEP_SIZE: Final = 1
CANNOT_PROMISE: Final = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def check_room(folder: Path, size_bytes: int) -> None:
    """See that a file of that size can be written there.

    Raises:
        OSError: it cannot; says how much is free.
    """
    needed, free = size_bytes + MARGIN_BYTES, free_bytes(folder)
    if free < needed:
        raise OSError(f"it needs {needed // MIB + 1} MiB on its disk, {free // MIB} MiB are free")


def take_room(path: Path, size_bytes: int) -> None:
    """Let the disk promise a file so many bytes; its size stays as it is.

    Raises:
        OSError: there are not so many.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDWR)
    try:
        length = ctypes.c_int64(size_bytes + MARGIN_BYTES)
        if libc.fallocate(descriptor, FALLOC_FL_KEEP_SIZE, ctypes.c_int64(0), length) == 0:
            return
        error = ctypes.get_errno()
        if error not in CANNOT_PROMISE:
            raise OSError(error, os.strerror(error), os.fspath(path))
    finally:
        os.close(descriptor)


def return_room(path: Path) -> None:
    """Give back what a file was promised and does not need."""
    os.truncate(path, path.stat().st_size)
