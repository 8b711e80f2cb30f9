"""The rig file: a first one from the documented example, and its cameras when they are known.

Both are edits of text, so that comments stay. What comes out is built as a `RigFile` before it
takes the file's place, whole or not at all; the file that was there stays as ``<path>.bak``.
"""

import re
import shutil
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bringup.camera_tables import CAMERAS, Changes, changed, edited
from bringup.errors import BringupError
from bringup.search import USUAL_BAUD, Adapter
from bringup.toml_text import is_table, tables, with_value
from recorder.config import CameraConfig
from recorder.episode.publish import write_atomically
from session.config import RigFile
from session.paths import config_dir
from teleop.config import ConfigError, build, read_toml
from teleop.joints import BUS_NAMES, SIDES

TEMPLATE: Final = "aloha"
BACKUP: Final = ".bak"
ARMS: Final = "[[rig.arms]]"

_PREAMBLE: Final = """\
# This rig, as `teleop scan` found it on {today}; yours to edit. collect.py and teleop take it when
# no other is named. Ports are this rig's; all else is configs/rigs/{TEMPLATE}.toml until you change
# it: see to gripper and poses before the first episode; `teleop cameras` writes the cameras.

""".replace("{TEMPLATE}", TEMPLATE)


def write_rig_file(path: Path, arms: Mapping[str, Adapter], *, replace: bool = False) -> RigFile:
    """Write a first rig file.

    Args:
        arms: adapter by bus name; one pair or two.
        replace: allowed to take the place of a file.

    Raises:
        BringupError: there is one, or it cannot be written.
    """
    if path.exists() and not replace:
        raise BringupError(f"{path} is there already: --force writes a new one and keeps the old.")
    text = fill((config_dir() / "rigs" / f"{TEMPLATE}.toml").read_text(encoding="utf-8"), arms)
    rig_file = build(RigFile, tomllib.loads(text), str(path))
    _replace(path, text)
    return rig_file


def write_cameras(path: Path, changes: Changes) -> RigFile:
    """Write cameras into a rig file, and leave everything else in it as it is.

    That no two of them have one device is for the caller to see to.

    Raises:
        ConfigError: there is no such file, or it is wrong already.
        BringupError: no camera would be left, the text is written so that it cannot be edited
            safely, or not at all.
    """
    old = read_toml(path)
    wanted = changed(build(RigFile, old, str(path)).cameras, changes)
    if not wanted:
        raise BringupError("A rig has at least one camera: nothing was written.")
    text = edited(path.read_text(encoding="utf-8"), changes)
    after = _understood(text, old, wanted)
    if after is None:
        raise BringupError(
            f"The {CAMERAS} of {path} are written in a way that is not understood here: nothing "
            f"was written; write them as in configs/rigs/{TEMPLATE}.toml, or edit them by hand."
        )
    _replace(path, text)
    return after


def fill(template: str, arms: Mapping[str, Adapter]) -> str:
    """The text of the example for these arms: their ports and rates, without sides that are not.

    Tables of arms and wrist cameras of a side that this rig lacks are left out, with the comments
    right above them.
    """
    sides = {side for side in SIDES for bus in arms if bus.endswith(side)}
    _preamble, *all_tables = tables(template)
    kept = [
        _filled(table, arms)
        for table in all_tables
        if not any(_is_of(table, side) for side in set(SIDES) - sides)
    ]
    today = datetime.now(UTC).date().isoformat()
    return _PREAMBLE.format(today=today) + "".join(kept)


def _understood(
    text: str, old: dict[str, Any], cameras: tuple[CameraConfig, ...]
) -> RigFile | None:
    """The rig of an edited text; None if anything but these cameras has come of it."""
    try:
        new = tomllib.loads(text)
        rig_file = build(RigFile, new, "")
    except (tomllib.TOMLDecodeError, ConfigError):
        return None
    same = rig_file.cameras == cameras and new | {"cameras": None} == old | {"cameras": None}
    return rig_file if same else None


def _replace(path: Path, text: str) -> None:
    """Give the file this text; the old one is kept beside it, and there is always one."""
    try:
        text.encode()
        if path.exists():
            shutil.copy2(path, path.with_name(path.name + BACKUP))
        write_atomically(path, text)
    except UnicodeEncodeError as error:
        raise BringupError(
            f"Cannot write {path}: the name {error.object[error.start - 20 : error.end]!r} is not "
            "UTF-8; name the device otherwise."
        ) from error
    except OSError as error:
        raise BringupError(
            f"Cannot write {path}: {error.strerror}; choose another with --rig."
        ) from error


def _value(table: str, key: str) -> str | None:
    found = re.search(rf'^{key}\s*=\s*"([^"]*)"', table, re.MULTILINE)
    return found.group(1) if found else None


def _is_of(table: str, side: str) -> bool:
    """Whether the table describes something that only exists on this side."""
    if is_table(table, ARMS):
        return _value(table, "side") == side
    return is_table(table, CAMERAS) and f"_{side}_" in (_value(table, "name") or "")


def _filled(table: str, arms: Mapping[str, Adapter]) -> str:
    bus = f"{_value(table, 'role')}_{_value(table, 'side')}"
    if not is_table(table, ARMS) or bus not in BUS_NAMES:
        return table
    arm = arms[bus]
    return with_value(with_value(table, "port", arm.path), "baud", arm.baud or USUAL_BAUD)
