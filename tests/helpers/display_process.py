"""A plain display in a process of its own; its session's end of the socket is this test's."""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from teleop.lockstep import receive, send

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import socket, sys
from pathlib import Path
from tui.facts.viewer import Viewer
from tui.link import Link
from tui.plain.json_lines import JsonLines, stdin_of_requests
from tui.plain.progress import Progress
kind, fd, runtime = sys.argv[1:]
link, viewer = Link(socket.socket(fileno=int(fd))), Viewer(Path(runtime))
if kind == "json":
    sys.exit(JsonLines(link, viewer, requests=stdin_of_requests()).run())
sys.exit(Progress(link, viewer, live=kind == "live").run())
"""


class DisplayProcess:
    """Runs one display; a context manager.

    Args:
        kind: "lines", "live" or "json".
        terminal: its input is a terminal, not a pipe.
    """

    def __init__(self, kind: str, runtime: Path, terminal: bool = False) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.settimeout(20)
        self._keys, slave = pty.openpty() if terminal else os.pipe()[::-1]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, kind, str(theirs.fileno()), str(runtime)],
            stdin=slave,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        os.close(slave)
        self.said = b""

    def __enter__(self) -> "DisplayProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self._ours.close()
        os.close(self._keys)

    def type(self, keys: bytes) -> None:
        """Send to its input."""
        os.write(self._keys, keys)

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def say(self, text: str, level: str = "info") -> None:
        """A message of the session."""
        send(self._ours, {"event": "log", "level": level, "text": text, "time": "12:00:00"})

    def end(self, status: int, text: str) -> int:
        """The session's last words; returns the display's exit status."""
        send(self._ours, {"event": "ended", "status": status, "text": text})
        return self.finish()

    def hang_up(self) -> int:
        """The session dies; returns the display's exit status."""
        self._ours.close()
        return self.finish()

    def finish(self) -> int:
        """Everything that it still says, and its exit status."""
        self.said += self.process.stdout.read()
        return self.process.wait(20)

    def asked(self) -> dict[str, Any]:
        """The next request, "alive" left out."""
        while (message := receive(self._ours)) == {"op": "alive"}:
            continue
        return message

    def wait_for(self, words: str, timeout_s: float = 20.0) -> str:
        """Until it has said this since the last call; returns everything up to there."""
        deadline = time.monotonic() + timeout_s
        while words.encode() not in self.said:
            left_s = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, left_s))
            got = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert got, f"waited in vain for {words!r} in {self.said.decode()!r}"
            self.said += got
        said, found, self.said = self.said.partition(words.encode())
        return (said + found).decode()
