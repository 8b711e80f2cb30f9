"""What terminals do to a program that fills them: close, stop it, end it, have their colours."""

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from textual.app import App

ENDS: Final = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
BY_SIGNAL: Final = 128
DARK, LIGHT = "textual-dark", "textual-light"
FIXED_SIZE: Final = ("COLUMNS", "LINES")
"""A shell may have exported them; they would stand for the size, however that changes."""
WHITES: Final = ("7", "15")
"""Backgrounds, in the sixteen colours that COLORFGBG counts."""


class TerminalApp(App[int]):
    """An app that leaves the terminal as it found it. Its result is an exit status.

    SIGHUP, SIGTERM and SIGINT end it with 128 and their number, also where it was started with them
    ignored (nohup).

    Attributes:
        MOUSE: it takes the mouse; else text can be selected.
        failure: the exception that has ended it; it is printed nowhere.
    """

    MOUSE: ClassVar[bool] = False
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = None

    def __init__(self) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self.animation_level = "none"
        self.theme = LIGHT if is_light(os.environ) else DARK
        self._has_terminal = has_terminal()

    def run_to_status(self) -> int | None:
        """Run until it exits; None: it has failed."""
        for name in FIXED_SIZE:
            os.environ.pop(name, None)
        try:
            return self.run(mouse=self.MOUSE)
        except Exception as error:  # not in one of its handlers: no terminal that it could use
            self.failure = error
            return None

    def on_mount(self) -> None:
        """See to it that a signal ends it in order."""
        loop = asyncio.get_running_loop()
        for number in ENDS:
            loop.add_signal_handler(number, self.exit, BY_SIGNAL + number)
        self.app_resume_signal.subscribe(self, self._draw_all)

    def leave_if_closed(self) -> None:
        """A terminal can go without a signal, and reading from it then returns at once for ever."""
        if self._has_terminal and not has_terminal():
            self.exit(BY_SIGNAL + signal.SIGHUP)

    def stop_process(self) -> bool:
        """Ctrl-Z: give the terminal back until `fg`; False: no shell is there to do that."""
        if self.is_headless or not has_shell():
            return False
        os.killpg(os.getpgrp(), signal.SIGTSTP)  # Textual's handler restores the terminal first
        return True

    def _draw_all(self, _app: App[int]) -> None:
        """After Ctrl-Z the terminal shows nothing of what has not changed since."""
        for screen in self.screen_stack:
            screen.refresh(layout=True)

    def _handle_exception(self, error: Exception) -> None:
        """Textual's way to end on an exception, without the pages of traceback that it prints."""
        self.failure = self.failure or error
        super()._handle_exception(error)
        self._exit_renderables.clear()


def is_light(environment: Mapping[str, str]) -> bool:
    """Whether the terminal says that its background is light. Most say nothing: dark."""
    return environment.get("COLORFGBG", "").rpartition(";")[2] in WHITES


def has_terminal() -> bool:
    """Standard input is a terminal, and one that is there."""
    try:
        termios.tcgetattr(sys.__stdin__)  # type: ignore[arg-type]
    except (termios.error, OSError, ValueError, TypeError):
        return False
    return True


def has_shell() -> bool:
    """Somebody in our terminal could go on with us after Ctrl-Z: whoever started our job."""
    try:
        stat = Path(f"/proc/{os.getpgrp()}/stat").read_text()
        parent = int(stat.rpartition(")")[2].split()[1])
        return parent > 0 and os.getsid(parent) == os.getsid(0)
    except (OSError, ValueError, IndexError):
        return False
