"""A look at cameras: all open at once, as in a session, for a picture of each and its real rate."""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bringup.camera_search import Device, is_loopback, mode
from recorder.cameras.camera import Camera, CameraAbout, CameraHealth, CameraState, Image
from recorder.cameras.capture import CapturedCamera
from recorder.cameras.opening import source_of
from recorder.cameras.webcam_address import is_url
from recorder.config import CameraConfig
from recorder.limits import QualityLimits
from recorder.pictures.stats import picture_stats

PATIENCE_S: Final = 10.0
"""For all cameras to give a first picture: four RealSense are opened one after the other."""
WATCH_S: Final = 2.5
"""The rate is that of the last two seconds; automatic exposure has settled by then, too."""
POLL_S: Final = 0.05
SILENT_S: Final = 1.0
"""A camera that gives nothing for so long gives nothing: a session would stop, too."""
SLOW_SHARE: Final = 0.95
"""Of the rate asked for, below which it is told."""
LIMITS: Final = QualityLimits()
"""What an episode's pictures are judged by."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a device showed while all were open.

    Attributes:
        image: (H, W, 3) uint8, RGB; None: it gave no picture.
        health: at the end of the watch.
    """

    device: Device
    health: CameraHealth
    about: CameraAbout
    image: Image | None = None

    @property
    def is_live(self) -> bool:
        """Whether it was giving pictures at the end; a short stall is not the end of them."""
        gone = self.health.state is CameraState.LOST or self.health.silent_ns > SILENT_S * 1e9
        return self.image is not None and not gone

    @property
    def config(self) -> CameraConfig:
        """What it was asked for, with the rate that the device has settled on."""
        config = self.device.config
        stated_hz = self.about.rate_hz
        return (
            dataclasses.replace(config, rate_hz=stated_hz) if 0.1 <= stated_hz <= 1000 else config
        )

    @property
    def brightness(self) -> float | None:
        """Mean luma of the picture, 0-255."""
        return None if self.image is None else picture_stats(self.image).brightness

    def problems(self) -> list[str]:
        """What the operator should know, without full stops."""
        found = [*_faults(self), *self.about.not_set, *_doubts(self)]
        return [each.rstrip(".") for each in found]


def look_at(
    devices: Sequence[Device], *, watch_s: float = WATCH_S, patience_s: float = PATIENCE_S
) -> list[Look]:
    """Open all, watch them for a while, close them. Blocks for some `watch_s`, and for up to
    `patience_s` more while a camera gives no picture."""
    named = [device for device in devices if device.found.identity]
    cameras = {d.number: CapturedCamera(d.config, source_of(d.config)) for d in named}
    try:
        _await_pictures(list(cameras.values()), patience_s)
        time.sleep(watch_s if cameras else 0.0)
        return [_look(device, cameras.get(device.number)) for device in devices]
    finally:
        for camera in cameras.values():
            camera.stop()
        for camera in cameras.values():
            camera.close()


def _await_pictures(cameras: Sequence[Camera], patience_s: float) -> None:
    """Until each has given a picture, or is known not to be there."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        now_ns = time.monotonic_ns()
        if all(camera.health(now_ns).state is not CameraState.OPENING for camera in cameras):
            return
        time.sleep(POLL_S)


def _look(device: Device, camera: Camera | None) -> Look:
    """What a camera shows now; None: the device has no name to open it by."""
    if camera is None:
        return Look(
            device, CameraHealth(CameraState.LOST, math.nan), CameraAbout(device.found.kind)
        )
    now_ns = time.monotonic_ns()
    frame = camera.newest_arrived_before(now_ns)
    image = None if frame is None else frame.image.copy()
    return Look(device, camera.health(now_ns), camera.about(), image)


# ---- what there is to say ------------------------------------------------------------------------


def _faults(look: Look) -> Iterator[str]:
    if look.device.found.fault:
        yield look.device.found.fault
    if not look.is_live and look.device.found.identity:
        yield look.health.fault or "gave no picture"


def _doubts(look: Look) -> Iterator[str]:
    found, asked = look.device.found, look.device.config
    if found.modes and mode(asked) not in found.modes:
        yield f"does not offer {mode(asked)}"
    if look.is_live and look.health.rate_hz < SLOW_SHARE * asked.rate_hz:
        yield (
            f"gives {look.health.rate_hz:.1f} pictures a second and is asked for "
            f"{asked.rate_hz:g}: the other cameras on its USB, a long exposure, or all that it can"
        )
    if look.image is not None:
        stats = picture_stats(look.image)
        if stats.brightness < LIMITS.black_level:
            yield f"black (mean {stats.brightness:.0f} of 255): a lens cap, or no light"
        if stats.clipped > LIMITS.overexposed_share:
            yield (
                f"over-exposed ({stats.clipped:.0%} of the picture is white): less light, or a "
                "shorter exposure_us"
            )


def origin(identity: str) -> str:
    """What is special about where its pictures come from; "" for a device of this computer."""
    if is_loopback(identity):
        return "EMULATED or relayed: a program of this computer serves it; times are of arrival"
    if is_url(identity):
        return "over the network: times are of arrival"
    return ""
