"""One look at a session: everything that its rings say, as values."""

from dataclasses import replace
from pathlib import Path

from recorder.status import STATUS_RING as RECORDER_STATUS
from recorder.status import THUMBNAIL_RING
from session.config import SessionConfig
from session.launch import CONFIG
from session.status import STATUS_RING as SESSION_STATUS
from teleop.config import ConfigError, build, read_json
from teleop.lockstep import WORLD_STATUS
from teleop.ring import Record, RingError, RingReader
from teleop.tick import TICK_RING, State
from tui.facts.arms import Arms
from tui.facts.facts import (
    ArmsFacts,
    Facts,
    LoopFacts,
    SessionFacts,
    TakeFacts,
    Thumbnail,
)
from tui.facts.flow import configured, flow_of, stage_of, with_tick
from tui.facts.loop import loop_of
from tui.facts.pace import Pace
from tui.facts.recording import Growth, recording_of
from tui.facts.rings import Rings
from tui.facts.takes import Takes
from tui.facts.ticks import Ticks
from tui.facts.tracking import TrackingLook


class Viewer:
    """Reads the rings of one session; each may be missing, early, torn or replaced.

    It never waits, and writes nothing. A look takes well below a millisecond.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._path = runtime_dir / CONFIG
        self._rings = Rings(runtime_dir)
        self._config: SessionConfig | None = None
        self._arms: Arms | None = None
        self._tracking = TrackingLook(None)
        self._held_on = False
        self._loop: LoopFacts | None = None
        self._arms_facts: ArmsFacts | None = None
        self._ticks = Ticks()
        self._takes = Takes()
        self._growth = Growth()
        self._pace = Pace()
        self._thumbnails: tuple[RingReader, int] | None = None

    @property
    def config(self) -> SessionConfig | None:
        """What the session was started with; None: that cannot be read (yet)."""
        if self._config is None:
            try:
                self._config = build(SessionConfig, read_json(self._path), CONFIG)
            except ConfigError:
                return None
            self._arms = Arms(self._config.rig_file.rig, self._config.purpose == "replay")
            self._tracking = TrackingLook(self._config.playback)
        return self._config

    def look(self, now_s: float) -> Facts:
        """The newest of everything. `now_s`: CLOCK_MONOTONIC, as `time.monotonic` has it."""
        config, status = self.config, self._rings.newest(SESSION_STATUS)
        if config is None or self._arms is None:
            return Facts(now_s, session=flow_of(SessionFacts(), status, now_s))
        rig, cameras = config.rig_file.rig, config.rig_file.cameras
        self._ticks.look(self._rings.reader(TICK_RING))
        lockstep = rig.simulated and not config.mode.realtime
        recorder = self._rings.newest(RECORDER_STATUS)
        takes: tuple[TakeFacts, ...] = ()
        if status is not None:
            takes = self._takes.look(status, rig.period_s)
        if not self._has_let_go():  # what it let go of is not gone
            self._loop = loop_of(self._ticks, rig, lockstep, now_s)
            self._arms_facts = self._arms.look(self._ticks)
        return Facts(
            now_s,
            session=self._flow(config, status, now_s),
            loop=self._loop,
            arms=self._arms_facts,
            recording=recording_of(recorder, cameras, self._growth, now_s),
            takes=takes,
        )

    def thumbnails(self) -> tuple[Thumbnail, ...] | None:
        """The newest small pictures of the cameras that gave one; None: they are the same as at the
        last call, or there are none."""
        ring = self._rings.reader(THUMBNAIL_RING)
        if ring is None or self.config is None or self._thumbnails == (ring, len(ring)):
            return None
        count = len(ring)
        try:
            newest = ring.newest()
        except RingError:
            return None
        self._thumbnails = ring, count
        names = [camera.name for camera in self.config.rig_file.cameras]
        rows = zip(names, newest["number"], newest["size"], newest["image"], strict=False)
        return tuple(
            Thumbnail(name, int(number), image[: size[0], : size[1]])
            for name, number, size, image in rows
            if size.all()
        )

    def _has_let_go(self) -> bool:
        """Control has come to its end, and closed its ports."""
        tick = self._ticks.newest
        connected = tick is not None and int(tick["state"]) != State.DISCONNECTED
        self._held_on = self._held_on or connected
        return self._held_on and not connected

    def _flow(self, config: SessionConfig, status: Record | None, now_s: float) -> SessionFacts:
        """Where the session is, with what its ticks and its world say of that."""
        rig, tick = config.rig_file.rig, self._ticks.newest
        facts = flow_of(configured(config), status, now_s)
        facts = with_tick(facts, tick, rig.period_s)
        if (ticks := self._tracking.ticks) is not None:
            longest_s = ticks * rig.period_s
            facts = replace(facts, tracking=self._tracking.at(tick), longest_s=longest_s)
        if not rig.simulated:
            return replace(facts, pace=1.0)
        stage = stage_of(self._rings.newest(WORLD_STATUS))
        pace = self._pace.update(now_s, None if tick is None else int(tick["t_ns"]))
        return replace(facts, pace=1.0 if config.mode.realtime else pace, stage=stage)
