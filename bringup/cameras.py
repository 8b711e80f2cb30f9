"""`teleop cameras`: which cameras are there, a picture and the real rate of each, which is which.

All are opened at once, as in a session. Only the [[cameras]] of the rig file are ever written.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bringup.camera_choice import (
    NONE,
    Choices,
    ask,
    assigned,
    changes_of,
    parse_assignments,
)
from bringup.camera_choice import describe as describe_changes
from bringup.camera_look import WATCH_S, Look, look_at
from bringup.camera_report import Seen, as_json, describe
from bringup.camera_search import V4L, Asked, gather, identity_of, is_same, plugged_in
from bringup.camera_sheet import SHEET, make_folder, write_snapshots
from bringup.camera_tables import Changes
from bringup.errors import BringupError
from bringup.rig_file import BACKUP, write_cameras
from recorder.config import DEVICE_KINDS, CameraConfig
from session.config import find_rig, load_rig
from session.paths import config_dir, own_rig

SNAPSHOTS: Final = Path("camera_snapshots")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `teleop cameras`."""
    parser.add_argument(
        "--rig", metavar="FILE", help="the rig (default: rig.toml beside collect.py)"
    )
    parser.add_argument(
        "--assign",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=DEVICE",
        help="this camera is the RealSense of this serial number, or the webcam of this path or "
        f"URL ({NONE}: there is none); written without a question",
    )
    parser.add_argument(
        "--snapshots",
        type=Path,
        default=SNAPSHOTS,
        metavar="FOLDER",
        help=f"where to put the pictures (default: {SNAPSHOTS}/)",
    )
    parser.add_argument("--size", type=_size, metavar="WxH", help="ask every device for this size")
    parser.add_argument(
        "--rate", type=_rate, metavar="HZ", help="and for so many pictures a second"
    )
    parser.add_argument("--no-write", action="store_true", help="only look")
    parser.add_argument("--json", action="store_true", help="only look, and print JSON")
    parser.add_argument("--v4l", type=Path, default=V4L, help=argparse.SUPPRESS)
    parser.add_argument("--watch", type=float, default=WATCH_S, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Entry of `teleop cameras`: 0 if every camera of the rig file, or of none every one that was
    found, gives pictures; else 1."""
    named = parse_assignments(options.assign)
    path, cameras = _rig(options.rig)
    writes = not (options.no_write or options.json)
    if writes:
        _check_writable(path, named=bool(named))
    seen = _seen(options, cameras, [each for each in named.values() if each != NONE])
    if options.json:
        print(json.dumps(as_json(seen, cameras), indent=1))
        return _status(cameras, seen.looks)
    print("\n".join(describe(seen, cameras)), flush=True)
    if not seen.looks:
        raise BringupError(
            "No camera is plugged in: connect them, or name a webcam's path or URL with --assign."
        )
    if writes:
        choices = assigned(named, seen.looks) if named else None
        cameras = _write(path, cameras, seen.looks, choices)
    return _status(cameras, seen.looks)


def _seen(
    options: argparse.Namespace, cameras: Sequence[CameraConfig], extra: Sequence[str]
) -> Seen:
    """Find the devices, look at them and write the snapshots."""
    make_folder(options.snapshots)
    there = plugged_in(v4l=options.v4l)
    devices = gather(there.found, cameras, extra, Asked(options.size, options.rate))
    if devices:
        _note(f"Opening {len(devices)} camera(s), and watching all of them for some seconds ...")
    looks = look_at(devices, watch_s=options.watch)
    snapshots = write_snapshots(looks, options.snapshots) if looks else {}
    return Seen(tuple(looks), snapshots, options.snapshots / SHEET, there.notes)


def _rig(name: str | None) -> tuple[Path | None, tuple[CameraConfig, ...]]:
    """The rig file and its cameras; None: there is none yet."""
    if name is None and own_rig() is None:
        return None, ()
    path = find_rig(name)
    rig_file = load_rig(path)
    if rig_file.rig.simulated:
        raise BringupError(
            f"Rig {rig_file.rig.name!r} is a simulated one: write rig.toml with teleop scan, or "
            "name a rig with --rig."
        )
    return path, rig_file.cameras


def _check_writable(path: Path | None, *, named: bool) -> None:
    """That there is a file for what is found out.

    Raises:
        BringupError: it is one of ours, or there is none for what the operator has `named`.
    """
    if path is None and named:
        raise BringupError("There is no rig.toml yet: run teleop scan, or name a rig with --rig.")
    if path is not None and path.resolve().is_relative_to(config_dir().resolve()):
        raise BringupError(
            f"{path} is an example and stays as it is: name your own with --rig, or only look with "
            "--no-write."
        )


def _write(
    path: Path | None,
    cameras: tuple[CameraConfig, ...],
    looks: Sequence[Look],
    choices: Choices | None,
) -> tuple[CameraConfig, ...]:
    """Ask which is which unless it has been said, and write it; the cameras as they then are."""
    if path is None:
        print("There is no rig.toml yet: teleop scan writes it, then run teleop cameras again.")
        return cameras
    try:
        changes = changes_of(_asked(cameras, looks) if choices is None else choices, cameras)
        agreed = not changes or _agreed(path, changes, cameras, ask_first=choices is None)
    except EOFError:  # nobody is there to answer
        print()
        agreed = False
    if not agreed:
        print("Nothing was written.")
        return cameras
    if not changes:
        print(f"{path} stays as it is.")
        return cameras
    after = write_cameras(path, changes).cameras
    print(f"Wrote {path}; the old one is {path.name}{BACKUP}.")
    print("Next: teleop doctor.")
    return after


def _asked(cameras: Sequence[CameraConfig], looks: Sequence[Look]) -> Choices:
    print(
        "Which device is which camera? Answer with its number; Enter leaves the camera as it is, "
        f"{NONE} takes it out of the rig."
    )
    return ask(cameras, looks, input)


def _agreed(
    path: Path, changes: Changes, cameras: Sequence[CameraConfig], *, ask_first: bool
) -> bool:
    """Show what would be written; whether it may be."""
    print(f"In {path}:\n  " + "\n  ".join(describe_changes(changes, cameras)), flush=True)
    return not ask_first or input("Write this? [y/N] ").strip().lower() in ("y", "yes")


def _status(cameras: Sequence[CameraConfig], looks: Sequence[Look]) -> int:
    live = [look.device.found.identity for look in looks if look.is_live]
    wanted = [identity_of(each) for each in cameras if each.kind in DEVICE_KINDS]
    if not cameras:
        wanted = [look.device.found.identity for look in looks]
    return int(not all(any(is_same(each, other) for other in live) for each in wanted))


def _size(text: str) -> tuple[int, int]:
    """The argument of --size."""
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 640x480")
    return int(match[1]), int(match[2])


def _rate(text: str) -> float:
    """The argument of --rate."""
    try:
        rate_hz = float(text)
    except ValueError:
        rate_hz = 0.0
    if not 0.1 <= rate_hz <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate in Hz, 0.1-1000")
    return rate_hz


def _note(text: str) -> None:
    """For the operator, apart from what a program may read."""
    print(text, file=sys.stderr, flush=True)
