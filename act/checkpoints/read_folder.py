"""Reading a folder that anybody may have made, while another process may replace it."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from act.checkpoints.swap import standing
from act.errors import CheckpointError


class Files:
    """The files of an open folder: all of the same one, whatever has its name by now."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, name: str, most_bytes: int) -> bytes:
        """A file's content.

        Raises:
            CheckpointError: it is missing, too long, or no ordinary file in this folder.
            OSError: it cannot be read.
        """
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(name, flags, dir_fd=self._descriptor)
        except FileNotFoundError:
            raise CheckpointError(f"there is no {name} in it") from None
        except OSError as error:
            raise CheckpointError(f"{name} in it is no ordinary file") from error
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise CheckpointError(f"{name} in it is no ordinary file")
            if about.st_size > most_bytes:
                raise CheckpointError(
                    f"{name} has {about.st_size} bytes, and {most_bytes} would be the most"
                )
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(most_bytes)
        finally:
            os.close(descriptor)

    def are_in(self, folder: Path) -> bool:
        """Whether what now has that name is still the folder that these are in.

        Raises:
            OSError: nothing has that name any more.
        """
        return os.path.samestat(os.stat(standing(folder)), os.fstat(self._descriptor))


@contextmanager
def opened(folder: Path) -> Iterator[Files]:
    """A folder to read from.

    Raises:
        OSError: it is none.
    """
    descriptor = os.open(standing(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Files(descriptor)
    finally:
        os.close(descriptor)
