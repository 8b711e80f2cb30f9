"""Lines of a descriptor that is polled."""

import os
from typing import Final

_READ_CHUNK: Final = 65_536


class Lines:
    """Splits what arrives at newlines: poll it, then call `read`.

    Reading a line from a buffered file would leave those that came with it in the buffer, where a
    poll does not see them.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._descriptor

    def read(self) -> list[bytes] | None:
        """The lines that are complete by now; None at the end. Blocks where there is nothing."""
        data = os.read(self._descriptor, _READ_CHUNK)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines


def is_null(descriptor: int) -> bool:
    """Whether it is /dev/null: an input that never had anybody."""
    return os.fstat(descriptor).st_rdev == os.stat(os.devnull).st_rdev
