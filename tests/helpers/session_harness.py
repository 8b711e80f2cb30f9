"""Runs collect.py as a user would, on the simulated rig with small pictures, and looks inside."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from recorder.status import RecorderState
from session import runtime_dir
from teleop.ring import RingError, RingReader
from teleop.tick import State

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = ("world", "control", "recorder")


def small_rig(folder: Path, hold_timeout_s: float = 30.0, cameras: int = 4) -> Path:
    """The simulated rig with few and small cameras: quick to render."""
    text = (ROOT / "configs" / "rigs" / "sim.toml").read_text()
    arms, *tables, recording = re.split(r"(?m)^(?=\[\[cameras\]\]|\[recording\])", text)
    text = "".join([arms, *tables[:cameras], recording])
    text = text.replace('kind = "simulated"', 'kind = "simulated"\nwidth = 64\nheight = 48')
    text = text.replace("hold_timeout_s = 30.0", f"hold_timeout_s = {hold_timeout_s}")
    path = folder / "small.toml"
    path.write_text(text)
    return path


def short_task(folder: Path, max_steps: int = 200) -> Path:
    """The battery task, given up before anybody could finish it."""
    text = (ROOT / "configs" / "tasks" / "battery.toml").read_text()
    path = folder / "short.toml"
    path.write_text(re.sub(r"max_steps = \d+", f"max_steps = {max_steps}", text))
    return path


def command(out: Path, *arguments: str) -> list[str]:
    """A collect.py command line that records into `out`."""
    return [sys.executable, str(ROOT / "collect.py"), "--headless", "--out", str(out), *arguments]


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll; fail naming what never happened."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain for {what}"
        time.sleep(0.02)


class Collect:
    """A running collect.py and the session behind it."""

    def __init__(self, out: Path, *arguments: str) -> None:
        self.out = out
        self.process = subprocess.Popen(
            command(out, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=out.parent,
        )
        self.runtime = self._find_runtime()
        self._pids: dict[str, int] = {}

    def _find_runtime(self) -> Path:
        found: list[Path] = []

        def look() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            for path in runtime_dir.live():
                with contextlib.suppress(OSError, ValueError):
                    config = json.loads((path / "session.json").read_text())
                    if config["out"] == str(self.out.resolve()):
                        found.append(path)
            return bool(found)

        wait_until(look, 30, "the session")
        return found[0]

    def pid(self, name: str) -> int:
        """Process ID of world, control, recorder or session."""
        if name not in self._pids:
            path = self.runtime / f"{name}.pid"
            wait_until(lambda: path.exists() and bool(path.read_text()), 30, f"{name} to start")
            self._pids[name] = int(path.read_text())
        return self._pids[name]

    def pids(self) -> list[int]:
        """All processes of the session."""
        return [self.pid(name) for name in (*PROCESSES, "session")]

    def field(self, ring: str, name: str) -> int:
        """A field of the newest record of a ring; -1 while there is none."""
        try:
            with RingReader(self.runtime / ring) as reader:
                return int(reader.newest()[name])
        except (OSError, RingError):
            return -1

    def wait_for_step(self, step: int, episode: int | None = None) -> None:
        """Until the recorder has journaled `step` steps of the (given) episode."""

        def reached() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            right = episode is None or self.field("recorder", "episode") == episode
            recording = self.field("recorder", "state") == RecorderState.RECORDING
            return right and recording and self.field("recorder", "steps_journaled") >= step

        wait_until(reached, 120, f"step {step}")

    def wait_for_state(self, state: State) -> None:
        """Until control is in `state`."""
        wait_until(lambda: self.field("ticks", "state") == state, 60, state.name)

    def finish(self, timeout_s: float = 600) -> tuple[int, str]:
        """Exit status and everything printed."""
        text, _ = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, text


@contextlib.contextmanager
def collecting(out: Path, *arguments: str) -> Iterator[Collect]:
    """A session that is certainly gone afterwards, whatever the test did to it."""
    collect = Collect(out, *arguments)
    try:
        yield collect
    finally:
        for pid in [collect.process.pid, *collect._pids.values()]:
            if alive(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        collect.process.wait()
        if collect.process.stdout is not None:
            collect.process.stdout.close()
        runtime_dir.remove(collect.runtime)


def alive(pid: int) -> bool:
    """The process runs (a zombie does not)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return fields[0] not in "ZX"


def run(out: Path, *arguments: str, timeout_s: float = 600) -> tuple[int, str]:
    """Run collect.py to its end: exit status and everything printed."""
    done = subprocess.run(
        command(out, *arguments),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=out.parent,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
