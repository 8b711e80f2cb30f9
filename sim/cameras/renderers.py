"""Starts the processes that render in real time, and watches them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sim.errors import RenderError

END_PATIENCE_S: Final = 2.0
_NO_THREADS: Final = {"LP_NUM_THREADS": "0"}
"""Mesa's software renderer then draws in the calling thread: one process a core beats its threads
(measured), and these could not be kept out of control's way."""


class Renderers:
    """One renderer a core at most, the cameras dealt out among them.

    Each has a log and a pid file in the runtime directory, and ends with this process.

    Args:
        config: the world's configuration file.
        cameras: names of those to render.
    """

    def __init__(self, runtime: Path, config: Path, cameras: Sequence[str]) -> None:
        count = min(len(cameras), os.cpu_count() or 1)
        self._shares = [cameras[index::count] for index in range(count)]
        self._logs = [runtime / f"renderer-{index}.log" for index in range(count)]
        start_ns = time.monotonic_ns()
        self._processes = [
            _start(config, share, log, start_ns)
            for share, log in zip(self._shares, self._logs, strict=True)
        ]
        for log, process in zip(self._logs, self._processes, strict=True):
            log.with_suffix(".pid").write_text(f"{process.pid}\n")

    def check(self) -> None:
        """See that all are alive.

        Raises:
            RenderError: one is not; the text says why, as far as it is known.
        """
        for share, log, process in zip(self._shares, self._logs, self._processes, strict=True):
            status = process.poll()
            if status is None:
                continue
            how = f"was killed by signal {-status}" if status < 0 else f"ended with {status}"
            words = f" ({last})" if (last := _last_line(log)) else ""
            names = ", ".join(share)
            raise RenderError(f"The renderer of {names} {how}{words}: the simulated world ends.")

    def close(self) -> None:
        """End them all."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_PATIENCE_S)
            process.kill()
            process.wait()


def _start(
    config: Path, cameras: Sequence[str], log: Path, start_ns: int
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sim.cameras.process", os.fspath(config)]
    command += ["--cameras", ",".join(cameras), "--start-ns", str(start_ns)]
    with log.open("ab") as stderr:
        return subprocess.Popen(
            [*command, "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**_NO_THREADS, **os.environ},
        )


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].rstrip(".") if lines else ""
