"""What the session sees of its processes: the newest tick, the recorder's status, their events."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.status import EVENT_RING as RECORDER_EVENTS
from recorder.status import SAVED_RING, RecorderState
from recorder.status import STATUS_RING as RECORDER_STATUS
from session.feed import Feed, open_ring, text_of
from teleop.joints import BUS_NAMES
from teleop.lockstep import WORLD_EVENTS
from teleop.ring import Record, RingError, RingReader
from teleop.tick import EVENT_RING, NO_EPISODE, TICK_RING, Led, Need, Outcome, State

Log = Callable[[str], None]
RECORDER_SILENCE_S: Final = 15.0
"""Of a recorder that tells ten times a second what it does. A disk may stall it for seconds."""
HOLDING: Final = "Holding: "
EVENT_SOURCES: Final = (
    (WORLD_EVENTS, "world"),  # first: a fault by script is told before what comes of it
    (EVENT_RING, "control"),
    (RECORDER_EVENTS, "recorder"),
)


class Watch:
    """A view on the rings that is refreshed a few times a second.

    Attributes:
        need: what a hold waits for.
        gestures: that control has seen since its start: to start, and while following to stop.
        led: who leads the followers.
        why_held: what control has said when it held last.
        connected: the buses whose ports are open.
        recorder: its newest status (`recorder.status.STATUS_DTYPE`); None before the first.
    """

    def __init__(self, runtime_dir: Path, log: Log) -> None:
        self._paths = {name: runtime_dir / name for name in (TICK_RING, RECORDER_STATUS)}
        self._rings: dict[str, RingReader | None] = dict.fromkeys(self._paths)
        self._log = log
        self._events = [(Feed(runtime_dir / ring), source) for ring, source in EVENT_SOURCES]
        self._saved = Feed(runtime_dir / SAVED_RING)
        self._changes: list[Record] = []
        self._last_episode = NO_EPISODE
        self._outcome = Outcome.UNLABELLED
        self.state = State.DISCONNECTED
        self.tick = 0
        self.need = Need.NOTHING
        self.gestures = 0
        self.led = Led.NOBODY
        self.why_held = ""
        self.connected: frozenset[str] = frozenset()
        self.recorder: Record | None = None
        self.recorder_state = RecorderState.STARTING
        self._recorder_heard_ns = 0

    def refresh(self) -> None:
        """Look again."""
        for feed, source in self._events:
            for event in feed.poll():
                text = text_of(event, "text")
                self._log(f"{source}: {text}")
                if source == "control" and text.startswith(HOLDING):
                    self.why_held = text.removeprefix(HOLDING)
        self._changes += self._saved.poll()
        tick = self._newest(TICK_RING)
        if tick is not None:
            self.state = State(int(tick["state"]))
            self.tick = int(tick["number"])
            self.need = Need(int(tick["need"]))
            self.gestures = int(tick["gestures"])
            self.led = Led(int(tick["led"]))
            there = zip(BUS_NAMES, tick["connected"], strict=True)
            self.connected = frozenset(name for name, connected in there if connected)
            self._last_episode = int(tick["last_episode"])
            self._outcome = Outcome(int(tick["outcome"]))
        status = self._newest(RECORDER_STATUS)
        if status is not None:
            self.recorder = status
            self.recorder_state = RecorderState(int(status["state"]))
            self._recorder_heard_ns = int(status["heartbeat_ns"])

    def changes(self) -> list[Record]:
        """What has become of episodes since it was asked last (`recorder.status.SAVED_DTYPE`)."""
        changes, self._changes = self._changes, []
        return changes

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
        self.refresh()  # what it has told last
        self.recorder = None
        self.recorder_state = RecorderState.STARTING
        self._rings[RECORDER_STATUS] = None
        self._paths[RECORDER_STATUS].unlink(missing_ok=True)

    def _newest(self, name: str) -> Record | None:
        if self._rings[name] is None:
            self._rings[name] = open_ring(self._paths[name])
        ring = self._rings[name]
        try:
            return None if ring is None else ring.newest()
        except RingError:
            return None
