"""Search of all adapters for servos: every line speed, broadcast and single pings, at once."""

import contextlib
import glob
import os
import termios
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bringup.ask import BROADCAST_WINDOW_S, PING_REPLY_BYTES, FoundServo, Lines
from bringup.errors import BringupError
from teleop.bus import SERVO_IDS
from teleop.errors import PortError
from teleop.joints import ROLES, Role
from teleop.port import SerialPort, is_pseudo_terminal
from teleop.registers import BAUD_RATES
from teleop.servos import SERVOS

DEV: Final = Path("/dev")
USUAL_BAUD: Final = 1_000_000
"""The rate of ALOHA's arms: there single IDs are asked also where nobody answers a broadcast."""
FACTORY_BAUD: Final = 57_600
ROLE_MATCHES: Final = 6
"""So many servos of nine must be of a role's usual models for an arm to be taken for it."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One serial port and what answered on it.

    Attributes:
        path: the name to keep, e.g. one of /dev/serial/by-id.
        garbled: (line speed, ID) at which only broken answers came; ID None: to a broadcast.
        error: why it could not be asked, or None.
    """

    path: str
    servos: tuple[FoundServo, ...] = ()
    garbled: tuple[tuple[int, int | None], ...] = ()
    error: str | None = None

    @property
    def device(self) -> str:
        """What the path leads to, e.g. /dev/ttyUSB0."""
        return os.path.realpath(self.path)

    @property
    def emulated(self) -> bool:
        """Whether a program is at the other end."""
        return is_pseudo_terminal(self.path)

    @property
    def baud(self) -> int | None:
        """The line speed of most of its servos."""
        bauds = [servo.baud for servo in self.servos]
        return max(bauds, key=bauds.count) if bauds else None

    @property
    def role(self) -> Role | None:
        """Which arm it is by its models: followers have XM540s where leaders have XM430s."""
        names = {servo.servo_id: servo.name for servo in self.servos}
        matches = {
            role: sum(names.get(spec.servo_id) in spec.models for spec in SERVOS[role])
            for role in ROLES
        }
        best: Role = max(ROLES, key=lambda role: matches[role])
        return best if matches[best] >= ROLE_MATCHES else None


@dataclass(slots=True)
class _Notes:
    """What is found out about one adapter, while it is."""

    servos: dict[tuple[int, int], FoundServo] = field(default_factory=dict)
    garbled: list[tuple[int, int | None]] = field(default_factory=list)
    error: str | None = None


def find_ports(patterns: Sequence[str] = (), dev: Path = DEV) -> list[str]:
    """Serial ports: those the patterns name, or all USB adapters, by the names that stay theirs.

    Raises:
        BringupError: there are none.
    """
    if patterns:
        chosen = {path for pattern in patterns for path in glob.glob(pattern)}
        if not chosen:
            raise BringupError(f"No port is called {' or '.join(patterns)}: correct --ports.")
        return _one_name_each(sorted(os.path.abspath(path) for path in chosen))
    found = sorted(str(path) for path in (dev / "serial" / "by-id").glob("*"))
    for pattern in ("ttyUSB*", "ttyACM*"):
        found += sorted(str(path) for path in dev.glob(pattern))
    if not found:
        raise BringupError(
            "No USB serial adapter is plugged in: connect the arms' adapters, or name other ports "
            "with --ports."
        )
    return _one_name_each(found)


def _one_name_each(paths: Iterable[str]) -> list[str]:
    """The first name of each device."""
    names: dict[str, str] = {}
    for path in paths:
        names.setdefault(os.path.realpath(path), path)
    return list(names.values())


def known_bauds() -> tuple[int, ...]:
    """The servos' line speeds that this system has a name for, the likeliest first."""
    known = [baud for baud in BAUD_RATES if hasattr(termios, f"B{baud}")]
    return tuple(sorted(known, key=lambda baud: (baud != USUAL_BAUD, baud != FACTORY_BAUD)))


def search(
    paths: Sequence[str], bauds: Sequence[int], window_s: float = BROADCAST_WINDOW_S
) -> list[Adapter]:
    """Everything that answers on these ports; about a second a line speed, all ports at once."""
    notes = {path: _Notes() for path in paths}
    for baud in bauds if paths else ():
        with _opened(baud, notes) as lines:
            _broadcast(lines, baud, notes, window_s)
            _ping_singly(lines, baud, notes)
    return [
        Adapter(path, tuple(each.servos.values()), tuple(each.garbled), each.error)
        for path, each in notes.items()
    ]


@contextlib.contextmanager
def _opened(baud: int, notes: dict[str, _Notes]) -> Iterator[Lines]:
    with contextlib.ExitStack() as stack:
        ports = {}
        for path, each in notes.items():
            if each.error is None:
                try:
                    ports[path] = SerialPort(path, baud)
                except PortError as error:
                    each.error = str(error)
                    continue
                stack.callback(ports[path].close)
        yield Lines(ports)


def _broadcast(lines: Lines, baud: int, notes: dict[str, _Notes], window_s: float) -> None:
    longest_reply_s = len(SERVO_IDS) * PING_REPLY_BYTES * 10 / baud
    for path, heard in lines.broadcast(window_s + longest_reply_s).items():
        if heard.gone:
            notes[path].error = f"Serial port {path} went away while it was searched."
        if heard.garbled_ping:
            notes[path].garbled.append((baud, None))
        for servo in heard.servos(baud):
            notes[path].servos[baud, servo.servo_id] = servo


def _ping_singly(lines: Lines, baud: int, notes: dict[str, _Notes]) -> None:
    """The arm's IDs that did not answer the broadcast, where somebody may be."""
    for servo_id in SERVO_IDS:
        asked = [
            path
            for path in lines.ports
            if notes[path].error is None
            and (baud, servo_id) not in notes[path].servos
            and (baud == USUAL_BAUD or _somebody(notes[path], baud))
        ]
        for path, heard in lines.ping(servo_id, asked).items():
            found = [each for each in heard.servos(baud) if each.servo_id == servo_id]
            if found:
                notes[path].servos[baud, servo_id] = found[0]
            elif heard.garbled_ping:
                notes[path].garbled.append((baud, servo_id))


def _somebody(notes: _Notes, baud: int) -> bool:
    answered = any(servo.baud == baud for servo in notes.servos.values())
    return answered or any(garbled_baud == baud for garbled_baud, _ in notes.garbled)
