"""The real recorder process, driven from here as its neighbours drive it: by ticks at 50 Hz.

Four pattern cameras at 640x480, which are the recorder's own; the arms move on smooth curves that
nobody has measured. What else the benchmarks need to know of a recorder stands here too, so that a
change of its interface is a change of this file.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from recorder.config import CameraConfig, EpisodePlan, RecorderConfig, plan_path
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.folder.numbering import episode_path
from recorder.quality import from_json
from recorder.status import EVENT_RING, STATUS_RING, RecorderState
from session import runtime_dir
from teleop.config import write_json
from teleop.joints import DOF
from teleop.ring import RingError, RingReader, RingWriter
from teleop.tick import (
    EVENT_DTYPE,
    EVENT_RING_SLOTS,
    NO_EPISODE,
    TICK_RING,
    TICK_RING_SLOTS,
    Outcome,
    State,
    empty_tick,
)
from teleop.tick import EVENT_RING as CONTROL_EVENTS

REPOSITORY: Final = Path(__file__).parents[1]
CAMERAS: Final = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
PERIOD_NS: Final = 20_000_000
POLL_S: Final = 0.0005
PATIENCE_S: Final = 120.0
BUS_READ_NS: Final = 3_000_000
SWAY_RAD: Final = 0.4
SWAY_PERIOD_S: Final = 4.0


def pattern_cameras(count: int = len(CAMERAS)) -> tuple[CameraConfig, ...]:
    """So many of ALOHA's cameras, as pattern cameras at 640x480 and 50 Hz."""
    return tuple(CameraConfig(name, "pattern") for name in CAMERAS[:count])


class RecorderProcess:
    """A recorder and, towards it, control: a context manager.

    Nothing is published but in `run_until`.

    Attributes:
        dataset: where it records.
        missed: ticks that this process was too late for.
        step: of the episode that is recorded, the next one to be published.

    Args:
        config: fields of `RecorderConfig` other than the usual.
    """

    def __init__(self, dataset: Path, **config: Any) -> None:
        self.dataset = dataset
        self.runtime = runtime_dir.create()
        self._lock = runtime_dir.hold(self.runtime)
        usual: dict[str, Any] = {
            "cameras": pattern_cameras(),
            "rig_name": "benchmark",
            "simulated": False,
            "time_base": "monotonic",
        }
        self._config = RecorderConfig(self.runtime, dataset, **{**usual, **config})
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._ticks = RingWriter(self.runtime / TICK_RING, empty_tick().dtype, TICK_RING_SLOTS)
        self._events = RingWriter(self.runtime / CONTROL_EVENTS, EVENT_DTYPE, EVENT_RING_SLOTS)
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0
        self._episode = self._last_episode = NO_EPISODE
        self._outcome = Outcome.UNLABELLED
        self._deadline_ns = 0
        self._published_s = 0.0
        self.step = -1
        self.missed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()
        for ring in (self._ticks, self._events):
            ring.close()
        os.close(self._wake)
        os.close(self._lock)
        runtime_dir.remove(self.runtime)

    # -- the process

    @property
    def pid(self) -> int:
        """Of the recorder that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the recorder, and publish ticks until it is ready."""
        for ring in (STATUS_RING, EVENT_RING):
            (self.runtime / ring).unlink(missing_ok=True)
        path = self.runtime / "recorder.json"
        write_json(path, self._config)
        command = [sys.executable, "-m", "recorder.main", str(path), "--wake", str(self._wake)]
        self._process = subprocess.Popen(
            [*command, "--parent", str(os.getpid())],
            cwd=REPOSITORY,
            pass_fds=[self._wake],
            start_new_session=True,
        )
        self.run_until(lambda: self.is_in(RecorderState.READY))

    def kill(self) -> None:
        """End it as a crash would, at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to save everything and end, and wait for that."""
        self._end(signal.SIGTERM)

    def _end(self, with_signal: int) -> None:
        assert self._process is not None
        self._process.send_signal(with_signal)
        self._process.wait(PATIENCE_S)
        self._process = None

    def status(self) -> Any | None:
        """The newest status; None while there is none."""
        with contextlib.suppress(OSError, RingError), RingReader(self.runtime / STATUS_RING) as it:
            return it.newest()
        return None

    def is_in(self, state: RecorderState) -> bool:
        """Whether it says that it is in this state."""
        status = self.status()
        return status is not None and int(status["state"]) == state

    def said(self) -> list[str]:
        """Everything that it has told the operator."""
        with RingReader(self.runtime / EVENT_RING) as ring:
            return [ring.read(i)["text"].item().decode() for i in range(len(ring))]

    # -- control

    def begin(self, number: int) -> None:
        """The next tick is the first of this episode."""
        plan = EpisodePlan(number, "benchmark", "Follow the curves.")
        write_json(plan_path(self.runtime, number), plan)
        self._episode, self.step = number, 0

    def end(self, outcome: Outcome = Outcome.SUCCESS) -> float:
        """Publish, at its time, the tick after the episode; returns that moment, monotonic s."""
        self._last_episode, self._outcome = self._episode, outcome
        self._episode, self.step = NO_EPISODE, -1
        last = self._number
        self.run_until(lambda: self._number > last)
        return self._published_s

    def record(self, number: int, steps: int) -> None:
        """So many ticks of an episode, from its first on if it has not begun, without its end."""
        if self._episode != number:
            self.begin(number)
        self.run_until(lambda: self.step >= steps)

    def run_until(self, done: Callable[[], object], patience_s: float = PATIENCE_S) -> bool:
        """Publish ticks at their times until something is done; asks for it every 0.5 ms.

        Returns:
            False: it was not within `patience_s`.
        """
        give_up_s = time.monotonic() + patience_s
        while not done():
            self._publish_due()
            if time.monotonic() > give_up_s:
                return False
            if self._process is not None and self._process.poll() not in (None, -signal.SIGKILL):
                sys.exit("The recorder ended; what stands above says why.")
            time.sleep(POLL_S)
        return True

    def _publish_due(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns < self._deadline_ns:
            return
        skipped = (now_ns - self._deadline_ns) // PERIOD_NS if self._deadline_ns else 0
        self.missed += skipped
        self._deadline_ns = (self._deadline_ns or now_ns) + skipped * PERIOD_NS
        self._number += 1 + skipped
        tick = self._tick(now_ns)
        self._published_s = time.monotonic()
        self._ticks.append(tick)
        os.eventfd_write(self._wake, 1)
        self._deadline_ns += PERIOD_NS
        if self._episode != NO_EPISODE:
            self.step += 1

    def _tick(self, now_ns: int) -> Any:
        tick = empty_tick()
        tick["number"], tick["t_ns"] = self._number, now_ns
        tick["deadline_ns"], tick["missed"] = self._deadline_ns, self.missed
        tick["state"] = State.WAITING if self._episode == NO_EPISODE else State.FOLLOWING
        tick["episode"], tick["step"] = self._episode, self.step
        tick["last_episode"], tick["outcome"] = self._last_episode, self._outcome
        _move(tick, self._number)
        tick["bus_read_ns"] = now_ns + BUS_READ_NS
        tick["bus_ok"] = tick["connected"] = True
        tick["stage_ns"] = BUS_READ_NS // 2
        tick["temperature_degc"], tick["voltage_v"] = 35, 12.0
        return tick


def _move(tick: Any, number: int) -> None:
    """All joints on one sine, the grippers between open and closed; the followers a tick behind."""
    turn = 2.0 * math.pi * PERIOD_NS * 1e-9 / SWAY_PERIOD_S
    tick["leader"] = tick["action"] = 0.5 + SWAY_RAD * math.sin(turn * number)
    tick["qpos"] = 0.5 + SWAY_RAD * math.sin(turn * (number - 1))
    tick["qvel"] = SWAY_RAD * turn * math.cos(turn * (number - 1)) / (PERIOD_NS * 1e-9)
    tick["effort"] = [100.0] * DOF


# ---- what is known of a recorder from outside ----------------------------------------------------


def dropped_steps(status: Any) -> int:
    """Of the episode being recorded: that never came, or went on record without their pictures."""
    return int(status["missing_steps"]) + int(status["dropped_steps"])


def journaled(status: Any) -> tuple[int, int]:
    """Number of the episode being recorded (status.NONE: none is), and its steps that are safe."""
    return int(status["episode"]), int(status["steps_journaled"])


def in_order(path: Path, *, decode: bool = True) -> tuple[int, list[str]]:
    """How many steps a file has, and what is wrong with it: nothing, one hopes."""
    try:
        with EpisodeReader(path) as episode:
            return episode.steps, check(episode, decode=decode)
    except EpisodeError as error:
        return 0, [str(error)]


def dropped_in(episode: EpisodeReader) -> int:
    """Steps of a file that never came, or went on record without their pictures."""
    return episode.facts.missing_steps + int(episode.column("/tandem/frame_dropped").sum())


def verdict_in(episode: EpisodeReader) -> str:
    """The verdict in a file."""
    return episode.facts.verdict or "no verdict yet"


def findings_in(episode: EpisodeReader) -> str:
    """Which kinds of findings the verdict in a file rests on, by name."""
    judgement = from_json(episode.facts.findings or "")
    found = judgement.findings if judgement is not None else ()
    return ", ".join(sorted({finding.check for finding in found})) or "-"


def verdict_of(dataset: Path, number: int) -> str | None:
    """The verdict in an episode's file; None: there is no file that can be read, yet."""
    path = episode_path(dataset, number)
    if not path.exists():
        return None
    with contextlib.suppress(EpisodeError), EpisodeReader(path) as episode:
        return verdict_in(episode)
    return None


def resident_mb(pid: int) -> float:
    """Memory of a process that lies in RAM, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def small(cameras: tuple[CameraConfig, ...], width: int, height: int) -> tuple[CameraConfig, ...]:
    """The same cameras with pictures of another size."""
    return tuple(replace(camera, width=width, height=height) for camera in cameras)
