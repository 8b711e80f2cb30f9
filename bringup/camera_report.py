"""What `teleop cameras` has seen, for people and for programs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bringup.camera_look import Look, origin
from bringup.camera_search import identity_of, is_placeholder, mode
from recorder.cameras.webcam_address import without_password
from recorder.config import DEVICE_KINDS, CameraConfig


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was seen.

    Attributes:
        snapshots: files by the number of the device; those without a picture have none.
        sheet: all of them in one picture.
        notes: what could not be listed, a sentence each.
    """

    looks: Sequence[Look]
    snapshots: Mapping[int, Path]
    sheet: Path
    notes: Sequence[str] = ()

    def missing(self, cameras: Sequence[CameraConfig]) -> list[CameraConfig]:
        """The rig file's cameras whose device is not there."""
        there = {look.device.camera for look in self.looks}
        return [each for each in cameras if each.kind in DEVICE_KINDS and each.name not in there]


def describe(seen: Seen, cameras: Sequence[CameraConfig]) -> Iterator[str]:
    """All of it, as lines for people."""
    for look in seen.looks:
        yield from _described(look, seen.snapshots.get(look.device.number))
    for camera in seen.missing(cameras):
        yield _described_missing(camera)
    yield from seen.notes
    if seen.looks:
        yield f"All in one picture: {seen.sheet}"


def as_json(seen: Seen, cameras: Sequence[CameraConfig]) -> dict[str, Any]:
    """All of it for programs; null: not known."""
    return {
        "devices": [_as_json(look, seen.snapshots.get(look.device.number)) for look in seen.looks],
        "missing": [
            {
                "camera": each.name,
                "kind": each.kind,
                "identity": without_password(identity_of(each)),
            }
            for each in seen.missing(cameras)
        ],
        "notes": list(seen.notes),
        "sheet": str(seen.sheet) if seen.looks else None,
    }


def _described(look: Look, snapshot: Path | None) -> Iterator[str]:
    device, found = look.device, look.device.found
    name = f" = {device.camera}" if device.camera else ""
    about = [found.name or look.about.device, _told("firmware", found.firmware)]
    about += [_told("USB", found.usb), origin(found.identity)]
    listed = ", ".join(part for part in about if part)
    yield f"{device.number:2}  {device.label}{name}{': ' if listed else ''}{listed}"
    if found.modes:
        yield f"    offers {', '.join(_grouped(found.modes))}"
    if look.is_live:
        yield f"    {mode(device.config)}: {_rate(look)} while all are open; see {snapshot}"
    for problem in look.problems():
        yield f"    ! {problem}"


def _rate(look: Look) -> str:
    if math.isnan(look.health.rate_hz):
        return "too few pictures to tell its rate"
    return f"{look.health.rate_hz:.1f} pictures a second"


def _described_missing(camera: CameraConfig) -> str:
    identity = without_password(identity_of(camera))
    if is_placeholder(identity):
        return f"{camera.name} names no device yet ({identity or 'nothing'} stands for one)."
    return f"{camera.name} is not plugged in: {camera.kind} {identity}."


def _grouped(modes: Sequence[str]) -> list[str]:
    """Modes by size, e.g. "640x480@30/60"."""
    rates: dict[str, list[str]] = {}
    for each in modes:
        size, _, rate = each.partition("@")
        rates.setdefault(size, []).append(rate)
    return [f"{size}@{'/'.join(each)}" for size, each in rates.items()]


def _as_json(look: Look, snapshot: Path | None) -> dict[str, Any]:
    device, found = look.device, look.device.found
    rate_hz = look.health.rate_hz
    return {
        "number": device.number,
        "kind": found.kind,
        "identity": without_password(found.identity),
        "camera": device.camera or None,
        "name": found.name,
        "firmware": found.firmware,
        "usb": found.usb,
        "modes": list(found.modes),
        "origin": origin(found.identity),
        "live": look.is_live,
        "asked": mode(device.config),
        "rate_hz": None if math.isnan(rate_hz) else round(rate_hz, 2),
        "brightness": None if look.brightness is None else round(look.brightness, 1),
        "options": dict(look.about.options),
        "problems": look.problems(),
        "snapshot": None if snapshot is None else str(snapshot),
    }


def _told(what: str, value: str) -> str:
    return f"{what} {value}" if value else ""
