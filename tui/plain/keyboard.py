"""Single keys from the terminal, which is given back as it was, however this process ends.

Ctrl-C stays a signal. Ctrl-Z gives the terminal back for as long as it lasts. (After SIGKILL nobody
can: `stty sane` does.)
"""

import codecs
import contextlib
import os
import signal
import sys
import termios
import tty
from types import FrameType, TracebackType
from typing import Any, Final, Self, TextIO

from tui.plain.key_names import key_names

READ_BYTES: Final = 64
ENDS: Final = (signal.SIGTERM, signal.SIGHUP)


class Keyboard:
    """Key presses as they come, without echo. Use as a context manager, in the main thread.

    Where the input is no terminal, or we run in its background, there are no keys.
    """

    def __init__(self, stream: TextIO = sys.stdin) -> None:
        self._fd: int | None = None
        self._settings: list[int | list[bytes | int]] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._unfinished = ""
        self._handlers: dict[int, Any] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            if stream.isatty():
                self._fd = stream.fileno()

    @property
    def present(self) -> bool:
        """Somebody could press a key."""
        return self._fd is not None

    def __enter__(self) -> Self:
        if self._fd is not None:
            for number in ENDS:
                self._handle(number, self._end)
            self._handle(signal.SIGTSTP, self._suspend)
            self._handle(signal.SIGCONT, self._go_on)
        self._take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():  # nothing takes the terminal again
            signal.signal(number, handler)
        self._give_back()

    def filenos(self) -> list[int]:
        """What to wait for: empty, or the terminal."""
        return [] if self._fd is None or self._settings is None else [self._fd]

    def read(self) -> list[str]:
        """The names of the keys pressed. Call it when `filenos` can be read."""
        if self._fd is None or self._settings is None:
            return []
        try:
            pressed = os.read(self._fd, READ_BYTES)
        except OSError:
            pressed = b""
        if not pressed:  # the terminal is gone
            self._fd = None
        names, self._unfinished = key_names(self._unfinished + self._decoder.decode(pressed))
        return names

    def _handle(self, number: int, handler: Any) -> None:
        self._handlers[number] = signal.signal(number, handler)

    def _take(self) -> None:
        if self._fd is None or self._settings is not None or not _in_foreground(self._fd):
            return
        with contextlib.suppress(termios.error):
            self._settings = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd, termios.TCSANOW)

    def _give_back(self) -> None:
        settings, self._settings = self._settings, None
        if self._fd is not None and settings is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, settings)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._give_back()
        _die_of(number)

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        self._give_back()
        _die_of(number)  # which only stops us, until SIGCONT

    def _go_on(self, _number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTSTP, self._suspend)
        self._take()


def _die_of(number: int) -> None:
    """Do what the signal would have done without us."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _in_foreground(fd: int) -> bool:
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:  # not our controlling terminal: nobody will stop us for using it
        return True
