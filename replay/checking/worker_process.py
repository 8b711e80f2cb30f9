"""A worker process as its pool sees it: asked about files, and listened to."""

import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from session.processes import environment

AHEAD_BYTES: Final = 16 << 10
"""Of questions that wait in a worker's pipe: far less than a pipe takes, so that none blocks."""
LONGEST_LINE: Final = 16 << 20
READ_BYTES: Final = 1 << 16
END_S: Final = 1.0
"""One that the kernel holds, e.g. at a disk that does not answer, is not waited for longer."""


class WorkerProcess:
    """A process, and the files that it has been asked about.

    Attributes:
        asked: the files, by index, oldest first: it is at the first.
        is_ready: it has started.
        since_s: when it was started, was ready, began with a file: whatever was last.
    """

    def __init__(self, order: str, ahead: int) -> None:
        module = ["-P", "-m", "replay.checking.worker"]  # -P: nothing is imported from here
        self.process = subprocess.Popen(
            [sys.executable, *module, "--parent", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us
            env={**environment(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        self.asked: deque[int] = deque()
        self.is_ready = False
        self.since_s = time.monotonic()
        self._ahead = ahead
        self._ahead_bytes: deque[int] = deque()
        self._heard = b""
        self._write(order)

    @property
    def has_room(self) -> bool:
        """Whether it should be asked about another file."""
        few = len(self.asked) < self._ahead and sum(self._ahead_bytes) < AHEAD_BYTES
        return not self.asked or (self.is_ready and few)

    def ask(self, index: int, path: Path) -> bool:
        """Hand it a file; False: it has died before, and the file is not to blame."""
        written = self._write(json.dumps(os.fspath(path)))
        if written:
            self.since_s = self.since_s if self.asked else time.monotonic()
            self.asked.append(index)
            self._ahead_bytes.append(written)
        return written > 0

    def listen(self) -> Iterator[Any]:
        """What it has said since; nothing after its end.

        Raises:
            EOFError: it has ended, or talks nonsense.
        """
        assert self.process.stdout
        data = os.read(self.process.stdout.fileno(), READ_BYTES)
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise EOFError from None
        if not data or len(self._heard) > LONGEST_LINE:
            raise EOFError

    def answered(self) -> int:
        """The file that it has just answered about."""
        self.since_s = time.monotonic()
        self._ahead_bytes.popleft()
        return self.asked.popleft()

    def end(self) -> int:
        """Kill it; returns its exit status."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_S)
        return self.process.returncode or 0

    def _write(self, text: str) -> int:
        assert self.process.stdin
        with suppress(BrokenPipeError):
            return os.write(self.process.stdin.fileno(), f"{text}\n".encode())
        return 0
