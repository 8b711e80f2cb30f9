"""What the session may ask of control: one JSON object a datagram on a socket pair.

Control reads them without ever waiting, at the top of a tick; what came of a command shows in the
ticks' `state`, and a refusal as a text in the event ring.
"""

import json
import socket
from dataclasses import asdict, dataclass
from typing import Final

from teleop.config import ConfigError, build
from teleop.tick import Outcome


class CommandError(Exception):
    """A datagram that is no command."""


@dataclass(frozen=True, slots=True)
class Start:
    """Release the leaders, follow them, and record `episode` from the first following tick.

    With `NO_EPISODE` nothing is recorded, and it lasts until something ends it.
    """

    episode: int
    max_steps: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the episode with this verdict; leaders and followers hold."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Home:
    """Ramp all arms to the start pose and wait there."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold: goals stay at the last command; an episode in progress ends unlabelled."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recover:
    """The operator supports the arm, or has mended what was wrong: bring it back, holding."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Ramp to the rest pose, switch torque off there, and exit."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Exit at once, holding: torque stays on."""


Command = Start | Stop | Home | Hold | Recover | Rest | Quit
_KINDS: Final = {
    kind.__name__.lower(): kind for kind in (Start, Stop, Home, Hold, Recover, Rest, Quit)
}
MAX_BYTES: Final = 4096


def encode(command: Command) -> bytes:
    """The datagram of a command."""
    return json.dumps({"command": type(command).__name__.lower(), **asdict(command)}).encode()


def decode(datagram: bytes) -> Command:
    """The command in a datagram.

    Raises:
        CommandError: it is no command, or its fields are wrong.
    """
    try:
        fields = json.loads(datagram)
        kind = _KINDS[fields.pop("command")]
        if kind is Stop:
            return Stop(Outcome(fields.pop("outcome")), **fields)
        command = build(kind, fields, "command")
        assert isinstance(command, Start | Home | Hold | Recover | Rest | Quit)
        return command
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        ConfigError,
    ) as error:
        raise CommandError(f"Not a command: {datagram[:80]!r} ({error}).") from error


def pending(control_socket: socket.socket) -> list[Command]:
    """Every command that has arrived, oldest first. Never blocks.

    Raises:
        ConnectionError: the session's end is closed.
        CommandError: a datagram was no command.
    """
    commands: list[Command] = []
    while True:
        try:
            datagram = control_socket.recv(MAX_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return commands
        if not datagram and commands:
            return commands  # what was said before the end counts; the end is told next time
        if not datagram:
            raise ConnectionError("The session has closed the command socket.")
        commands.append(decode(datagram))
