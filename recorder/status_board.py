"""Where the recorder writes what it tells the others (the layout is in `recorder.status`)."""

import time
from pathlib import Path
from typing import Any, Self

import numpy as np

from recorder.changes import EpisodeChange
from recorder.status import (
    EVENT_RING,
    EVENT_SLOTS,
    NONE,
    RECORDER_EVENT_DTYPE,
    SAVED_DTYPE,
    SAVED_RING,
    SAVED_SLOTS,
    STATUS_DTYPE,
    STATUS_RING,
    STATUS_SLOTS,
    RecorderState,
)
from teleop.ring import RingWriter

EVENT_BYTES = RECORDER_EVENT_DTYPE["text"].itemsize


class StatusBoard:
    """The recorder's status block, its event ring, and the ring of what became of episodes.

    Attributes:
        status: 0-d record of STATUS_DTYPE; assign its fields, then `publish`.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self.status: Any = np.zeros((), STATUS_DTYPE)
        for field in ("episode", "step", "last_saved_episode", "skew_ns"):
            self.status[field] = NONE
        for field in ("camera_silent_ns", "camera_age_ns"):
            self.status[field] = NONE
        self.status["camera_rate_hz"] = np.nan
        self._ring = RingWriter(runtime_dir / STATUS_RING, STATUS_DTYPE, STATUS_SLOTS)
        self._events = RingWriter(runtime_dir / EVENT_RING, RECORDER_EVENT_DTYPE, EVENT_SLOTS)
        self._saved = RingWriter(runtime_dir / SAVED_RING, SAVED_DTYPE, SAVED_SLOTS)
        self.publish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ring.close()
        self._events.close()
        self._saved.close()

    @property
    def state(self) -> RecorderState:
        """What the recorder is doing; seen by others after the next `publish`."""
        return RecorderState(int(self.status["state"]))

    @state.setter
    def state(self, state: RecorderState) -> None:
        self.status["state"] = state

    def publish(self) -> None:
        """Let the others see the status, and that the recorder is alive."""
        self.status["heartbeat_ns"] = time.monotonic_ns()
        self._ring.append(self.status)

    def say(self, text: str, t_ns: int = 0, tick: int = 0) -> None:
        """Tell the operator something; cut off at what an event holds."""
        event = self._events.begin()
        event["t_ns"], event["tick"] = t_ns, tick
        event["text"] = text.encode()[:EVENT_BYTES]
        self._events.commit()

    def tell(self, change: EpisodeChange) -> None:
        """Let the others know what has become of an episode."""
        self._saved.append(change.record())
