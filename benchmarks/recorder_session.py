"""A long session on emulated arms: does the recorder keep up beside control, and does it grow?

Once as one episode, in which a journal grows as long as the run, and once in episodes of a minute,
in which the finaliser works beside the next episode. The memory of the recorder is looked at once a
second; flat means that its last minute needs no more than its first.
"""

import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.emulated_session import CAMERAS, TICKS_PER_S, Rig, Seen, Watched
from benchmarks.recorder_options import Options
from benchmarks.recorder_process import dropped_in, findings_in, resident_mb, verdict_in
from benchmarks.teleop_loop import head, report_lateness, row
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.status import STATUS_RING
from session.config import SessionConfig
from teleop.ring import RingError, RingReader

MINUTE_S: Final = 60.0
CPU_BAR, GROWTH_BAR_MB = 0.6, 15


@dataclass
class WatchedRecorder(Watched):
    """Looks at the recorder as well.

    Attributes:
        memory: monotonic s and MB, from the first step on.
        verdicts: one a file, with what it rests on.
        dropped: steps, in all files.
        queue: the most steps that waited for their pictures.
    """

    memory: list[tuple[float, float]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    dropped: int = 0
    queue: int = 0
    _runtime: Path = Path()
    _next_s: float = 0.0

    @property
    def steps_asked_for(self) -> int:
        """In all episodes together."""
        length_s = min(self.seconds, self.episode_s)
        return -(-self.seconds // length_s) * length_s * TICKS_PER_S

    def _config(self) -> SessionConfig:
        config = super()._config()
        self._runtime = Path(config.runtime_dir)
        self.on_look = self._look_at_recorder
        return config

    def _look_at_recorder(self, _step: int) -> None:
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + 1.0
        with contextlib.suppress(OSError, RingError, ValueError, IndexError):
            pid = int((self._runtime / "recorder.pid").read_text())
            self.memory.append((time.monotonic(), resident_mb(pid)))
            with RingReader(self._runtime / STATUS_RING) as ring:
                self.queue = max(self.queue, int(ring.newest()["encode_queue"]))

    def _take_episode(self, path: Path) -> None:
        super()._take_episode(path)
        with contextlib.suppress(EpisodeError), EpisodeReader(path) as episode:
            self.dropped += dropped_in(episode)
            self.verdicts.append(f"{verdict_in(episode)} ({findings_in(episode)})")


def session(folder: Path, options: Options) -> None:
    """Both sessions, and their tables."""
    rounds = {"one episode": options.seconds, "usual episodes": options.episode_s}
    seen = {}
    for name, episode_s in rounds.items():
        with Rig(folder / name.replace(" ", "-")) as rig:
            watched = WatchedRecorder(rig, folder, options.seconds, episode_s)
            seen[name] = (watched, watched.run())
    print(f"{len(CAMERAS)} pattern cameras 640x480 at 50 Hz, {options.seconds} s of recording.\n")
    _report(seen)
    for name, (_, did) in seen.items():
        print(f"\n{name}:\n")
        report_lateness(did)


def _report(seen: dict[str, tuple[WatchedRecorder, Seen]]) -> None:
    head("session", "episodes", "steps asked for", "in the files", "dropped",
         f"recorder, of a core (bar {CPU_BAR:.0%})", "control", "most steps queued",
         "RSS first minute MB", "last minute MB", f"growth MB (bar {GROWTH_BAR_MB})", "highest MB",
         )  # fmt: skip
    for name, (watched, did) in seen.items():
        first, last, highest = _levels(watched.memory)
        verdicts = Counter(watched.verdicts)
        row(name, ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()),
            watched.steps_asked_for, did.steps, watched.dropped, f"{did.cpu['recorder']:.1%}",
            f"{did.cpu['control']:.1%}", watched.queue, f"{first:.0f}", f"{last:.0f}",
            f"{last - first:+.1f}", f"{highest:.0f}")  # fmt: skip


def _levels(memory: list[tuple[float, float]]) -> tuple[float, float, float]:
    """MB: mean of the first minute (a third, if that is less) and of the last, and the highest."""
    times, mb = np.array(memory).T
    span_s = min(MINUTE_S, (times[-1] - times[0]) / 3)
    early, late = times <= times[0] + span_s, times >= times[-1] - span_s
    return float(mb[early].mean()), float(mb[late].mean()), float(mb.max())
