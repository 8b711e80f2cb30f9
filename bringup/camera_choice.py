"""Which device is which camera: asked, or named by the operator, and what is then written."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bringup.camera_look import Look
from bringup.camera_search import identity_of, is_same, mode
from bringup.camera_tables import Changes
from bringup.errors import BringupError
from recorder.cameras.webcam_address import without_password
from recorder.config import CameraConfig
from teleop.config import nearest

NONE: Final = "-"
"""Says that the rig has no such camera."""

Choices = Mapping[str, Look | None]
"""By camera name, the device that it is; None: the rig has no such camera."""
Decision = Look | CameraConfig | None
"""A camera is this device; stays as it is; is taken out."""


def parse_assignments(given: Sequence[str]) -> dict[str, str]:
    """Identity by camera name, from ``NAME=IDENTITY`` each.

    Raises:
        BringupError: one is written otherwise, or a camera or device is named twice.
    """
    named: dict[str, str] = {}
    for text in given:
        name, equals, identity = (part.strip() for part in text.partition("="))
        if not (equals and name.isidentifier() and identity):
            raise BringupError(
                f"--assign takes NAME=SERIAL, NAME=PATH or NAME=URL (NAME={NONE}: no such camera), "
                f"not {text!r}."
            )
        if name in named:
            raise BringupError(f"--assign names {name} twice.")
        if identity != NONE and any(is_same(identity, other) for other in named.values()):
            raise BringupError(f"--assign gives {without_password(identity)} to two cameras.")
        named[name] = identity
    return named


def assigned(named: Mapping[str, str], looks: Sequence[Look]) -> dict[str, Look | None]:
    """The looks at the devices that were named.

    Raises:
        BringupError: one of them gave no picture.
    """
    choices: dict[str, Look | None] = {}
    for name, identity in named.items():
        if identity == NONE:
            choices[name] = None
            continue
        look = next(each for each in looks if is_same(identity, each.device.found.identity))
        if not look.is_live:
            why = "; ".join(look.problems()) or "it stopped giving pictures"
            raise BringupError(
                f"Nothing was written: {without_password(identity)} of {name}: {why}."
            )
        choices[name] = look
    return choices


def ask(
    cameras: Sequence[CameraConfig],
    looks: Sequence[Look],
    answer: Callable[[str], str],
    say: Callable[[str], None] = print,
) -> dict[str, Look | None]:
    """Go through the cameras of the rig file; those that stay as they are, are not in the answer.

    Raises:
        EOFError: from `answer`: nobody is there.
    """
    by_number = {str(look.device.number): look for look in looks if look.is_live}
    decisions: dict[str, Decision] = {}
    for camera in cameras:
        while camera.name not in decisions:
            said = answer(_question(camera, looks)).strip()
            try:
                decisions[camera.name] = _decision(said, camera, by_number, decisions)
            except ValueError as why:
                say(f"  {why}")
    return {name: d for name, d in decisions.items() if not isinstance(d, CameraConfig)}


def changes_of(choices: Choices, cameras: Sequence[CameraConfig]) -> Changes:
    """What to write: of each camera chosen for, its device and the size and rate it has.

    Raises:
        BringupError: two cameras would have one device, or one is taken out that is not there.
    """
    old = {camera.name: camera for camera in cameras}
    for name in (name for name, look in choices.items() if look is None and name not in old):
        raise BringupError(
            f"The rig file has no camera {name!r} to take out. {nearest(name, old)}."
        )
    changes = {
        name: None if look is None else _config(name, look, old.get(name))
        for name, look in choices.items()
    }
    _check_apart(changes, [camera for camera in cameras if camera.name not in changes])
    return {name: camera for name, camera in changes.items() if camera != old.get(name)}


def describe(changes: Changes, cameras: Sequence[CameraConfig]) -> list[str]:
    """What would be written, a line a camera."""
    old = {camera.name: _said(camera) for camera in cameras}
    return [
        f"{name}: {old.get(name, 'new')} -> {_said(camera) if camera else 'taken out'}"
        for name, camera in changes.items()
    ]


def _check_apart(changes: Changes, kept: Sequence[CameraConfig]) -> None:
    """That no camera gets a device that another one keeps."""
    for new in (camera for camera in changes.values() if camera is not None):
        for other in kept:
            if other.kind == new.kind and is_same(identity_of(other), identity_of(new)):
                raise BringupError(
                    f"{_shown(new)} is {other.name} in the rig file already: assign "
                    f"{other.name} another one, or {other.name}={NONE}; nothing was written."
                )


def _question(camera: CameraConfig, looks: Sequence[Look]) -> str:
    at = next((look.device.number for look in looks if look.device.camera == camera.name), None)
    now = f"{at}, {_shown(camera)}" if at else f"{_said(camera)}, not seen"
    return f"{camera.name} (now {now}): "


def _decision(
    said: str, camera: CameraConfig, by_number: Mapping[str, Look], before: Mapping[str, Decision]
) -> Decision:
    """What an answer means.

    Raises:
        ValueError: it cannot be; the text says why.
    """
    if said == NONE:
        return None
    if said and said not in by_number:
        listed = ", ".join(by_number)
        raise ValueError(f"{said!r} is none of {listed}; Enter leaves it, {NONE} takes it out.")
    decision = by_number[said] if said else camera
    identity = _identity(decision)
    for name, other in before.items():
        if identity and is_same(identity, _identity(other)):
            raise ValueError(f"{without_password(identity)} is {name} already.")
    return decision


def _identity(decision: Decision) -> str:
    """Of the device that a camera is to be; "" for none."""
    if isinstance(decision, Look):
        return decision.device.found.identity
    return identity_of(decision) if decision else ""


def _config(name: str, look: Look, old: CameraConfig | None) -> CameraConfig:
    """The camera on this device, with everything else as the rig file has it."""
    seen, modes = look.config, look.device.found.modes
    if old is None:
        return dataclasses.replace(seen, name=name)
    old = look.device.asked.applied(old)
    if mode(old) == mode(look.device.config) or (modes and mode(old) not in modes):
        old = dataclasses.replace(old, width=seen.width, height=seen.height, rate_hz=seen.rate_hz)
    if old.kind != seen.kind:  # in the units of the device: on another kind they mean another thing
        old = dataclasses.replace(old, gain=None, focus=None)
    identity = look.device.found.identity
    return dataclasses.replace(
        old,
        kind=seen.kind,
        serial=identity if seen.kind == "realsense" else "",
        device=identity if seen.kind == "webcam" else "",
    )


def _said(camera: CameraConfig) -> str:
    return f"{camera.kind} {_shown(camera)} {mode(camera)}".replace("  ", " ")


def _shown(camera: CameraConfig) -> str:
    return without_password(identity_of(camera))
