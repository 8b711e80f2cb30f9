"""How the cameras do while nothing, or something, is recorded: for the status, and in sentences."""

import math
from collections.abc import Sequence
from typing import Any, Final

from recorder.cameras.camera import Camera, CameraHealth, CameraState
from recorder.cameras.rate import in_words
from recorder.config import CameraConfig
from recorder.status import MAX_STATUS_CAMERAS

SLOW_SHARE: Final = 0.8
"""A camera that gives less than this of what it was asked for is said to be slow."""
SLOW_LOOKS: Final = 100
"""For so many looks in a row (25 a second at the most): at its start every camera is slow."""
SILENT: Final = (CameraState.STALLED, CameraState.LOST)


class CameraWatch:
    """Looks at all cameras now and then, and tells what has changed since.

    Args:
        configs: of the same cameras in the same order.
    """

    def __init__(self, cameras: Sequence[Camera], configs: Sequence[CameraConfig]) -> None:
        self._cameras = cameras
        self._configs = configs
        self._before: list[CameraHealth | None] = [None] * len(cameras)
        self._gave_up_ns = [0] * len(cameras)
        self._slow_looks = [0] * len(cameras)
        self._told_of_options: set[str] = set()

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
            news += self._changes(index, health, t_ns)
            self._before[index] = health
        return news

    def _changes(self, index: int, health: CameraHealth, t_ns: int) -> list[str]:
        name, before = self._configs[index].name, self._before[index]
        news = self._slowness(index, health)
        was = before.state if before else CameraState.OPENING
        if health.state in SILENT and (was is not health.state):
            if was not in SILENT:
                self._gave_up_ns[index] = t_ns - max(health.silent_ns, 0)
            told = health.fault if health.state is CameraState.LOST else f"{name} {health.fault}."
            news.append(told)
        elif health.state is CameraState.LIVE and was is not CameraState.LIVE:
            news += self._return(index, was, t_ns)
        return news

    def _return(self, index: int, was: CameraState, t_ns: int) -> list[str]:
        """It gives pictures: again, or for the first time."""
        news = []
        name = self._configs[index].name
        if was in SILENT or self._gave_up_ns[index]:
            silence = in_words(t_ns - self._gave_up_ns[index])
            news.append(f"{name} gives pictures again, after {silence}.")
            self._gave_up_ns[index] = 0
        for fault in self._cameras[index].about().not_set:
            if f"{name}: {fault}" not in self._told_of_options:
                self._told_of_options.add(f"{name}: {fault}")
                news.append(f"{name}: {fault}")
        return news

    def _slowness(self, index: int, health: CameraHealth) -> list[str]:
        """Told once, when it has been slow for a while."""
        wanted_hz = self._configs[index].rate_hz
        slow = health.state is CameraState.LIVE and health.rate_hz < SLOW_SHARE * wanted_hz
        self._slow_looks[index] = self._slow_looks[index] + 1 if slow else 0
        if self._slow_looks[index] != SLOW_LOOKS:
            return []
        name = self._configs[index].name
        return [f"{name} gives {health.rate_hz:.1f} pictures a second, not {wanted_hz:g}."]


def _report(status: Any, index: int, health: CameraHealth) -> None:
    status["camera_state"][index] = health.state
    status["camera_rate_hz"][index] = health.rate_hz if health.rate_hz else math.nan
    status["camera_silent_ns"][index] = health.silent_ns
    status["camera_reconnects"][index] = health.reconnects
