"""A shell in tmux: a real terminal with job control, resized, closed and looked at as one is."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """One window of a server of its own; a context manager, which closes it.

    Args:
        folder: where the shell is.
    """

    def __init__(self, folder: Path, width: int = 120, height: int = 40) -> None:
        self._home = tempfile.mkdtemp(prefix="tmux-")  # short, as paths of sockets must be
        env = {**os.environ, "PS1": "shell> ", "TERM": "xterm-256color"}
        shell = "exec bash --norc --noprofile -i"
        size = ("-x", str(width), "-y", str(height))
        self._run("new-session", "-d", *size, "-c", str(folder), shell, env=env)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def type(self, line: str) -> None:
        """A line and Enter."""
        self._run("send-keys", "-l", line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys as tmux calls them: letters, Enter, Space, Escape, F9, C-c."""
        for key in keys:
            self._run("send-keys", key)

    def text(self) -> str:
        """What stands in the window."""
        return self._run("capture-pane", "-p", "-J")

    def wait_for(self, words: str, timeout_s: float = 60.0) -> str:
        """Until these words stand in the window, maybe broken into lines; the window then."""
        pattern = re.compile(r"\s+".join(map(re.escape, words.split())))
        deadline = time.monotonic() + timeout_s
        while not pattern.search(seen := self.text()):
            assert time.monotonic() < deadline, f"{words!r} is not in the terminal:\n{seen}"
            time.sleep(0.1)
        return seen

    def resize(self, width: int, height: int) -> None:
        """Another size, at once."""
        self._run("resize-window", "-x", str(width), "-y", str(height))

    def close(self) -> None:
        """Close the window, and with it the terminal. Harmless when repeated."""
        self._run("kill-server", check=False)
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, *words: str, env: dict[str, str] | None = None, check: bool = True) -> str:
        command = ["tmux", "-S", f"{self._home}/socket", "-f", os.devnull, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=check, env=env)
        return done.stdout
