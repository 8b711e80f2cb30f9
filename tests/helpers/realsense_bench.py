"""Sources of the product on software cameras, and what tests ask of them."""

import time
from typing import Any

from software_realsense import SoftwareRealSense

from recorder.cameras.camera import CameraAbout
from recorder.cameras.realsense import RealSense
from recorder.cameras.source import Grab
from recorder.config import CameraConfig

PATIENCE_S = 10.0
"""For what a busy machine is late with."""


class Bench:
    """Cameras and their sources: frames flow before a source opens, and stop before it closes."""

    def __init__(self) -> None:
        self._cameras: list[SoftwareRealSense] = []
        self._sources: list[RealSense] = []

    def camera(self, *args: Any, flowing: bool = True, **options: Any) -> SoftwareRealSense:
        self._cameras.append(SoftwareRealSense(*args, **options))
        if flowing:
            self._cameras[-1].start()
        return self._cameras[-1]

    def source(self, context: Any, serial: str = "", **config: Any) -> RealSense:
        wanted = {"rate_hz": 60.0} | config
        config_ = CameraConfig("cam_high", "realsense", serial=serial, **wanted)
        self._sources.append(RealSense(config_, context))
        return self._sources[-1]

    def opened(self, camera: SoftwareRealSense, **config: Any) -> tuple[RealSense, CameraAbout]:
        source = self.source(camera.context, camera.serial, **config)
        return source, source.open()

    def close(self) -> None:
        for camera in self._cameras:
            camera.stop()
        for source in self._sources:
            source.close()


def next_of(source: RealSense) -> Grab:
    """The next frame, however long a busy machine takes."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        if (grab := source.read(0.5)) is not None:
            return grab
    raise AssertionError("no frame came")


def drain(source: RealSense) -> None:
    """Read what is on its way from a camera that has stopped."""
    while source.read(0.1) is not None:
        pass


def next_pushed(source: RealSense, camera: SoftwareRealSense) -> Grab:
    """The next frame that is pushed from now on."""
    last = camera.pushed[-1].number
    while (grab := next_of(source)).number <= last:
        pass
    return grab
