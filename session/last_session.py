"""What the servos of a real rig were at the end of its last session, for the next look at them.

``<rig>.last_session.json`` beside the rig file. `teleop doctor` compares: a servo that was changed,
an offset that moved, a pair that drifts apart. Written by the session when control has ended and
its ports are free.
"""

import contextlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from session.config import load_rig
from teleop.bus import SERVO_IDS, Block, BusReading, ServoBus, read_together
from teleop.config import ConfigError, build, read_json, write_json
from teleop.errors import TeleopError
from teleop.port import SerialPort
from teleop.rig_config import RigConfig

TIMEOUT_S: Final = 0.1
TRIES: Final = 3
HOMING_OFFSET: Final = Block(20, 4)
POSITION: Final = Block(132, 4)

_IDENTITY: Final = re.compile(r"(?P<model>\S+) firmware (?P<firmware>\d+)")

Ticks = Mapping[tuple[str, int], int]
"""A register by bus and servo ID."""


@dataclass(frozen=True, slots=True)
class ServoRecord:
    """One servo as the session left it.

    Attributes:
        homing_offset_ticks: None: it did not answer any more.
        pair_difference_ticks: of a shadow, how far its position was above its primary's; None: it
            is no shadow, or one of the two did not answer.
    """

    bus: str
    servo_id: int
    model: str
    firmware: int
    homing_offset_ticks: int | None = None
    pair_difference_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class LastSession:
    """All servos of a rig at the end of its last session."""

    saved_utc: str
    servos: tuple[ServoRecord, ...] = ()


def last_session_path(rig_path: Path) -> Path:
    """Where it lies."""
    return rig_path.with_name(f"{rig_path.stem}.last_session.json")


def load(rig_path: Path) -> LastSession | None:
    """The last session of the rig in this file; None: there was none.

    Raises:
        ConfigError: there is a record, and it cannot be read.
    """
    path = last_session_path(rig_path)
    return build(LastSession, read_json(path), str(path)) if path.exists() else None


def save(rig_path: Path, inventory_json: str) -> Path | None:
    """Keep what control found at start, with the offsets and pairs as they are now.

    Reads the buses (some ms, longer where servos are silent); never writes to them. What does not
    answer is kept without numbers.

    Args:
        inventory_json: what control wrote to `SERVOS_FILE`: model and firmware by bus and ID.

    Returns:
        The file, or None where the inventory or the rig file is unreadable.

    Raises:
        OSError: it cannot be written.
    """
    try:
        inventory = read_inventory(inventory_json)
        rig = load_rig(rig_path).rig
    except (ConfigError, ValueError):
        return None
    if not inventory:
        return None
    offsets, positions = _read_buses(rig)
    records = [
        ServoRecord(
            bus,
            servo_id,
            model,
            firmware,
            offsets.get((bus, servo_id)),
            _pair_difference(rig, bus, servo_id, positions),
        )
        for (bus, servo_id), (model, firmware) in inventory.items()
    ]
    path = last_session_path(rig_path)
    saved_utc = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(path, LastSession(saved_utc, tuple(records)))
    return path


def read_inventory(text: str) -> dict[tuple[str, int], tuple[str, int]]:
    """Model name and firmware by bus and servo ID, from what control wrote.

    Raises:
        ValueError: it is not that.
    """
    table: Any = json.loads(text)
    if not isinstance(table, dict) or not all(isinstance(arm, dict) for arm in table.values()):
        raise ValueError("not an inventory")
    return {
        (str(bus), int(servo_id)): (identity["model"], int(identity["firmware"]))
        for bus, arm in table.items()
        for servo_id, words in arm.items()
        if (identity := _IDENTITY.match(str(words)))
    }


def _pair_difference(rig: RigConfig, bus: str, servo_id: int, positions: Ticks) -> int | None:
    arm = next((arm for arm in rig.arms if arm.name == bus), None)
    spec = next((s for s in rig.servos(arm.role) if s.servo_id == servo_id), None) if arm else None
    if spec is None or not spec.shadow:
        return None
    own, primary = positions.get((bus, servo_id)), positions.get((bus, spec.secondary_id))
    return None if own is None or primary is None else own - primary


def _read_buses(rig: RigConfig) -> tuple[Ticks, Ticks]:
    """Homing offsets and positions of all servos that answer."""
    with contextlib.ExitStack() as stack:
        buses = []
        for arm in rig.arms:
            with contextlib.suppress(TeleopError):  # what is not there is not kept
                port = SerialPort(arm.port, arm.baud)
                stack.callback(port.close)
                buses.append(ServoBus(arm.name, port))
        return _read(buses, HOMING_OFFSET), _read(buses, POSITION)


def _read(buses: list[ServoBus], block: Block) -> Ticks:
    ticks: dict[tuple[str, int], int] = {}
    for _ in range(TRIES):
        readings = read_together(buses, block, TIMEOUT_S, time.monotonic_ns)
        for bus, reading in zip(buses, readings, strict=True):
            ticks |= _values(bus.name, reading)
        if len(ticks) == len(buses) * len(SERVO_IDS):
            break
    return ticks


def _values(bus: str, reading: BusReading) -> dict[tuple[str, int], int]:
    return {
        (bus, servo_id): int.from_bytes(status.data, "little", signed=True)
        for servo_id, status in reading.replies.items()
        if status.data
    }
