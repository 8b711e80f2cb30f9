"""Files that fail in places, or count what is read of them."""

import errno
import os
from typing import BinaryIO


class Failing:
    """A file on a disk with a bad place."""

    def __init__(self, file: BinaryIO, bad: range) -> None:
        self._file, self._bad, self.failures = file, bad, 0
        self.seek, self.fileno, self.tell = file.seek, file.fileno, file.tell

    def read(self, length: int) -> bytes:
        if (at := self._file.tell()) in self._bad or at < self._bad.start < at + length:
            self.failures += 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self._file.read(length)


class Counting:
    """A file that knows how much was read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.read_bytes = file, 0
        self.seek, self.fileno, self.tell = file.seek, file.fileno, file.tell

    def read(self, length: int) -> bytes:
        self.read_bytes += length
        return self._file.read(length)
