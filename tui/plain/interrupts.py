"""Ctrl-C as something to ask the session for, and output that nobody reads any more."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

CLOSED: Final = 1


class Interrupts:
    """Counts Ctrl-C from when it is made on."""

    def __init__(self) -> None:
        self._count = 0
        self._taken = 0
        signal.signal(signal.SIGINT, self._note)

    def take(self) -> int:
        """How many have come since the last call."""
        new, self._taken = self._count - self._taken, self._count
        return new

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self._count += 1


def to_its_end(show: Callable[[], int]) -> int:
    """The exit status of `show`; output that is closed counts as a terminal that was closed."""
    try:
        return show()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return CLOSED
