"""What the session sees of its processes: the newest tick, the recorder's status, their events."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.status import EVENT_RING as RECORDER_EVENTS
from recorder.status import STATUS_RING as RECORDER_STATUS
from recorder.status import RecorderState
from teleop.joints import BUS_NAMES
from teleop.lockstep import WORLD_EVENTS
from teleop.ring import OverrunError, Record, RingError, RingReader
from teleop.tick import EVENT_RING, NO_EPISODE, TICK_RING, Need, Outcome, State

Log = Callable[[str], None]
RECORDER_SILENCE_S: Final = 15.0
"""Of a recorder that tells ten times a second what it does. A disk may stall it for seconds."""
EVENT_SOURCES: Final = (
    (WORLD_EVENTS, "world"),  # first: a fault by script is told before what comes of it
    (EVENT_RING, "control"),
    (RECORDER_EVENTS, "recorder"),
)


class EventFeed:
    """Forwards each new text of an event ring once."""

    def __init__(self, path: Path, source: str, log: Log) -> None:
        self._path = path
        self._source = source
        self._log = log
        self._ring: RingReader | None = None
        self._next = 0

    def poll(self) -> None:
        """Forward what is new. A ring made anew by a restarted process is read from its start."""
        if self._ring is None or not _is_current(self._ring, self._path):
            self._ring = _open(self._path)
            self._next = 0
        if self._ring is None:
            return
        self._next = max(self._next, self._ring.oldest())
        while self._next < len(self._ring):
            try:
                event = self._ring.read(self._next)
            except OverrunError:
                self._next = self._ring.oldest()
                continue
            self._next += 1
            self._log(f"{self._source}: {event['text'].item().decode(errors='replace')}")


class Watch:
    """A view on the rings that is refreshed a few times a second.

    Attributes:
        need: what a hold waits for.
        gestures: start gestures that control has seen since its start.
        connected: the buses whose ports are open.
        recorder: its newest status (`recorder.status.STATUS_DTYPE`); None before the first.
    """

    def __init__(self, runtime_dir: Path, log: Log) -> None:
        self._paths = {name: runtime_dir / name for name in (TICK_RING, RECORDER_STATUS)}
        self._rings: dict[str, RingReader | None] = dict.fromkeys(self._paths)
        self._feeds = [EventFeed(runtime_dir / ring, name, log) for ring, name in EVENT_SOURCES]
        self._last_episode = NO_EPISODE
        self._outcome = Outcome.UNLABELLED
        self.state = State.DISCONNECTED
        self.tick = 0
        self.need = Need.NOTHING
        self.gestures = 0
        self.connected: frozenset[str] = frozenset()
        self.recorder: Record | None = None
        self.recorder_state = RecorderState.STARTING
        self._recorder_heard_ns = 0

    def refresh(self) -> None:
        """Look again."""
        for feed in self._feeds:
            feed.poll()
        tick = self._newest(TICK_RING)
        if tick is not None:
            self.state = State(int(tick["state"]))
            self.tick = int(tick["number"])
            self.need = Need(int(tick["need"]))
            self.gestures = int(tick["gestures"])
            there = zip(BUS_NAMES, tick["connected"], strict=True)
            self.connected = frozenset(name for name, connected in there if connected)
            self._last_episode = int(tick["last_episode"])
            self._outcome = Outcome(int(tick["outcome"]))
        status = self._newest(RECORDER_STATUS)
        if status is not None:
            self.recorder = status
            self.recorder_state = RecorderState(int(status["state"]))
            self._recorder_heard_ns = int(status["heartbeat_ns"])

    def has_ended(self, episode: int) -> bool:
        """Control has ended this episode."""
        return self._last_episode == episode

    def outcome_of(self, episode: int) -> Outcome:
        """The verdict control stamped on it; unlabelled if it is not the last one."""
        return self._outcome if self.has_ended(episode) else Outcome.UNLABELLED

    def steps_of(self, episode: int) -> int:
        """How many steps control has made of an episode that it has ended just now."""
        ring = self._rings[TICK_RING]
        if ring is None:
            return 0
        for index in reversed(range(ring.oldest(), len(ring))):
            try:
                if int(ring.peek(index, "episode")) == episode:
                    return int(ring.peek(index, "step")) + 1
            except RingError:
                break
        return 0

    def recorder_is_stuck(self) -> bool:
        """It has begun its work, and then not been heard of for long: it will not come back."""
        begun = self.recorder_state is not RecorderState.STARTING
        silent_s = (time.monotonic_ns() - self._recorder_heard_ns) / 1e9
        return begun and silent_s > RECORDER_SILENCE_S

    def forget_recorder(self) -> None:
        """The recorder died: its status says nothing about the next one."""
        self.recorder = None
        self.recorder_state = RecorderState.STARTING
        self._rings[RECORDER_STATUS] = None
        self._paths[RECORDER_STATUS].unlink(missing_ok=True)

    def _newest(self, name: str) -> Record | None:
        if self._rings[name] is None:
            self._rings[name] = _open(self._paths[name])
        ring = self._rings[name]
        try:
            return None if ring is None else ring.newest()
        except RingError:
            return None


def _open(path: Path) -> RingReader | None:
    try:
        return RingReader(path)
    except (OSError, RingError):
        return None


def _is_current(ring: RingReader, path: Path) -> bool:
    try:
        return path.stat().st_ino == ring.inode
    except OSError:
        return True
