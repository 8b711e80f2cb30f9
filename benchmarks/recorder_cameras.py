"""What goes wrong with one camera of four: is it seen live and in the file, and what else suffers?

A session on emulated arms with four emulated webcams (MJPEG over loopback, `sim.emulated_cameras`).
One episode each: nothing wrong; `cam_low` freezes for 700 ms; it gives 17 pictures a second; its
clock is 1 % fast; it dies, and lives again some seconds later. Live is what the recorder's status
says, looked at every 10 ms.
"""

import contextlib
import dataclasses
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.emulated_session import CAMERAS, Rig, Watched
from benchmarks.recorder_options import Options
from benchmarks.recorder_process import findings_in, verdict_in
from benchmarks.recorder_said import hearing, print_said
from benchmarks.teleop_loop import LATE_MS, head, row
from recorder.cameras.camera import CameraState
from recorder.config import CameraConfig
from recorder.episode.reader import EpisodeReader
from recorder.status import STATUS_RING
from session.config import SessionConfig
from teleop.ring import RingError, RingReader

FAULTY: Final = "cam_low"
EPISODE_S: Final = 8
FAULT_AT_STEP: Final = 50
SETTLED_STEPS: Final = 100
"""Steps at the end of an episode from which rates are told: two seconds."""
DEAD_FOR_S: Final = 6.0
SAMPLE_S: Final = 0.01
FRAMES: Final = "/tandem/frame_"

Command = dict[str, Any]
FAULTS: Final[dict[str, tuple[Command | None, Command | None]]] = {
    "nothing wrong": (None, None),
    "frozen 700 ms": ({"do": "freeze", "ms": 700}, None),
    "17 pictures a second": ({"do": "rate", "rate_hz": 17}, {"do": "rate", "rate_hz": 50}),
    "clock 1 % fast": ({"do": "drift", "percent": 1}, {"do": "drift", "percent": 0}),
    "dead": ({"do": "die"}, {"do": "revive"}),
}
"""What to tell the camera in the episode, and after it."""


class Webcams:
    """The emulated cameras: a context manager.

    Attributes:
        urls: by name.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sim.emulated_cameras", *CAMERAS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.urls: dict[str, str] = self._answer()["cameras"]

    def tell(self, command: Command) -> None:
        """Have the faulty one do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**command, "camera": FAULTY}) + "\n")
        self._process.stdin.flush()
        if "error" in (answer := self._answer()):
            sys.exit(answer["error"])

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline() or '{"error": "the cameras ended"}')

    def __enter__(self) -> "Webcams":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


@dataclass(slots=True)
class Live:
    """What the status has said in one episode, from the fault on.

    Attributes:
        states: of the faulty camera, and how often it came into each.
        noticed_ms: from the fault to the first state other than LIVE.
        rate_hz: the last one that was told.
        others: states of the other cameras other than LIVE.
    """

    states: Counter[str] = field(default_factory=Counter)
    noticed_ms: float = np.nan
    rate_hz: float = np.nan
    others: set[str] = field(default_factory=set)
    _state: CameraState | None = None

    def take(self, status: Any, told_s: float) -> None:
        """One look."""
        its = CAMERAS.index(FAULTY)
        states = [CameraState(int(s)) for s in status["camera_state"][: len(CAMERAS)]]
        if self._state is not states[its]:
            self._state = states[its]
            self.states[states[its].name.lower()] += 1
            if states[its] is not CameraState.LIVE and np.isnan(self.noticed_ms):
                self.noticed_ms = 1e3 * (time.monotonic() - told_s)
        self.rate_hz = float(status["camera_rate_hz"][its])
        others = [state for index, state in enumerate(states) if index != its]
        self.others |= {state.name.lower() for state in others if state is not CameraState.LIVE}


class LiveWatch(threading.Thread):
    """Looks at the recorder's status from a thread of its own.

    Attributes:
        live: takes what is seen; None: nothing is wanted now.
        told_s: when the fault began, monotonic.
    """

    def __init__(self, runtime: Path) -> None:
        super().__init__(name="live")
        self.live: Live | None = None
        self.told_s = 0.0
        self.stop = threading.Event()
        self._path = runtime / STATUS_RING

    def run(self) -> None:
        """Until it is stopped."""
        while not self.stop.wait(SAMPLE_S):
            with contextlib.suppress(OSError, RingError), RingReader(self._path) as ring:
                if self.live is not None:
                    self.live.take(ring.newest(), self.told_s)


@dataclass
class WatchedCameras(Watched):
    """Breaks the camera in each episode, and mends it after that.

    Attributes:
        live: by fault.
    """

    webcams: Webcams | None = None
    live: dict[str, Live] = field(default_factory=dict)
    watch: LiveWatch | None = None
    _mend: Command | None = None
    _mend_s: float = 0.0
    _is_waiting: bool = True

    def _config(self) -> SessionConfig:
        config = super()._config()
        assert self.webcams is not None
        cameras = tuple(
            CameraConfig(name, "webcam", device=url) for name, url in self.webcams.urls.items()
        )
        self.on_look = self._break_or_mend
        self.watch = LiveWatch(Path(config.runtime_dir))
        self.watch.start()
        return dataclasses.replace(
            config, rig_file=dataclasses.replace(config.rig_file, cameras=cameras)
        )

    def _harvest(self, folder: Path, *, all_of_them: bool) -> None:
        """Leave the files where they are."""

    def _break_or_mend(self, step: int) -> None:
        assert self.watch is not None
        if self._is_waiting and step >= FAULT_AT_STEP and len(self.live) < len(FAULTS):
            self._is_waiting = False
            self._break(self.watch)
        if not self._is_waiting and step < 0:
            self._is_waiting = True
            self.watch.live = None
        if self._mend is not None and step < 0 and time.monotonic() > self._mend_s:
            self._tell(self._mend)
            self._mend = None

    def _break(self, watch: LiveWatch) -> None:
        name = list(FAULTS)[len(self.live)]
        fault, self._mend = FAULTS[name]
        self._mend_s = time.monotonic() + (DEAD_FOR_S if name == "dead" else 0.0)
        self.live[name] = live = Live()
        watch.told_s, watch.live = time.monotonic(), live
        self._tell(fault)

    def _tell(self, command: Command | None) -> None:
        if command is not None and self.webcams is not None:
            self.webcams.tell(command)


def cameras(folder: Path, options: Options) -> None:
    """One session, an episode a fault, and the tables."""
    with Webcams() as webcams, Rig(folder / "ports") as rig:
        seconds = EPISODE_S * len(FAULTS)
        watched = WatchedCameras(rig, folder, seconds, EPISODE_S, webcams=webcams)
        try:
            said = hearing(watched)
        finally:
            if watched.watch is not None:
                watched.watch.stop.set()
                watched.watch.join()
    _report_live(watched.live)
    paths = sorted((folder / "episodes/benchmark").glob("*.hdf5"))
    _report_files(dict(zip(FAULTS, paths, strict=False)))
    print_said("in this session", said)


def _report_live(lives: dict[str, Live]) -> None:
    head("live", f"{FAULTY} from the fault on: state and how often", "noticed after ms",
         "its rate Hz, at last", "other cameras not live")  # fmt: skip
    for name, live in lives.items():
        states = ", ".join(f"{state} {count}" for state, count in live.states.items())
        noticed = "-" if np.isnan(live.noticed_ms) else f"{live.noticed_ms:.0f}"
        row(name, states, noticed, f"{live.rate_hz:.1f}",
            ", ".join(live.others) or "-")  # fmt: skip
    print()


def _report_files(paths: dict[str, Path]) -> None:
    head("in the file", "steps", f"{FAULTY}: repeats", "stale", "missing", "oldest ms",
         "rate of its last 2 s Hz", "others: repeats", "stale", "missing",
         f"ticks > {LATE_MS:g} ms late", "verdict", "findings")  # fmt: skip
    for name, path in paths.items():
        with EpisodeReader(path) as episode:
            row(name, episode.steps, *_of_frames(episode), _late(episode), verdict_in(episode),
                findings_in(episode))  # fmt: skip


def _of_frames(episode: EpisodeReader) -> tuple[object, ...]:
    its = CAMERAS.index(FAULTY)
    marks = [episode.column(FRAMES + name).sum(axis=0) for name in ("repeat", "stale", "missing")]
    own = [int(mark[its]) for mark in marks]
    others = [int(mark.sum() - mark[its]) for mark in marks]
    oldest_ms = episode.column(FRAMES + "age_ns")[:, its].max() / 1e6
    return (*own, f"{oldest_ms:.0f}", f"{_rate_hz(episode, its):.2f}", *others)


def _rate_hz(episode: EpisodeReader, camera: int) -> float:
    """From the numbers and arrivals of the frames in the last steps."""
    numbers = episode.column(FRAMES + "number")[-SETTLED_STEPS:, camera]
    arrivals_ns = episode.column(FRAMES + "arrival_ns")[-SETTLED_STEPS:, camera]
    took_s = (arrivals_ns[-1] - arrivals_ns[0]) / 1e9
    return float(numbers[-1] - numbers[0]) / took_s if took_s else 0.0


def _late(episode: EpisodeReader) -> int:
    late_ms = (episode.column("/tandem/tick_ns") - episode.column("/tandem/deadline_ns")) / 1e6
    return int((late_ms > LATE_MS).sum())
