"""The plain client of a session: log lines and one live progress line. It decides nothing.

First Ctrl-C: the session closes the episode, brings the arms to rest and ends. Second: it ends
with the arms holding. If this process dies instead, the session notices and the arms hold.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final, TextIO

from session.launch import wait_readable
from session.status import Phase
from teleop.lockstep import LockstepError, receive, send
from tui.view import Pace, Viewer, progress_line

LIVE_PERIOD_S: Final = 0.2
PLAIN_PERIOD_S: Final = 5.0
INTERRUPTED: Final = 130


class Progress:
    """Shows one session until it ends.

    Args:
        connection: the client's end of the session's socket.
        live: rewrite one line in place (a terminal) instead of adding lines.
    """

    def __init__(
        self, connection: socket.socket, runtime_dir: Path, live: bool, out: TextIO = sys.stdout
    ) -> None:
        self._connection = connection
        self._viewer = Viewer(runtime_dir)
        self._pace = Pace()
        self._live = live
        self._out = out
        self._interrupts = 0
        self._handled = 0
        self._shown_at = 0.0
        self._shown = ""
        self._asked = False

    def run(self) -> int:
        """Show and forward Ctrl-C until the session ends; returns its exit status.

        Output that nobody reads any more counts as a terminal that was closed.
        """
        try:
            return self._run()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
            return 1

    def _run(self) -> int:
        signal.signal(signal.SIGINT, self._interrupt)
        period_s = LIVE_PERIOD_S if self._live else PLAIN_PERIOD_S
        while True:
            if wait_readable(self._connection, LIVE_PERIOD_S):
                try:
                    message = receive(self._connection)
                except LockstepError:
                    self._print(
                        "The session is gone. What it recorded is saved, or will be recovered at "
                        "the next start."
                    )
                    return 1
                if message.get("event") == "ended":
                    self._print(str(message["text"]))
                    status = int(message["status"])
                    return INTERRUPTED if self._interrupts and status == 0 else status
                self._log(str(message.get("level")), str(message.get("text")))
            self._forward_interrupts()
            self._forward_enter()
            if time.monotonic() - self._shown_at >= period_s:
                self._show()

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        self._interrupts += 1

    def _forward_interrupts(self) -> None:
        while self._handled < self._interrupts:
            self._handled += 1
            operation = "stop" if self._handled == 1 else "quit"
            if self._handled == 1:
                self._print(
                    "Ending: closing the episode, bringing the arms to rest. "
                    "Ctrl-C again: end at once, arms holding."
                )
            elif self._handled == 2:
                self._print("Ending now: the arms are left holding, with torque on.")
            try:
                send(self._connection, {"op": operation})
            except OSError:
                return

    def _forward_enter(self) -> None:
        """Enter ends a hold, if we have asked for it on this terminal."""
        if self._asked and sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]:
            sys.stdin.readline()
            self._asked = False
            with contextlib.suppress(OSError):  # gone: the next receive tells
                send(self._connection, {"op": "go_on"})

    def _show(self) -> None:
        self._shown_at = now_s = time.monotonic()
        view = self._viewer.look()
        if view.phase is Phase.ENDED:
            return
        if view.phase is Phase.HOLDING and not self._asked:
            self._asked = True
            how = "Press Enter" if sys.stdin.isatty() else "Attach from a terminal"
            self._print(f"The arms hold. {how} to go on, Ctrl-C to bring them to rest.")
        line = progress_line(view, self._pace.update(now_s, view.t_ns))
        if self._live:
            columns = shutil.get_terminal_size().columns
            self._out.write(f"\r\x1b[2K{line[: columns - 1]}")
            self._shown = line
        elif line != self._shown:
            self._out.write(f"{line}\n")
            self._shown = line
        self._out.flush()

    def _log(self, level: str, text: str) -> None:
        self._print(text if level == "info" else f"{level}: {text}")

    def _print(self, text: str) -> None:
        clear = "\r\x1b[2K" if self._live and self._shown else ""
        self._out.write(f"{clear}{text}\n")
        self._out.flush()
        self._shown_at = 0.0
