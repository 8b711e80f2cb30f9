"""`teleop doctor`: everything that ruins a session, and how to mend it. `--fix` mends what is safe.

Reads only, unless `--fix` is given; that shows what it would write, asks, writes and verifies.
"""

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bringup import usb
from bringup.arm_state import find_strays, opened_arms
from bringup.camera_checks import check_cameras
from bringup.camera_search import V4L
from bringup.computer_checks import check_computer
from bringup.errors import BringupError
from bringup.findings import KINDS, SEVERITIES, Finding
from bringup.fixes import AddressFix, FileFix, Fix, Workshop
from bringup.history_checks import check_calibration, check_last_session
from bringup.port_checks import PROC, check_ports, check_usb
from bringup.search import known_bauds
from bringup.servo_checks import check_arm
from session.calibration import load_calibration
from session.config import RigFile, TaskConfig, find_rig, load_rig, load_task
from session.last_session import load as load_last_session
from session.paths import config_dir, datasets_dir

ROUNDS: Final = 3
"""A servo that is found again may need more: --fix looks again after it has mended something."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `teleop doctor`."""
    parser.add_argument(
        "--rig", metavar="FILE", help="the rig (default: rig.toml beside collect.py)"
    )
    parser.add_argument("--fix", action="store_true", help="mend what can be, after showing it")
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask")
    parser.add_argument("--task", metavar="NAME", help="is there room for this task's episodes?")
    parser.add_argument("--episodes", type=int, metavar="N", help="how many (default: the task's)")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder of the datasets (default: datasets/)"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    for name, default in (("sysfs", usb.SYSFS), ("proc", PROC), ("v4l", V4L)):
        parser.add_argument(f"--{name}", type=Path, default=default, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Entry of `teleop doctor`: 0 if there is no problem, else 1."""
    if options.json and options.fix:
        raise BringupError("--json only looks: leave out --fix.")
    path = find_rig(options.rig)
    rig_file = load_rig(path)
    if rig_file.rig.simulated:
        raise BringupError(
            f"Rig {rig_file.rig.name!r} is a simulated one and is always well: write rig.toml with "
            "teleop scan, or name a rig with --rig."
        )
    findings = examine(path, rig_file, options)
    if options.json:
        print(json.dumps([each.as_json() for each in findings], indent=1))
    else:
        emulated = ", EMULATED ARMS" if rig_file.emulated else ""
        print(f"teleop doctor: rig {rig_file.rig.name} ({path}){emulated}")
        report(findings)
        if options.fix:
            findings = _mend(path, rig_file, options, findings)
    return int(any(each.severity == "problem" for each in findings))


def examine(path: Path, rig_file: RigFile, options: argparse.Namespace) -> list[Finding]:
    """All findings, the worst first."""
    rig = rig_file.rig
    with opened_arms(rig) as arms:
        findings = list(check_ports(arms, options.sysfs, options.proc))
    find_strays(arms, known_bauds())
    findings += check_usb(arms, options.sysfs)
    findings += check_cameras(rig_file.cameras, options.sysfs, options.v4l)
    for arm in arms.values():
        if arm.error is None and not arm.lost:
            findings += check_arm(arm, rig)
    findings += check_calibration(arms, load_calibration(path))
    findings += check_last_session(arms, load_last_session(path))
    findings += check_computer(
        _tasks(options.task),
        options.episodes,
        rig_file.cameras,
        options.out or datasets_dir(),
        chosen=options.task is not None,
        proc_self=options.proc / "self",
    )
    kinds = list(KINDS)
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), kinds.index(f.kind)))


def report(findings: Sequence[Finding]) -> None:
    """Tell people."""
    for (severity, kind), group in itertools.groupby(findings, lambda f: (f.severity, f.kind)):
        print(f"\n{severity.upper()} {kind}")
        listed = list(group)
        for each in listed:
            print(f"  {each.where} {each.what}.")
        print(f"  -> {listed[0].mend} ({listed[0].anchor})")
    counts = [
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in SEVERITIES
        if (number := sum(each.severity == severity for each in findings))
    ]
    print(f"\n{', '.join(counts) or 'All is well'}.", flush=True)


def _tasks(name: str | None) -> list[TaskConfig]:
    """The task, or all."""
    if name is not None:
        return [load_task(name)]
    return [load_task(str(path)) for path in sorted((config_dir() / "tasks").glob("*.toml"))]


# ---- --fix -------------------------------------------------------------------------------------


def _mend(
    path: Path, rig_file: RigFile, options: argparse.Namespace, findings: list[Finding]
) -> list[Finding]:
    """Mend and look again, until there is nothing more to mend; the findings that remain."""
    for _ in range(ROUNDS):
        fixes = [fix for each in findings for fix in each.fixes]
        if not fixes:
            print("There is nothing that --fix could mend.")
            break
        print("\n--fix would write:")
        for fix in fixes:
            print(f"  {fix}")
        if not (options.yes or _agreed()):
            print("Nothing was written.")
            break
        mended = _apply(rig_file, fixes)
        print("\nLooking again ...")
        findings = examine(path, rig_file, options)
        report(findings)
        if not mended or not any(each.fixes for each in findings):
            break
    return findings


def _agreed() -> bool:
    try:
        return input("Write this? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _apply(rig_file: RigFile, fixes: Sequence[Fix]) -> int:
    """Do what can be done; how many were."""
    arms = {arm.name: (arm.port, arm.baud) for arm in rig_file.rig.arms}
    workshop = Workshop(arms)
    mended = 0
    stopped: set[str] = set()
    try:
        for fix in fixes:
            if not isinstance(fix, FileFix) and fix.bus in stopped:
                print(f"  left out after that: {fix}")
                continue
            try:
                fix.apply(workshop)
            except BringupError as error:
                print(f"  failed: {error}")
                if isinstance(fix, AddressFix):  # where one got lost the next would, too
                    stopped.add(fix.bus)
            else:
                print(f"  done: {fix}")
                mended += 1
    finally:
        workshop.close()
    return mended
