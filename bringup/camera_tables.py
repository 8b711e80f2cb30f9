"""The [[cameras]] of a rig file's text: some changed, taken out or added, all else as it was."""

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bringup.toml_text import (
    Scalar,
    is_table,
    literal,
    only_comments,
    tables,
    with_line_after,
    with_value,
    without_key,
)
from recorder.config import CameraConfig

CAMERAS: Final = "[[cameras]]"
IDENTITIES: Final = ("serial", "device")
"""The key that says which device it is; a camera has one of them at most."""

ALWAYS: Final = ("name", "kind", *IDENTITIES, "width", "height", "rate_hz")

Changes = Mapping[str, CameraConfig | None]
"""By camera name, what it is to be; None: it is taken out. Unknown names are new cameras."""


def changed(cameras: Sequence[CameraConfig], changes: Changes) -> tuple[CameraConfig, ...]:
    """The cameras after the changes: those that are there in their order, then the new ones."""
    old = {camera.name: camera for camera in cameras}
    both = old | dict(changes)
    return tuple(camera for camera in both.values() if camera is not None)


def edited(text: str, changes: Changes) -> str:
    """The text of a rig file after the changes.

    Only tables in the usual form are understood, one key a line: see that what comes out says what
    is meant before it is used.
    """
    parts = tables(text)
    left = dict(changes)
    last = len(parts) - 1
    for index, table in enumerate(parts):
        if not is_table(table, CAMERAS):
            continue
        last = index
        name = _keys(table).get("name")
        if name in left:
            parts[index] = _edited(table, left.pop(name))
    new = [_new_table(camera) for camera in left.values() if camera is not None]
    if new:
        parts[last] = "\n".join([parts[last].rstrip("\n") + "\n", *new]) + "\n"
    return "".join(parts)


def _keys(table: str) -> dict[str, Any]:
    """What the table of one camera says; a part of a TOML file is TOML as well."""
    try:
        found: list[dict[str, Any]] = tomllib.loads(table)["cameras"]
    except (tomllib.TOMLDecodeError, KeyError):
        return {}
    return found[0]


def _edited(table: str, camera: CameraConfig | None) -> str:
    """The camera's table, with only those lines touched that say something else."""
    if camera is None:
        return only_comments(table)
    keys, wanted = _keys(table), _values(camera)
    table, keys = _identity_renamed(table, keys, wanted)
    for key, old in keys.items():
        new = getattr(camera, key)
        if new in (None, ""):
            table = without_key(table, key)
        elif new != old:
            table = with_value(table, key, new)
    for key in reversed([key for key in wanted if key not in keys]):
        table = with_line_after(table, "kind", key, wanted[key])
    return table


def _identity_renamed(
    table: str, keys: dict[str, Any], wanted: Mapping[str, Scalar]
) -> tuple[str, dict[str, Any]]:
    """The table with the line of one identity turned into that of the other, where that changes."""
    old = next((key for key in IDENTITIES if key in keys), None)
    new = next((key for key in IDENTITIES if key in wanted), None)
    if old is None or new is None or old == new:
        return table, keys
    table = with_value(table, old, wanted[new], name=new)
    return table, _keys(table)


def _new_table(camera: CameraConfig) -> str:
    """In the order of the example, with size and rate even where they are as without."""
    said = {key: value for key in ALWAYS if (value := getattr(camera, key)) != ""}
    values: dict[str, Scalar] = said | _values(camera)
    return "\n".join([CAMERAS, *(f"{k} = {literal(value)}" for k, value in values.items()), ""])


def _values(camera: CameraConfig) -> dict[str, Scalar]:
    """What has to be said of a camera: all that has no default, or another value."""
    return {
        field.name: value
        for field in dataclasses.fields(CameraConfig)
        if (value := getattr(camera, field.name)) != field.default
    }
