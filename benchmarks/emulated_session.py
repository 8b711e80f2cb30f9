"""A whole session on emulated arms, watched from outside: what the benchmarks of real rigs run.

The arms are `sim.emulated_rig`'s at the other end of a real rig's serial ports; control, recorder
and session are those of any rig. Whoever presses Enter is this module, at once.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sleeper import start as start_sleeper
from recorder.config import CameraConfig
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from session import runtime_dir
from session.config import RigFile, SessionConfig, TaskConfig
from session.launch import launch
from session.status import STATUS_RING, Phase
from teleop.joints import ROLES, SIDES
from teleop.lockstep import LockstepError, receive, send
from teleop.rig_config import ArmConfig, RigConfig, SafetyConfig
from teleop.ring import RingError, RingReader
from teleop.tick import NO_EPISODE, TICK_RING, State

CAMERAS = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
LOOK_S = 0.5
TICKS_PER_S = 50
KEPT = ("number", "t_ns", "deadline_ns", "state", "episode", "step", "held", "lost", "retries",
        "missed", "stage_ns", "bus_read_ns", "need", "realtime")  # fmt: skip
COUNTED = ("/tandem/lost", "/tandem/retries")


class Rig:
    """The emulated rig: wire time and 1 ms of USB latency, hands that wave. A context manager."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "sim.emulated_rig", str(folder), "--wire-time"]
        self._process = subprocess.Popen(
            [*command, "--usb-latency-ms", "1", "--hands", "wave", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self.ports: dict[str, str] = self._answer()["ports"]

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One command, and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._answer()
        return answer

    def counters(self) -> dict[str, dict[str, int]]:
        """What each bus has counted."""
        return {name: self.ask("counters", bus=name) for name in self.ports}

    def __enter__(self) -> "Rig":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("The emulated rig ended; its error stands above.")
        return json.loads(line)


@dataclass
class Seen:
    """What a session did.

    Attributes:
        ticks: every tick record from the first of `following` to the last, fields of `KEPT`.
        sleeper: what the bare sleeper beside it measured meanwhile.
        cpu: of a core, by process, while following.
        counted: replies lost and asked again within the episodes, as their files have it, by bus.
        repeats, rows, steps: frames recorded twice of frames recorded, and steps in the files.
    """

    ticks: np.ndarray
    sleeper: dict[str, Any]
    cpu: dict[str, float]
    counted: np.ndarray
    repeats: int = 0
    rows: int = 0
    steps: int = 0


@dataclass
class Watched:
    """One run while it goes on; `run` brings it to its end.

    Args:
        on_look: gets the step of the episode that is recorded, -1 where none is, twice a second.
    """

    rig: Rig
    folder: Path
    seconds: int
    episode_s: int = 60
    safety: SafetyConfig = field(default_factory=SafetyConfig)
    on_look: Callable[[int], None] | None = None
    _ticks: list[Any] = field(default_factory=list)
    _read: int = 0
    _cpu_s: dict[str, float] = field(default_factory=dict)
    _cpu_before: dict[str, float] = field(default_factory=dict)
    _watched_s: float = 0.0
    _looked_s: float = 0.0
    _counted: np.ndarray = field(default_factory=lambda: np.zeros((2, 4), np.int64))
    _frames: list[int] = field(default_factory=lambda: [0, 0, 0])

    def run(self) -> Seen:
        """Record until all episodes are over."""
        config = self._config()
        directory = Path(config.runtime_dir)
        connection = launch(config)
        sleeper = None
        while not self._ended(connection):
            self._look(directory)
            if self._ticks and sleeper is None:
                sleeper = start_sleeper()
            self._press_enter(directory, connection)
            self._harvest(config.dataset_dir, all_of_them=False)
        self._harvest(config.dataset_dir, all_of_them=True)
        if sleeper is None:
            sys.exit("The arms never followed: what stands above says why.")
        output, _ = sleeper.communicate()
        following = [i for i, tick in enumerate(self._ticks) if tick["state"] == State.FOLLOWING]
        return Seen(
            np.array(self._ticks[: following[-1] + 1]),
            json.loads(output),
            {name: cpu_s / self._watched_s for name, cpu_s in self._cpu_s.items()},
            self._counted,
            *self._frames,
        )

    def _config(self) -> SessionConfig:
        arms = tuple(
            ArmConfig(side, role, self.rig.ports[f"{role}_{side}"])
            for role in ROLES
            for side in SIDES
        )
        length_s = min(self.seconds, self.episode_s)
        task = TaskConfig("benchmark", "follow the leaders", max_steps=length_s * TICKS_PER_S)
        return SessionConfig(
            RigFile(
                RigConfig("emulated", False, arms, safety=self.safety),
                tuple(CameraConfig(name, "pattern") for name in CAMERAS),
            ),
            task,
            -(-self.seconds // length_s),
            0,
            str(self.folder / "episodes"),
            str(runtime_dir.create()),
            rig_path=str(self.folder / "rig.toml"),
        )

    def _ended(self, connection: Any) -> bool:
        """Whether the session says that it is over, after a while; passes on what else it says."""
        until_s = time.monotonic() + LOOK_S
        while (left_s := until_s - time.monotonic()) > 0:
            if not select.select([connection], [], [], left_s)[0]:
                return False
            try:
                message = receive(connection)
            except LockstepError:
                return True
            print(message.get("text", ""), file=sys.stderr)
            if message.get("event") == "ended":
                return True
        return False

    def _look(self, directory: Path) -> None:
        """Take in the ticks since the last look, and the processes' CPU while they follow."""
        with contextlib.suppress(OSError, RingError), RingReader(directory / TICK_RING) as ring:
            for index in range(max(self._read, ring.oldest()), len(ring)):
                self._take(ring.read(index))
            self._read = len(ring)
        now_s = time.monotonic()
        cpu_s = dict(self._processes(directory))
        if self._following:
            for name in cpu_s.keys() & self._cpu_before.keys():
                self._cpu_s[name] = (
                    self._cpu_s.get(name, 0.0) + cpu_s[name] - self._cpu_before[name]
                )
            self._watched_s += now_s - self._looked_s if self._cpu_before else 0.0
        self._cpu_before = cpu_s if self._following else {}
        self._looked_s = now_s
        if self.on_look is not None and self._ticks:
            self.on_look(int(self._ticks[-1]["step"]))

    @property
    def _following(self) -> bool:
        return bool(self._ticks) and int(self._ticks[-1]["state"]) == State.FOLLOWING

    def _take(self, tick: Any) -> None:
        if self._ticks or int(tick["state"]) == State.FOLLOWING:
            self._ticks.append(tick[list(KEPT)].copy())

    def _processes(self, directory: Path) -> Iterator[tuple[str, float]]:
        """CPU seconds so far by process."""
        yield "emulated rig", cpu_seconds(self.rig.pid)
        for name in ("session", "control", "recorder"):
            with contextlib.suppress(OSError, ValueError):
                yield name, cpu_seconds(int((directory / f"{name}.pid").read_text()))

    def _press_enter(self, directory: Path, connection: Any) -> None:
        """Answer whatever the session asks for, but do not end what is being recorded."""
        with contextlib.suppress(OSError, RingError), RingReader(directory / STATUS_RING) as ring:
            status = ring.newest()
            if status["prompt"].item() and int(status["phase"]) in (Phase.READY, Phase.HOLDING):
                send(connection, {"op": "go_on"})

    def _harvest(self, folder: Path, *, all_of_them: bool) -> None:
        """Take from finished episodes what is asked of them, and delete them: they are large."""
        for path in sorted(folder.glob("*.hdf5")):
            try:
                self._take_episode(path)
            except EpisodeError as error:
                if all_of_them:
                    print(error, file=sys.stderr)
                continue
            path.unlink()

    def _take_episode(self, path: Path) -> None:
        with EpisodeReader(path) as episode:
            for row, column in enumerate(COUNTED):
                values = episode.column(column).astype(np.int64)
                self._counted[row] += values[-1] - values[0]
            numbers = episode.column("/tandem/frame_number")
            self._frames[0] += int((np.diff(numbers, axis=0) == 0).sum())
            self._frames[1] += numbers.size
            self._frames[2] += episode.steps


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads; to 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_an_episode(ticks: np.ndarray) -> np.ndarray:
    """Which ticks belong to an episode."""
    return np.asarray(ticks["episode"] != NO_EPISODE)
