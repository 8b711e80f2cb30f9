"""Checks of the rig file's cameras: is each one named, there, and to be had as it is asked for.

Devices are listed, not opened; only a URL is asked for one picture, since nothing else says that
somebody is there.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bringup import usb
from bringup.camera_look import origin
from bringup.camera_search import (
    CHANGING_NAME,
    V4L,
    PluggedIn,
    identity_of,
    is_placeholder,
    is_same,
    mode,
    plugged_in,
)
from bringup.findings import Finding, finding
from recorder.cameras.found import FoundCamera
from recorder.cameras.opening import source_of
from recorder.cameras.webcam_address import is_url, without_password
from recorder.config import DEVICE_KINDS, CameraConfig
from recorder.errors import CameraError

URL_PATIENCE_S: Final = 2.0

Findings = Iterator[Finding]


def check_cameras(
    cameras: Sequence[CameraConfig], sysfs: Path = usb.SYSFS, v4l: Path = V4L
) -> Findings:
    """Every camera that has a device. Kinds that the rig does not have are not asked for."""
    kinds = [kind for kind in DEVICE_KINDS if any(camera.kind == kind for camera in cameras)]
    there = plugged_in(kinds, v4l)
    for note in there.notes:
        yield finding("camera-list", "This computer:", note.rstrip("."))
    for found in there.found:
        if not found.identity:
            yield finding("camera-refused", f"A {found.kind} camera:", found.fault.rstrip("."))
    if "realsense" in kinds and not there.notes:
        yield from _check_seen(there, sysfs)
    for camera in cameras:
        if camera.kind not in DEVICE_KINDS:
            continue
        if is_placeholder(identity_of(camera)):
            yield _unnamed(camera)
        elif is_url(camera.device):
            yield from _check_url(camera)
        elif camera.kind == "webcam" or not there.notes:
            yield from _check_device(camera, there)


def _unnamed(camera: CameraConfig) -> Finding:
    if camera.kind == "realsense" and not camera.serial:
        what = "names no device: it is whichever RealSense is there, if that is one"
        return finding("camera-unnamed", camera.name, what, severity="warning")
    what = f"names no device yet ({identity_of(camera) or 'nothing'} stands for one)"
    return finding("camera-unnamed", camera.name, what)


def _check_seen(there: PluggedIn, sysfs: Path) -> Findings:
    """Whether the SDK sees every RealSense that the kernel sees."""
    on_usb = [each.name for each in usb.cameras(sysfs) if each.is_realsense]
    seen = sum(each.kind == "realsense" for each in there.found)
    if seen < len(on_usb):
        what = f"{len(on_usb)} plugged in (USB {', '.join(on_usb)}), and {seen} may be used by you"
        yield finding("camera-refused", "RealSense cameras:", what)


def _check_url(camera: CameraConfig) -> Findings:
    where = _where(camera)
    source = source_of(camera)
    try:
        source.open()
        if source.read(URL_PATIENCE_S) is None:
            yield finding("camera-missing", where, f"gives no picture in {URL_PATIENCE_S:g} s")
    except CameraError as error:
        yield finding("camera-missing", where, f"cannot be opened: {error}".rstrip("."))
    finally:
        source.close()
    yield finding("camera-url", where, f"is {origin(camera.device)}")


def _check_device(camera: CameraConfig, there: PluggedIn) -> Findings:
    where, identity = _where(camera), identity_of(camera)
    if identity.startswith(CHANGING_NAME):
        yield finding("camera-name", where, "has a name that changes with the order of plugging")
    found = next(
        (e for e in there.found if e.kind == camera.kind and is_same(e.identity, identity)), None
    )
    if found is None and not os.path.exists(camera.device):
        yield finding("camera-missing", where, "is not plugged in")
    elif camera.device and not os.access(camera.device, os.R_OK | os.W_OK):
        yield finding("camera-refused", where, "may not be opened by you")
    elif found is not None:
        yield from _check_found(camera, found)


def _check_found(camera: CameraConfig, found: FoundCamera) -> Findings:
    if found.fault:
        yield finding(
            "camera-refused", _where(camera), f"cannot be used: {found.fault}".rstrip(".")
        )
    if found.modes and mode(camera) not in found.modes:
        yield finding("camera-mode", _where(camera), f"does not offer {mode(camera)}")


def _where(camera: CameraConfig) -> str:
    return f"{camera.name} ({camera.kind} {without_password(identity_of(camera))})"
