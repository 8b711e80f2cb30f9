"""`teleop scan`: adapters, servos, which arm is which, and a first rig file. Changes no servo."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bringup.ask import BROADCAST_WINDOW_S
from bringup.errors import BringupError
from bringup.identify import assign
from bringup.rig_file import BACKUP, write_rig_file
from bringup.search import Adapter, find_ports, known_bauds, search
from session.paths import own_rig_path
from teleop.bus import SERVO_IDS
from teleop.joints import BUS_NAMES
from teleop.registers import BAUD_RATES

MOVE_PATIENCE_S: Final = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `teleop scan`."""
    parser.add_argument(
        "--ports",
        nargs="+",
        default=[],
        metavar="GLOB",
        help="ports to search (default: all USB serial adapters)",
    )
    parser.add_argument(
        "--bauds", nargs="+", type=int, metavar="BAUD", help="line speeds to try (default: all)"
    )
    for bus in BUS_NAMES:
        role, side = bus.split("_")
        parser.add_argument(
            f"--{side}-{role}", metavar="PORT", help=f"the {side} {role}'s port: no question asked"
        )
    parser.add_argument("--rig", type=Path, metavar="FILE", help="what to write (default rig.toml)")
    parser.add_argument(
        "--force", action="store_true", help="replace FILE; the old is kept as .bak"
    )
    parser.add_argument("--no-write", action="store_true", help="only look")
    parser.add_argument("--json", action="store_true", help="only look, and print JSON")
    parser.add_argument(
        "--patience", type=float, default=MOVE_PATIENCE_S, metavar="S", help=argparse.SUPPRESS
    )


def run(options: argparse.Namespace) -> int:
    """Entry of `teleop scan`; returns the exit status."""
    paths = find_ports(options.ports)
    bauds = options.bauds or known_bauds()
    _check_bauds(bauds)
    _note(
        f"Searching {len(paths)} port(s) at {len(bauds)} line speed(s), "
        f"about {len(bauds) * BROADCAST_WINDOW_S:.0f} s ..."
    )
    adapters = search(paths, bauds)
    if options.json:
        print(json.dumps([_as_json(adapter) for adapter in adapters], indent=1))
        return 0
    for adapter in adapters:
        print("\n".join(describe(adapter)))
    if all(adapter.error for adapter in adapters):
        raise BringupError("No port could be searched: the reasons stand above.")
    if not any(adapter.servos for adapter in adapters):
        raise BringupError(
            "No servo answered on any port: switch the arms' power on, and check that each adapter "
            "is wired to its arm."
        )
    path = options.rig or own_rig_path()
    if options.no_write:
        return 0
    if path.exists() and not options.force:
        print(f"{path} is there already and stays: --force writes a new one and keeps the old.")
        return 0
    return _write(adapters, path, options)


def _write(adapters: Sequence[Adapter], path: Path, options: argparse.Namespace) -> int:
    named = {}
    for bus in BUS_NAMES:
        role, side = bus.split("_")
        port = getattr(options, f"{side}_{role}")
        if port is not None:
            named[bus] = port
    arms = assign(adapters, named, lambda text: print(text, flush=True), options.patience)
    replaced = path.exists()
    write_rig_file(path, arms, replace=options.force)
    for bus in (bus for bus in BUS_NAMES if bus in arms):
        print(f"{bus}: {arms[bus].path} at {arms[bus].baud}")
    print(f"Wrote {path}" + (f"; the old one is {path.name}{BACKUP}." if replaced else "."))
    print("Next: teleop cameras, teleop doctor, then teleop calibrate.")
    return 0


def describe(adapter: Adapter) -> list[str]:
    """What was found on one adapter, as lines for people."""
    where = adapter.path if adapter.path == adapter.device else f"{adapter.path} ({adapter.device})"
    what = f"looks like a {adapter.role}" if adapter.role else "no arm by its models"
    lines = [f"{where}: {what}{', EMULATED' if adapter.emulated else ''}"]
    if adapter.error is not None:
        return [f"{where}: {adapter.error}"]
    for servo in sorted(adapter.servos, key=lambda each: (each.servo_id, each.baud)):
        lines.append(
            f"  {servo.servo_id:3}  {servo.name:12} firmware {servo.firmware:3}  {servo.baud} baud"
        )
    lines += [f"  {_garbled(baud, servo_id)}" for baud, servo_id in adapter.garbled]
    missing = sorted(set(SERVO_IDS) - {servo.servo_id for servo in adapter.servos})
    if adapter.servos and missing:
        lines.append(f"  missing: {', '.join(map(str, missing))}")
    if not adapter.servos:
        lines.append("  no servo answered")
    return lines


def _garbled(baud: int, servo_id: int | None) -> str:
    what = "a broadcast ping" if servo_id is None else f"ID {servo_id}"
    return f"broken answers to {what} at {baud} baud: two servos with one ID, or a bad cable"


def _check_bauds(bauds: Sequence[int]) -> None:
    for baud in bauds:
        if baud not in BAUD_RATES:
            listed = ", ".join(map(str, BAUD_RATES))
            raise BringupError(f"Servos have no line speed {baud}: choose from {listed}.")


def _as_json(adapter: Adapter) -> dict[str, Any]:
    return {
        "port": adapter.path,
        "device": adapter.device,
        "emulated": adapter.emulated,
        "role": adapter.role,
        "error": adapter.error,
        "garbled": [{"baud": baud, "id": servo_id} for baud, servo_id in adapter.garbled],
        "servos": [
            {
                "id": servo.servo_id,
                "baud": servo.baud,
                "model": servo.name,
                "model_number": servo.number,
                "firmware": servo.firmware,
            }
            for servo in adapter.servos
        ],
    }


def _note(text: str) -> None:
    """For the operator, apart from what a program may read."""
    print(text, file=sys.stderr, flush=True)
