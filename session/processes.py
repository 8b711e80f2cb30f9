"""Child processes of a session: started in their own kernel session, watched, brought to an end.

`Popen` from the main thread, never fork or multiprocessing: Ctrl-C in the terminal must not reach a
tick, and the kernel's parent-death signal is sent when the *thread* that spawned dies.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from session.paths import import_root

KILL_TIMEOUT_S: Final = 2.0


class Child:
    """One process of the session; its stderr goes to ``<runtime>/<name>.log``."""

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        runtime_dir: Path,
        *,
        pass_fds: Sequence[int] = (),
        speaks: bool = False,
    ) -> None:
        self.name = name
        self._heard = b""
        self.log = runtime_dir / f"{name}.log"
        command = [sys.executable, "-m", module, *arguments, "--parent", str(os.getpid())]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if speaks else subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
                env=environment(),
            )
        (runtime_dir / f"{name}.pid").write_text(f"{self.pid}\n")

    @property
    def pid(self) -> int:
        """Process ID."""
        return self._process.pid

    def said(self) -> str | None:
        """The first line of a child started with `speaks`; None until it is there. Never waits."""
        stdout = self._process.stdout
        assert stdout is not None
        os.set_blocking(stdout.fileno(), False)
        self._heard += stdout.read() or b""
        line, newline, _ = self._heard.partition(b"\n")
        return line.decode() if newline else None

    def exit_status(self) -> int | None:
        """None while it runs, else its exit status (negative: the signal that ended it)."""
        return self._process.poll()

    def last_words(self) -> str:
        """The last line it wrote to stderr."""
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def terminate(self) -> None:
        """Ask it to come to its defined end."""
        if self.exit_status() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status, or None if it is still running after `timeout_s`."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """Last resort, for a child that did not come to its end in time. One that the kernel holds,
        e.g. at a disk that does not answer, goes when that lets it: nobody waits for it."""
        if self.exit_status() is None:
            self._process.kill()
            self.wait(KILL_TIMEOUT_S)


def environment() -> dict[str, str]:
    """Our environment, with the place we import from, so that children run the same code."""
    paths = [os.fspath(import_root()), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
