"""How the cameras do while nothing, or something, is recorded: for the status, and in sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from recorder.cameras.camera import Camera, CameraHealth, CameraState
from recorder.config import CameraConfig
from recorder.durations import in_words
from recorder.status import MAX_STATUS_CAMERAS

TOLD_NS: Final = 250_000_000
"""The status shows every stall at once; in a sentence only one that lasts so long is told."""
SLOW_SHARE: Final = 0.8
"""A camera that gives less than this of what it was asked for is said to be slow."""
SLOW_LOOKS: Final = 100
"""For so many looks in a row (25 a second at the most): at its start every camera is slow."""


@dataclass(slots=True)
class Told:
    """What the operator has been told about a camera.

    Attributes:
        silent_since_ns: of the silence that was told and is not over; None: there is none.
        fault: that it was LOST with.
        not_set: what could not be set on it.
    """

    silent_since_ns: int | None = None
    fault: str = ""
    slow_looks: int = 0
    not_set: set[str] = field(default_factory=set)


class CameraWatch:
    """Looks at all cameras now and then, and tells what has changed since.

    Args:
        configs: of the same cameras in the same order.
    """

    def __init__(self, cameras: Sequence[Camera], configs: Sequence[CameraConfig]) -> None:
        self._cameras = cameras
        self._configs = configs
        self._told = [Told() for _ in cameras]

    def look(self, t_ns: int, status: Any) -> list[str]:
        """Put how they do at `t_ns` (the session's time) into `status`; what is new, in sentences.

        Args:
            status: a record of `recorder.status.STATUS_DTYPE`.
        """
        status["cameras"] = min(len(self._cameras), MAX_STATUS_CAMERAS)
        news = []
        for index, camera in enumerate(self._cameras):
            health = camera.health(t_ns)
            if index < MAX_STATUS_CAMERAS:
                status["camera_name"][index] = self._configs[index].name.encode()
                _report(status, index, health)
            news += self._news(index, health, t_ns)
        return news

    def _news(self, index: int, health: CameraHealth, t_ns: int) -> list[str]:
        match health.state:
            case CameraState.LIVE:
                return [
                    *self._return(index, t_ns),
                    *self._refusals(index),
                    *self._slowness(index, health),
                ]
            case CameraState.LOST:
                return self._loss(index, health, t_ns)
            case CameraState.STALLED:
                return self._stall(index, health, t_ns)
        return []

    def _loss(self, index: int, health: CameraHealth, t_ns: int) -> list[str]:
        told = self._told[index]
        if told.fault == health.fault:
            return []
        told.fault = health.fault
        if told.silent_since_ns is None:
            told.silent_since_ns = t_ns - max(health.silent_ns, 0)
        return [health.fault]

    def _stall(self, index: int, health: CameraHealth, t_ns: int) -> list[str]:
        told = self._told[index]
        if told.silent_since_ns is not None or health.silent_ns < TOLD_NS:
            return []
        told.silent_since_ns = t_ns - health.silent_ns
        return [f"{self._configs[index].name} {health.fault}."]

    def _return(self, index: int, t_ns: int) -> list[str]:
        """It gives pictures again, after a silence that was told."""
        told = self._told[index]
        if told.silent_since_ns is None:
            return []
        silence = in_words((t_ns - told.silent_since_ns) * 1e-9)
        told.silent_since_ns, told.fault = None, ""
        return [f"{self._configs[index].name} gives pictures again, after {silence}."]

    def _refusals(self, index: int) -> list[str]:
        """What could not be set, once."""
        told, not_set = self._told[index].not_set, self._cameras[index].about().not_set
        news = [fault for fault in not_set if fault not in told]
        told.update(news)
        return [f"{self._configs[index].name}: {fault}" for fault in news]

    def _slowness(self, index: int, health: CameraHealth) -> list[str]:
        """Told once, when it has been slow for a while."""
        config, told = self._configs[index], self._told[index]
        slow = health.rate_hz < SLOW_SHARE * config.rate_hz
        told.slow_looks = told.slow_looks + 1 if slow else 0
        if told.slow_looks != SLOW_LOOKS:
            return []
        return [
            f"{config.name} gives {health.rate_hz:.1f} pictures a second, not {config.rate_hz:g}."
        ]


def _report(status: Any, index: int, health: CameraHealth) -> None:
    status["camera_state"][index] = health.state
    status["camera_rate_hz"][index] = health.rate_hz if health.rate_hz else math.nan
    status["camera_silent_ns"][index] = health.silent_ns
    status["camera_reconnects"][index] = health.reconnects
