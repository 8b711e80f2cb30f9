"""A first rig file: the documented example with this rig's ports and line speeds filled in."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bringup.errors import BringupError
from bringup.search import Adapter
from session.config import RigFile
from session.paths import config_dir
from teleop.config import build, read_toml
from teleop.joints import BUS_NAMES, SIDES

TEMPLATE: Final = "aloha"
BACKUP: Final = ".bak"

_PREAMBLE: Final = """\
# This rig, as `teleop scan` found it on {today}; yours to edit. collect.py and teleop take it when
# no other is named. Ports are this rig's; all else is configs/rigs/{TEMPLATE}.toml until you change
# it: see to gripper, poses and the cameras' serial numbers before the first episode.

""".replace("{TEMPLATE}", TEMPLATE)

_HEADER: Final = re.compile(r"^\[", re.MULTILINE)
_COMMENTS_ABOVE: Final = re.compile(r"(?:^#.*\n)+\Z", re.MULTILINE)


def write_rig_file(path: Path, arms: Mapping[str, Adapter], *, replace: bool = False) -> RigFile:
    """Write `path`, whole or not at all; the file that was there stays as ``<path>.bak``.

    Args:
        arms: adapter by bus name; one pair or two.
        replace: allowed to take the place of a file.

    Raises:
        BringupError: there is one, or it cannot be written.
    """
    if path.exists() and not replace:
        raise BringupError(f"{path} is there already: --force writes a new one and keeps the old.")
    template = config_dir() / "rigs" / f"{TEMPLATE}.toml"
    text = fill(template.read_text(), arms)
    building = path.with_name(f".{path.name}.part")
    try:
        building.write_text(text)
        rig_file = build(RigFile, read_toml(building), str(path))
        if path.exists():
            os.replace(path, path.with_name(path.name + BACKUP))
        os.replace(building, path)
    except OSError as error:
        raise BringupError(
            f"Cannot write {path}: {error.strerror}; choose another with --rig."
        ) from error
    finally:
        building.unlink(missing_ok=True)
    return rig_file


def fill(template: str, arms: Mapping[str, Adapter]) -> str:
    """The text of the example for these arms: their ports and rates, without sides that are not.

    Tables of arms and wrist cameras of a side that this rig lacks are left out, with the comments
    right above them.
    """
    sides = {side for side in SIDES for bus in arms if bus.endswith(side)}
    _preamble, *tables = _tables(template)
    kept = [
        _filled(table, arms)
        for table in tables
        if not any(_is_of(table, side) for side in set(SIDES) - sides)
    ]
    today = datetime.now(UTC).date().isoformat()
    return _PREAMBLE.format(today=today) + "".join(kept)


def _tables(text: str) -> list[str]:
    """The text cut before each [header] and the comments right above it."""
    cuts = [0]
    for header in _HEADER.finditer(text):
        comments = _COMMENTS_ABOVE.search(text, 0, header.start())
        cuts.append(comments.start() if comments else header.start())
    return [text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def _value(table: str, key: str) -> str | None:
    found = re.search(rf'^{key}\s*=\s*"([^"]*)"', table, re.MULTILINE)
    return found.group(1) if found else None


def _is_arm(table: str) -> bool:
    return re.search(r"^\[\[rig\.arms\]\]", table, re.MULTILINE) is not None


def _is_of(table: str, side: str) -> bool:
    """Whether the table describes something that only exists on this side."""
    if _is_arm(table):
        return _value(table, "side") == side
    is_camera = re.search(r"^\[\[cameras\]\]", table, re.MULTILINE) is not None
    return is_camera and f"_{side}_" in (_value(table, "name") or "")


def _filled(table: str, arms: Mapping[str, Adapter]) -> str:
    bus = f"{_value(table, 'role')}_{_value(table, 'side')}"
    if not _is_arm(table) or bus not in BUS_NAMES:
        return table
    arm = arms[bus]
    port = arm.path.replace("\\", "\\\\").replace('"', '\\"')
    table = re.sub(r"^port\s*=.*$", lambda _: f'port = "{port}"', table, count=1, flags=re.M)
    return re.sub(r"^baud\s*=.*$", f"baud = {arm.baud}", table, count=1, flags=re.M)
