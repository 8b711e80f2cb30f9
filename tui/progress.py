"""The plain client of a session: log lines and two live lines. It decides nothing.

Enter answers what the session asks for, space stops the arms. First Ctrl-C: the session closes the
episode, brings the arms to rest and ends. Second: it ends with the arms holding. If this process
dies instead, the session notices and the arms hold.
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

from session.status import Phase
from teleop.lockstep import LockstepError, receive, send
from tui.keys import Key, Keyboard
from tui.view import Pace, View, Viewer, progress_line, recording_line, session_line

LIVE_PERIOD_S: Final = 0.2
ALIVE_PERIOD_S: Final = 0.5
CTRL_C: Final = "Ctrl-C brings them to rest."
PLAIN_PERIOD_S: Final = 5.0
INTERRUPTED: Final = 130
ASKING: Final = (Phase.READY, Phase.HOLDING)
CLEAR: Final = "\r\x1b[J"
"""The live lines: everything from the first one down."""
BACK: Final = "\x1b[A\r"
OPERATIONS: Final = {Key.ENTER: "go_on", Key.SPACE: "hold"}


class Progress:
    """Shows one session until it ends.

    Args:
        connection: the client's end of the session's socket.
        live: rewrite two lines in place (a terminal) instead of adding lines.
        mirror_s: end the session after so long of mirroring; None: the operator does.
        yes: what the session asks for is done already.
    """

    def __init__(
        self,
        connection: socket.socket,
        runtime_dir: Path,
        live: bool,
        out: TextIO = sys.stdout,
        mirror_s: float | None = None,
        yes: bool = False,
    ) -> None:
        self._connection = connection
        self._viewer = Viewer(runtime_dir)
        self._pace = Pace()
        self._keyboard = Keyboard()
        self._live = live
        self._out = out
        self._mirror_s = mirror_s
        self._yes = yes
        self._mirroring_since: float | None = None
        self._interrupts = 0
        self._handled = 0
        self._shown_at = 0.0
        self._shown_phase = Phase.STARTING
        self._alive_s = 0.0
        self._shown = ""
        self._prompt = ""

    def run(self) -> int:
        """Show, and forward keys and Ctrl-C, until the session ends; returns its exit status.

        Output that nobody reads any more counts as a terminal that was closed.
        """
        signal.signal(signal.SIGINT, self._interrupt)
        try:
            with self._keyboard:
                return self._run()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
            return 1

    def ask(self, operation: str) -> None:
        """Ask an operation of the session (see `session.clients`)."""
        with contextlib.suppress(OSError):  # gone: the next receive tells
            send(self._connection, {"op": operation})

    def _run(self) -> int:
        while True:
            waited = [self._connection.fileno(), *self._keyboard.filenos()]
            ready, _, _ = select.select(waited, [], [], LIVE_PERIOD_S)
            if set(ready) & set(self._keyboard.filenos()):
                for key in self._keyboard.read():
                    self.ask(OPERATIONS[key])
            if self._connection.fileno() in ready:
                status = self._hear()
                if status is not None:
                    return status
            self._forward_interrupts()
            self._say_alive()
            self._show()

    def _say_alive(self) -> None:
        """A terminal that is stopped (Ctrl-Z) forwards no key: the session must notice."""
        if time.monotonic() - self._alive_s >= ALIVE_PERIOD_S:
            self._alive_s = time.monotonic()
            self.ask("alive")

    def _hear(self) -> int | None:
        """Take in what the session says; the exit status if that was the last."""
        try:
            message = receive(self._connection)
        except LockstepError:
            self._print(
                "The session is gone. What it recorded is saved, or will be recovered at the next "
                "start."
            )
            return 1
        if message.get("event") == "ended":
            self._print(str(message["text"]))
            status = int(message["status"])
            return INTERRUPTED if self._interrupts and status == 0 else status
        self._log(str(message.get("level")), str(message.get("text")))
        return None

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        self._interrupts += 1

    def _forward_interrupts(self) -> None:
        while self._handled < self._interrupts:
            self._handled += 1
            if self._handled == 1:
                self._print(
                    "Ending: closing the episode, bringing the arms to rest. "
                    "Ctrl-C again: end at once, arms holding."
                )
            elif self._handled == 2:
                self._print("Ending now: the arms are left holding, with torque on.")
            self.ask("stop" if self._handled == 1 else "quit")

    def _show(self) -> None:
        """The line, as often as it should be; the session's question, as soon as it changes."""
        now_s = time.monotonic()
        view = self._viewer.look()
        if view.phase is Phase.ENDED:
            return
        self._show_prompt(view)
        self._count_down(view, now_s)
        period_s = LIVE_PERIOD_S if self._live else PLAIN_PERIOD_S
        if now_s - self._shown_at < period_s and view.phase is self._shown_phase:
            return
        self._shown_at, self._shown_phase = now_s, view.phase
        pace = self._pace.update(now_s, view.t_ns)
        line = progress_line(view, pace)
        if self._live:
            columns = shutil.get_terminal_size().columns - 1
            above, below = session_line(view, pace)[:columns], recording_line(view)[:columns]
            self._out.write(f"{CLEAR}{above}\n{below}{BACK}")
        elif line != self._shown:
            self._out.write(f"{line}\n")
        self._shown = line
        self._out.flush()

    def _show_prompt(self, view: View) -> None:
        if view.prompt == self._prompt:
            return
        self._prompt = view.prompt
        if not view.prompt:
            return
        text = view.prompt
        if view.phase is Phase.HOLDING:
            ends = "Ctrl-C again: end at once, arms holding." if self._interrupts else CTRL_C
            text = f"The arms hold. {text} {ends}"
        if self._yes and "Enter" in text:
            text += " (Yes, by --yes.)"
            self.ask("go_on")
        elif "Enter" in text and not self._keyboard.present and view.phase in ASKING:
            text += " (There is no keyboard here: collect.py --attach from a terminal.)"
        self._print(text)

    def _count_down(self, view: View, now_s: float) -> None:
        """End a session that was to mirror for so long."""
        if self._mirror_s is None or view.phase is not Phase.MIRRORING:
            return
        if self._mirroring_since is None:
            self._mirroring_since = now_s
        if now_s - self._mirroring_since >= self._mirror_s:
            self._mirror_s = None
            self.ask("stop")

    def _log(self, level: str, text: str) -> None:
        self._print(text if level == "info" else f"{level}: {text}")

    def _print(self, text: str) -> None:
        clear = CLEAR if self._live and self._shown else ""
        self._out.write(f"{clear}{text}\n")
        self._out.flush()
        self._shown_at = 0.0
