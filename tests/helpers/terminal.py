"""A program under a real pseudo-terminal, and what it has drawn there.

The pseudo-terminal, its size, its hang-up and every byte are the kernel's own. The screen is that
of pyte, which is less than a terminal of today: it scrolls nothing back, does not blink, knows no
pictures (Sixel, Kitty), no mouse, and no key but those of `KEYS`. Of all questions that a program
may ask it answers one: yes, updates may be synchronised; so nobody sees a half-drawn frame here.
There is no shell: Ctrl-Z stops nothing, as the kernel will have it where nobody could go on.
"""

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Self

import pyte
from pyte.modes import DECTCEM
from terminal_picture import Cell, draw
from terminal_screen import Screen, cell_of

Colours = Literal["truecolor", "256", "none"]
KEYS: Final = {
    **{"enter": "\r", "tab": "\t", "space": " ", "escape": "\x1b", "backspace": "\x7f"},
    **{"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D"},
    **{"home": "\x1b[H", "end": "\x1b[F", "pageup": "\x1b[5~", "pagedown": "\x1b[6~"},
    **{"delete": "\x1b[3~", "question_mark": "?"},
    **{f"f{i}": f"\x1bO{letter}" for i, letter in enumerate("PQRS", 1)},
    **{f"f{i}": f"\x1b[{code}~" for i, code in enumerate((15, 17, 18, 19, 20, 21, 23, 24), 5)},
}
DEPENDS_ON: Final = ("NO_COLOR", "COLORTERM", "TMUX", "TEXTUAL", "COLUMNS", "LINES", "FORCE_COLOR")
"""Beginnings of variables that would change what a program draws."""
MAY_SYNCHRONISE: Final = b"\x1b[?2026$p"
IT_MAY: Final = b"\x1b[?2026;2$y"
FRAME_BEGINS, FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"
KEYBOARD_PROTOCOL: Final = re.compile(rb"\x1b\[[<>=?][0-9;]*u")
"""Kitty's, of which pyte would draw a part."""
BEGUN: Final = re.compile(rb"\x1b(\[[0-9;:?<>=$ ]*)?$")
"""An escape sequence whose rest has not come yet."""
MOUSE_MODES: Final = (1000, 1002, 1003)
ENDS_WITHIN_S: Final = 10.0
POLL_S: Final = 0.03


class Terminal:
    """A command at a terminal of its own; a context manager, which hangs up at its end.

    Everything is read at once, by a thread, and interpreted when somebody looks.

    Attributes:
        bytes_written: by the program, so far.
        frames: synchronised updates, so far.

    Args:
        colours: how many the terminal says it has; "none": NO_COLOR is set.
        env: variables on top of ours.
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        width: int = 120,
        height: int = 40,
        *,
        colours: Colours = "truecolor",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        if shutil.which("setsid") is None:
            raise OSError("setsid is missing, which gives a program its terminal: see util-linux.")
        self._master, slave = os.openpty()
        self._set_size(width, height)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**_surroundings(colours), **(env or {})},
        )
        os.close(slave)
        self._screen = Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._new = bytearray()
        self._closing = threading.Event()
        self.bytes_written = 0
        self.frames = 0
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.end()

    # -- looking

    def text(self) -> str:
        """What stands on the screen, one line a row, without the blanks at their ends."""
        with self._lock:
            self._catch_up()
            return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, text: str | re.Pattern[str], timeout_s: float = 30.0) -> str:
        """Until this stands on the screen, all in one line; the screen then."""
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text
        deadline = time.monotonic() + timeout_s
        while not pattern.search(seen := self.text()):
            ended = self.process.poll() is not None and not self._reader.is_alive()
            if ended or time.monotonic() > deadline:
                why = f"the program ended ({self.process.poll()})" if ended else f"{timeout_s} s"
                raise AssertionError(f"{why} without {pattern.pattern!r} on the screen:\n{seen}")
            time.sleep(POLL_S)
        return seen

    def cells(self) -> list[list[Cell]]:
        """The screen as characters and colours."""
        with self._lock:
            self._catch_up()
            buffer, size = self._screen.buffer, (self._screen.lines, self._screen.columns)
            return [[cell_of(buffer[y][x]) for x in range(size[1])] for y in range(size[0])]

    def picture(self, path: Path) -> None:
        """The screen as a PNG file."""
        draw(self.cells(), path)

    def leftovers(self) -> list[str]:
        """What keeps a shell from being usable here, in words; empty after a clean end."""
        with self._lock:
            self._catch_up()
            modes = self._screen.mode
            echo = termios.tcgetattr(self._master)[3] & termios.ECHO
            return [
                *(["alternate screen"] if self._screen.is_alternate else []),
                *(["hidden cursor"] if DECTCEM not in modes else []),
                *(["mouse reports"] if any(mode << 5 in modes for mode in MOUSE_MODES) else []),
                *(["no echo"] if not echo else []),
            ]

    # -- doing

    def press(self, *keys: str) -> None:
        """Press keys one after the other: names as in `KEYS`, "ctrl+c", or the letters themselves.

        A letter at a time: for text, `press(*"text")`.
        """
        for key in keys:
            control = key.startswith("ctrl+")
            sent = chr(ord(key[-1].upper()) ^ 0x40) if control else KEYS.get(key, key)
            os.write(self._master, sent.encode())

    def resize(self, width: int, height: int) -> None:
        """Give the window another size; the program is told by the kernel."""
        with self._lock:
            self._catch_up()
            self._screen.resize(height, width)
            self._set_size(width, height)

    def close(self) -> None:
        """Hang up, as a closed window does: SIGHUP. Harmless when repeated."""
        if not self._closing.is_set():
            self._closing.set()
            self._reader.join()
            os.close(self._master)

    def wait(self, timeout_s: float = ENDS_WITHIN_S) -> int:
        """The program's exit status, when it has ended by itself (negative: by that signal)."""
        status = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return status

    def end(self) -> None:
        """Make sure that the program is gone; not what it has started elsewhere."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDS_WITHIN_S)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    # -- behind it

    def _set_size(self, width: int, height: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _drain(self) -> None:
        """The thread: read until the program has let go of its terminal, or we hang up."""
        asked = b""
        while not self._closing.is_set():
            if not select.select([self._master], [], [], POLL_S)[0]:
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # nobody is at the other end any more
                return
            asked = asked[-len(MAY_SYNCHRONISE) :] + data
            if MAY_SYNCHRONISE in asked:
                os.write(self._master, IT_MAY)
                asked = b""
            with self._lock:
                self.bytes_written += len(data)
                self.frames += data.count(FRAME_ENDS)
                self._new += data

    def _catch_up(self) -> None:
        """Interpret what has come, up to the last frame that is whole."""
        begun = self._new.rfind(FRAME_BEGINS)
        cut = len(self._new) if self._new.rfind(FRAME_ENDS) > begun or begun < 0 else begun
        if half := BEGUN.search(self._new[:cut]):
            cut = half.start()
        self._stream.feed(KEYBOARD_PROTOCOL.sub(b"", self._new[:cut]))
        del self._new[:cut]


def _surroundings(colours: Colours) -> dict[str, str]:
    """Our environment, as a terminal with so many colours would have it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(DEPENDS_ON)}
    of_its_own = {"truecolor": {"COLORTERM": "truecolor"}, "256": {}, "none": {"NO_COLOR": "1"}}
    return {**env, "TERM": "xterm-256color", **of_its_own[colours]}
