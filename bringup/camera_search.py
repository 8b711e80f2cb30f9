"""Which cameras there are: plugged in, or named by the rig file or the operator besides."""

import dataclasses
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bringup.errors import BringupError
from recorder.cameras.found import FoundCamera
from recorder.cameras.webcam_address import is_url, without_password
from recorder.config import DEVICE_KINDS, CameraConfig, CameraKind
from recorder.errors import CameraError

V4L: Final = Path("/dev/v4l")
CHANGING_NAME: Final = "/dev/video"
USUAL_RATE_HZ: Final = 60.0
"""What a device is asked for where no rig file says otherwise: RealSense and most webcams have it
at 640x480, and each tick of 50 Hz then has a new picture."""
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_PLACEHOLDER: Final = re.compile(r"0{8}\d{4}|")


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """The devices found; `notes`: why those of a kind could not be listed, a sentence each."""

    found: tuple[FoundCamera, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Size and rate that the operator wants of every device; None: as the rig file says."""

    size: tuple[int, int] | None = None
    rate_hz: float | None = None

    def applied(self, config: CameraConfig) -> CameraConfig:
        """The configuration with what was asked for."""
        width, height = self.size or (config.width, config.height)
        rate_hz = self.rate_hz or config.rate_hz
        return dataclasses.replace(config, width=width, height=height, rate_hz=rate_hz)


@dataclass(frozen=True, slots=True)
class Device:
    """One device to look at.

    Attributes:
        number: what the operator calls it, from 1.
        config: what it is opened with.
        camera: the camera of the rig file that it is; "" if none.
        asked: what of its size and rate the operator has asked for.
    """

    number: int
    found: FoundCamera
    config: CameraConfig
    camera: str = ""
    asked: Asked = Asked()

    @property
    def label(self) -> str:
        """Kind and identity, for people."""
        return f"{self.found.kind} {without_password(self.found.identity)}"


def plugged_in(
    kinds: Sequence[CameraKind] = DEVICE_KINDS, v4l: Path = V4L, context: Any = None
) -> PluggedIn:
    """Every device of these kinds that the computer knows of, by kind and name; none is opened.

    Args:
        context: a `pyrealsense2.context`, None: of the computer's own devices.
    """
    found: list[FoundCamera] = []
    notes: list[str] = []
    for kind in kinds:
        try:
            listed = _realsense(context) if kind == "realsense" else _webcams(v4l)
            found += sorted(listed, key=lambda each: each.identity)
        except CameraError as error:
            notes.append(f"{kind} cameras cannot be listed: {error}")
    return PluggedIn(tuple(found), tuple(notes))


def _realsense(context: Any) -> list[FoundCamera]:
    from recorder.cameras.realsense import list_realsense

    return list_realsense(context)


def _webcams(v4l: Path) -> list[FoundCamera]:
    from recorder.cameras.webcam import list_webcams

    return list_webcams(v4l)


# ---- names ---------------------------------------------------------------------------------------


def identity_of(camera: CameraConfig) -> str:
    """What names the camera's device; "" where its kind has none, or nothing is said."""
    return camera.serial or camera.device


def is_placeholder(identity: str) -> bool:
    """Whether it names no device: left out, or one of the example's serial numbers."""
    return _PLACEHOLDER.fullmatch(identity) is not None


def is_loopback(identity: str) -> bool:
    """Whether a program of this computer serves them: an emulated camera, or a relay."""
    return is_url(identity) and urlsplit(identity).hostname in LOOPBACK


def is_same(one: str, other: str) -> bool:
    """Whether two names are one device; links are followed."""
    both_paths = one.startswith("/") and other.startswith("/")
    return one == other or (both_paths and os.path.realpath(one) == os.path.realpath(other))


def named(identity: str) -> FoundCamera:
    """The device of this name that no listing has.

    Raises:
        BringupError: there is none.
    """
    if is_url(identity) or (identity.startswith("/") and os.path.exists(identity)):
        return FoundCamera("webcam", identity)
    what = "There is no" if identity.startswith("/") else "No RealSense is plugged in with serial"
    raise BringupError(
        f"{what} {identity or '(nothing)'}: teleop cameras --no-write lists what is there."
    )


# ---- what to look at -----------------------------------------------------------------------------


def gather(
    found: Sequence[FoundCamera],
    cameras: Sequence[CameraConfig],
    extra: Sequence[str] = (),
    asked: Asked | None = None,
) -> list[Device]:
    """All devices to look at, numbered: those found, then those that only have been named.

    A webcam is called by the name that it has been given, if that is one that stays.

    Args:
        cameras: the rig file's. Their devices are asked for what stands there, other devices for
            what the first camera of their kind is asked for, or the nearest that they offer.
        extra: names of devices besides.

    Raises:
        BringupError: there is no device of one of these names.
    """
    everything = list(found)
    for identity in [*(identity_of(each) for each in cameras if _is_reachable(each)), *extra]:
        at = next((n for n, e in enumerate(everything) if is_same(identity, e.identity)), None)
        if at is None:
            everything.append(named(identity))
        elif not identity.startswith(CHANGING_NAME):
            everything[at] = dataclasses.replace(everything[at], identity=identity)
    return [_device(n, each, cameras, asked or Asked()) for n, each in enumerate(everything, 1)]


def camera_of(found: FoundCamera, cameras: Sequence[CameraConfig]) -> CameraConfig | None:
    """The camera of the rig file that this device is."""
    return next(
        (
            camera
            for camera in cameras
            if camera.kind == found.kind and is_same(identity_of(camera), found.identity)
        ),
        None,
    )


def mode(camera: CameraConfig) -> str:
    """Size and rate as `FoundCamera.modes` has them."""
    return f"{camera.width}x{camera.height}@{camera.rate_hz:g}"


def _is_reachable(camera: CameraConfig) -> bool:
    """Whether it may be there without being listed."""
    return is_url(camera.device) or (camera.device != "" and os.path.exists(camera.device))


def _device(
    number: int, found: FoundCamera, cameras: Sequence[CameraConfig], asked: Asked
) -> Device:
    camera = camera_of(found, cameras)
    if camera is not None:
        return Device(number, found, asked.applied(camera), camera.name, asked)
    alike = [each for each in cameras if each.kind == found.kind]
    usual = alike[0] if alike else CameraConfig("any", "pattern", rate_hz=USUAL_RATE_HZ)
    config = CameraConfig(
        name=f"device_{number}",
        kind=found.kind,
        width=usual.width,
        height=usual.height,
        rate_hz=usual.rate_hz,
        serial=found.identity if found.kind == "realsense" else "",
        device=found.identity if found.kind == "webcam" else "",
    )
    return Device(number, found, fitted(asked.applied(config), found.modes), asked=asked)


def fitted(config: CameraConfig, modes: Sequence[str]) -> CameraConfig:
    """The configuration in a mode that is offered: the nearest size, then the nearest rate that is
    not slower, or else the fastest. As it was where the modes are not known."""
    offered = [size_and_rate for each in modes if (size_and_rate := parsed_mode(each))]
    if not offered or mode(config) in modes:
        return config
    width, height, rate_hz = min(
        offered,
        key=lambda each: (
            abs(each[0] - config.width) + abs(each[1] - config.height),
            each[2] < config.rate_hz,
            abs(each[2] - config.rate_hz),
        ),
    )
    return dataclasses.replace(config, width=width, height=height, rate_hz=rate_hz)


def parsed_mode(text: str) -> tuple[int, int, float] | None:
    """Width, height and rate of one of `FoundCamera.modes`; None: it is written otherwise."""
    match = re.fullmatch(r"(\d+)x(\d+)@([\d.]+)", text)
    return (int(match[1]), int(match[2]), float(match[3])) if match else None
