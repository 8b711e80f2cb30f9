"""A real-time session, and clients that come and go beside it, each at a terminal of its own.

The session is `emulated_session.py`'s: emulated arms at real ports, led by hands that wave, four
640x480 pattern cameras, one long episode at 50 Hz. The terminals only read and count; what was
drawn is looked at for the time of the first picture, and not while something is measured.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))

from terminal import Colours, Terminal

from benchmarks.emulated_session import Rig, Seen, Watched
from benchmarks.recorder_process import resident_mb
from session.config import SessionConfig
from session.launch import attach
from teleop.lockstep import send

COLLECT: Final = Path(__file__).parents[1] / "collect.py"
LONGEST_S: Final = 3600
"""Of the episode, which is ended when everything is measured."""
SETTLE_S: Final = 3.0
"""Left out at the beginning of every stretch: imports, and the first picture."""
WINDOW_S: Final = 1.0
PATIENCE_S: Final = 60.0
ROWS_OF_A_PICTURE: Final = 10
"""So many rows with something in them, and a picture is there."""
SIDE_PROCESSES: Final = ("control", "recorder", "session")


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who watches, or nobody: `options` of `collect.py --attach`, None: no client."""

    name: str
    options: tuple[str, ...] | None = ()
    width: int = 120
    height: int = 40
    colours: Colours = "truecolor"

    @property
    def size(self) -> str:
        """As a person would write it."""
        return f"{self.width}x{self.height}"


@dataclass
class Stretch:
    """What was measured while one client watched, by windows of a second.

    Attributes:
        from_ns, to_ns: monotonic.
        start_s: until its first picture; nan without one.
        cpu: of a core, by window; by process, "client" being the client's.
        kb_s, frames_s: to its terminal, by window.
        memory_mb: of the client at the end.
    """

    client: Client
    from_ns: int = 0
    to_ns: int = 0
    start_s: float = float("nan")
    cpu: dict[str, list[float]] = field(default_factory=dict)
    kb_s: list[float] = field(default_factory=list)
    frames_s: list[float] = field(default_factory=list)
    memory_mb: float = float("nan")


@dataclass
class _Long(Watched):
    """One episode, until it is told to end."""

    started: threading.Event = field(default_factory=threading.Event)
    runtime: Path = Path()

    def _config(self) -> SessionConfig:
        config = super()._config()
        self.runtime = Path(config.runtime_dir)
        self.on_look = self._look_at_step
        return config

    def _look_at_step(self, step: int) -> None:
        if step >= 0:
            self.started.set()


class Beside:
    """The session, from its first step on; a context manager.

    Attributes:
        seen: what it did, when it is over.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rig = Rig(folder / "ports")
        self._watched = _Long(self._rig, folder, LONGEST_S, LONGEST_S)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: Seen | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        give_up_s = time.monotonic() + PATIENCE_S
        while not self._watched.started.wait(0.1):
            if not self._thread.is_alive() or time.monotonic() > give_up_s:
                self.__exit__(None, None, None)
                sys.exit("Nothing is recorded: what stands above says why.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            with attach(self._out).connection as connection:
                send(connection, {"op": "stop"})
                self._thread.join(PATIENCE_S)
        self._rig.__exit__(kind, error, _)

    def watch(self, client: Client, seconds: float) -> Stretch:
        """Let this client watch for so long, and measure; what it takes to start comes on top."""
        stretch = Stretch(client)
        if client.options is None:
            time.sleep(SETTLE_S)
            self._measure(stretch, seconds, None)
            return stretch
        with attached(self._out, client) as terminal:
            began_s = time.monotonic()
            if "--headless" not in client.options:
                stretch.start_s = _first_picture_s(terminal) - began_s
            time.sleep(SETTLE_S)
            self._measure(stretch, seconds, terminal)
        return stretch

    @property
    def _out(self) -> Path:
        return (self._folder / "episodes").resolve()

    def _run(self) -> None:
        self.seen = self._watched.run()

    def _measure(self, stretch: Stretch, seconds: float, terminal: Terminal | None) -> None:
        pids = {
            name: int((self._watched.runtime / f"{name}.pid").read_text())
            for name in SIDE_PROCESSES
        }
        until_s = time.monotonic() + seconds
        measure(stretch, pids, terminal, lambda: time.monotonic() < until_s)


def measure(
    stretch: Stretch, pids: dict[str, int], terminal: Terminal | None, goes_on: Callable[[], bool]
) -> None:
    """Window after window, as long as it goes on; the client is the terminal's process."""
    if terminal is not None:
        pids = {**pids, "client": terminal.process.pid}
    stretch.from_ns = time.monotonic_ns()
    before = _sample(pids, terminal)
    while goes_on():
        time.sleep(WINDOW_S)
        after = _sample(pids, terminal)
        took_s = (after["at"] - before["at"]) * 1e-9
        for name in pids:
            used = (after[name] - before[name]) * 1e-9 / took_s
            stretch.cpu.setdefault(name, []).append(used)
        stretch.kb_s.append((after["bytes"] - before["bytes"]) / 1e3 / took_s)
        stretch.frames_s.append((after["frames"] - before["frames"]) / took_s)
        before = after
    stretch.to_ns = time.monotonic_ns()
    if terminal is not None:
        stretch.memory_mb = resident_mb(terminal.process.pid)


def attached(out: Path, client: Client) -> Terminal:
    """The client's own process, which watches the session that records into `out`."""
    command = [sys.executable, str(COLLECT), "--attach", "--out", str(out), *(client.options or ())]
    return Terminal(command, client.width, client.height, colours=client.colours)


def late_ms(seen: Seen, stretches: list[Stretch]) -> np.ndarray:
    """How late control's ticks began during these stretches."""
    ticks = seen.ticks
    within = np.zeros(len(ticks), bool)
    for stretch in stretches:
        within |= (ticks["t_ns"] >= stretch.from_ns) & (ticks["t_ns"] < stretch.to_ns)
    return np.asarray((ticks["t_ns"] - ticks["deadline_ns"])[within] / 1e6)


def _first_picture_s(terminal: Terminal) -> float:
    """Monotonic s at which something fills the screen."""
    deadline_s = time.monotonic() + PATIENCE_S
    while sum(bool(row) for row in terminal.text().splitlines()) < ROWS_OF_A_PICTURE:
        if terminal.process.poll() is not None or time.monotonic() > deadline_s:
            sys.exit(f"The dashboard did not come up:\n{terminal.text()}")
        time.sleep(0.005)
    return time.monotonic()


def _sample(pids: dict[str, int], terminal: Terminal | None) -> dict[str, int]:
    """CPU clocks of processes with all their threads, ns; what a terminal has been sent."""
    return {
        "at": time.monotonic_ns(),
        **{name: time.clock_gettime_ns(_cpu_clock(pid)) for name, pid in pids.items()},
        "bytes": terminal.bytes_written if terminal is not None else 0,
        "frames": terminal.frames if terminal is not None else 0,
    }


def _cpu_clock(pid: int) -> int:
    """The clock that counts a process' CPU time, as clock_getcpuclockid(3) makes it."""
    return (~pid << 3) | 2
