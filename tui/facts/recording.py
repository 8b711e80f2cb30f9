"""How recording does: the recorder's status as values."""

import math
from collections.abc import Sequence
from typing import Any, Final

from recorder.cameras.camera import CameraState
from recorder.config import CameraConfig
from recorder.status import NONE, Verdict
from teleop.ring import Record
from tui.facts.facts import CameraFacts, RecordingFacts
from tui.facts.rings import words

GROWTH_WINDOW_S: Final = 3.0
GROWTH_ENOUGH_S: Final = 0.5


class Growth:
    """How fast the journal of the open episode grows."""

    def __init__(self) -> None:
        self._episode = NONE
        self._samples: list[tuple[float, int]] = []

    def update(self, now_s: float, episode: int, journal_bytes: int) -> float | None:
        """MB/s with this sample added; None outside episodes, and until there is enough to tell."""
        if episode != self._episode or (self._samples and journal_bytes < self._samples[-1][1]):
            self._episode = episode
            self._samples.clear()
        if episode == NONE:
            return None
        self._samples.append((now_s, journal_bytes))
        while len(self._samples) > 2 and now_s - self._samples[0][0] > GROWTH_WINDOW_S:
            self._samples.pop(0)
        since_s, before = self._samples[0]
        if now_s - since_s < GROWTH_ENOUGH_S:
            return None
        return (journal_bytes - before) * 1e-6 / (now_s - since_s)


def recording_of(
    status: Record | None, cameras: Sequence[CameraConfig], growth: Growth, now_s: float
) -> RecordingFacts | None:
    """The facts in a record of `recorder.status.STATUS_DTYPE`; None without one.

    Args:
        cameras: as they are configured, in the recorder's order.
        now_s: CLOCK_MONOTONIC.
    """
    if status is None:
        return None
    episode, saved = int(status["episode"]), int(status["last_saved_episode"])
    journal_bytes = int(status["journal_bytes"])
    verdict = Verdict(int(status["last_saved_verdict"]))
    return RecordingFacts(
        cameras=_cameras(status, cameras, episode != NONE),
        skew_ms=_ms(int(status["skew_ns"])),
        queue=int(status["encode_queue"]),
        room=int(status["encode_room"]),
        dropped=int(status["dropped_steps"]),
        missing=int(status["missing_steps"]),
        finalising=int(status["finalise_queue"]),
        journal_mb=journal_bytes * 1e-6,
        mb_s=growth.update(now_s, episode, journal_bytes),
        disk_left_s=float(status["disk_left_s"]),
        disk_low=bool(status["disk_low"]),
        silent_s=max(0.0, now_s - int(status["heartbeat_ns"]) * 1e-9),
        last_saved=None if saved == NONE else (saved, verdict),
    )


def _cameras(
    status: Record, configured: Sequence[CameraConfig], recording: bool
) -> tuple[CameraFacts, ...]:
    stale = int(status["stale_cameras"])
    names = ("state", "rate_hz", "silent_ns", "age_ns", "reconnects")
    columns = {name: status[f"camera_{name}"].tolist() for name in names}
    columns["stale_steps"] = status["stale_steps"].tolist()
    wanted_hz = {camera.name: camera.rate_hz for camera in configured}
    found = []
    for index in range(int(status["cameras"])):
        name = words(status["camera_name"][index])
        own = {key: values[index] for key, values in columns.items()}
        found.append(
            _camera(name, own, wanted_hz.get(name, 0.0), recording, bool(stale >> index & 1))
        )
    return tuple(found)


def _camera(
    name: str, own: dict[str, Any], wanted_hz: float, recording: bool, stale: bool
) -> CameraFacts:
    silent_ns, rate_hz = own["silent_ns"], own["rate_hz"]
    return CameraFacts(
        name=name,
        state=CameraState(own["state"]),
        rate_hz=rate_hz if math.isfinite(rate_hz) else None,
        wanted_hz=wanted_hz,
        silent_s=None if silent_ns == NONE else silent_ns * 1e-9,
        age_ms=_ms(own["age_ns"]) if recording else None,
        stale=recording and stale,
        stale_steps=own["stale_steps"],
        reconnects=own["reconnects"],
    )


def _ms(ns: int) -> float | None:
    return None if ns == NONE else ns * 1e-6
