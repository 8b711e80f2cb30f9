"""Why the system refused something, in words for the operator."""

import errno
import os


def reason(error: Exception) -> str:
    """What fits behind "Cannot ...: ", without its stop.

    HDF5 tells of a disk's error with addresses and its own file's name: of a number that the system
    knows, the system's words are enough.
    """
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, OSError):
        if error.errno is not None and error.errno in errno.errorcode:
            return os.strerror(error.errno)
        if error.strerror:
            return error.strerror
    return str(error).rstrip(".") or type(error).__name__
