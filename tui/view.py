"""One look at a session's status blocks, as a value; and the progress line made from it."""

from dataclasses import dataclass
from pathlib import Path

from recorder.status import STATUS_RING as RECORDER_STATUS
from session.kind import RigKind
from session.status import STATUS_RING as SESSION_STATUS
from session.status import Phase
from teleop.lockstep import WORLD_STATUS
from teleop.ring import Record, RingError, RingReader
from teleop.tick import TICK_RING
from tui.health import Health, health_line, health_of
from tui.recording import RecordingView, recording_of, recording_parts

RECORDER_MATTERS = (Phase.PREPARING, Phase.READY, Phase.RECORDING, Phase.SAVING)


@dataclass(frozen=True, slots=True)
class View:
    """What there is to know at one moment. Unknown numbers are None."""

    kind: RigKind = RigKind.REAL
    phase: Phase = Phase.STARTING
    attempt: int = 0
    episodes: int = 0
    episode: int | None = None
    saved: int = 0
    step: int | None = None
    t_ns: int | None = None
    stage: str | None = None
    journal_bytes: int = 0
    recording: RecordingView | None = None
    prompt: str = ""
    health: Health | None = None


class Viewer:
    """Reads the status blocks of one session; each may be missing, early or late."""

    def __init__(self, runtime_dir: Path) -> None:
        self._directory = runtime_dir
        self._rings: dict[str, RingReader] = {}

    def look(self) -> View:
        """The newest of everything."""
        session = self._newest(SESSION_STATUS)
        if session is None:
            return View()
        tick = self._newest(TICK_RING)
        world = self._newest(WORLD_STATUS)
        recorder = self._newest(RECORDER_STATUS)
        recording = tick is not None and int(tick["step"]) >= 0
        return View(
            kind=RigKind(int(session["kind"])),
            phase=Phase(int(session["phase"])),
            attempt=int(session["attempt"]),
            episodes=int(session["episodes"]),
            episode=int(session["episode"]) if int(session["episode"]) >= 0 else None,
            saved=int(session["saved"]),
            step=int(tick["step"]) if tick is not None and recording else None,
            t_ns=int(tick["t_ns"]) if tick is not None else None,
            stage=_stage(world) if world is not None else None,
            journal_bytes=int(recorder["journal_bytes"]) if recorder is not None else 0,
            recording=recording_of(recorder) if recorder is not None else None,
            prompt=session["prompt"].item().decode(errors="replace"),
            health=self._health(session),
        )

    def _health(self, session: Record) -> Health | None:
        """Only where it is shown: it takes a second's ticks."""
        ring = self._rings.get(TICK_RING)
        if ring is None or Phase(int(session["phase"])) is not Phase.MIRRORING:
            return None
        return health_of(ring)

    def _newest(self, name: str) -> Record | None:
        path = self._directory / name
        try:
            if name not in self._rings or self._rings[name].inode != path.stat().st_ino:
                self._rings[name] = RingReader(path)  # also after its writer was replaced
            return self._rings[name].newest()
        except (OSError, RingError):
            return None


class Pace:
    """Simulated seconds per second of the wall, over the last few seconds."""

    def __init__(self, window_s: float = 3.0) -> None:
        self._window_s = window_s
        self._samples: list[tuple[float, int]] = []

    def update(self, now_s: float, t_ns: int | None) -> float | None:
        """The factor with this sample added; None until there is enough to tell."""
        if t_ns is None:
            return None
        self._samples.append((now_s, t_ns))
        while len(self._samples) > 2 and now_s - self._samples[0][0] > self._window_s:
            self._samples.pop(0)
        elapsed_s = now_s - self._samples[0][0]
        if elapsed_s < 0.5:
            return None
        return (t_ns - self._samples[0][1]) * 1e-9 / elapsed_s


def progress_line(view: View, pace: float | None) -> str:
    """All in one line, as it is printed where nobody watches live."""
    return " | ".join(filter(None, [session_line(view, pace), recording_line(view)]))


def recording_line(view: View) -> str:
    """How recording does; "" where nothing is, or may soon be, recorded."""
    if view.recording is None or view.phase not in RECORDER_MATTERS:
        return ""
    return " | ".join(recording_parts(view.recording))


def session_line(view: View, pace: float | None) -> str:
    """Episode, step, stage reached, MB; or how the arms do; real-time factor."""
    parts = [view.kind.banner] if view.kind.banner else []
    if view.episode is not None:
        parts.append(f"episode {view.episode} ({view.attempt}/{view.episodes})")
    parts.append(view.phase.name.lower())
    if view.step is not None:
        parts.append(f"step {view.step}")
        if view.stage is not None:
            parts.append(f"stage {view.stage}")
        parts.append(f"{view.journal_bytes / 1e6:.1f} MB")
    if view.phase is Phase.MIRRORING and view.health is not None:
        parts.append(health_line(view.health))
    if pace is not None and view.kind is RigKind.SIMULATED:
        parts.append(f"{pace:.2f}x real time")
    return " | ".join(parts)


def _stage(world: Record) -> str:
    name = world["best_name"].item().decode(errors="replace")
    return f"{int(world['best_stage'])}/{int(world['last_stage'])} {name}"
