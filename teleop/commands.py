"""What the session may ask of control: one JSON object a datagram on a socket pair.

Control reads them without ever waiting, at the top of a tick; what came of a command shows in the
ticks' `state`, and a refusal as a text in the event ring.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from teleop.config import ConfigError, build
from teleop.tick import Led, Outcome

LARGEST: Final = 2**53
"""What JSON and every reader of a tick can hold."""
MAX_BYTES: Final = 4096
"""Of a datagram."""
MOST_REASON: Final = 200
"""Characters; one is twelve bytes at most."""


class CommandError(Exception):
    """A datagram that is no command."""


@dataclass(frozen=True, slots=True)
class Start:
    """Release the leaders, follow them, and record `episode` from the first following tick.

    With `NO_EPISODE` nothing is recorded, and it lasts until something ends it.
    """

    episode: int
    max_steps: int

    def __post_init__(self) -> None:
        if not (abs(self.episode) <= LARGEST and abs(self.max_steps) <= LARGEST):
            raise ValueError(f"episode and max_steps must be at most {LARGEST}.")


@dataclass(frozen=True, slots=True)
class Stop:
    """End the episode with this verdict; leaders and followers hold."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Home:
    """Ramp all arms to the start pose and wait there."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold: goals stay at the last command; an episode in progress ends unlabelled.

    It must fit into a datagram, whatever the reason is: that is cut, and what is no text replaced.
    """

    reason: str

    def __post_init__(self) -> None:
        plain = self.reason[:MOST_REASON].encode(errors="replace").decode()
        object.__setattr__(self, "reason", plain)


@dataclass(frozen=True, slots=True)
class Lead:
    """While a policy leads, or has led: who is to lead from now on."""

    by: Led

    def __post_init__(self) -> None:
        if self.by not in (Led.LEADERS, Led.POLICY):
            raise ValueError("by must be the leaders or the policy.")


@dataclass(frozen=True, slots=True)
class Recover:
    """The operator supports the arm, or has mended what was wrong: bring it back, holding."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The session is there; once it has said so it must go on saying so, or followers hold."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Ramp to the rest pose, switch torque off there, and exit."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Exit at once, holding: torque stays on."""


Command = Start | Stop | Home | Hold | Lead | Recover | Alive | Rest | Quit
_KINDS: Final = {
    kind.__name__.lower(): kind
    for kind in (Start, Stop, Home, Hold, Lead, Recover, Alive, Rest, Quit)
}


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
        if kind is Lead:
            return Lead(Led(fields.pop("by")), **fields)
        command = build(kind, fields, "command")
        assert isinstance(command, Start | Home | Hold | Recover | Alive | Rest | Quit)
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


def pending(control_socket: socket.socket) -> Iterator[Command]:
    """Every command that has arrived, oldest first, as they are taken. Never blocks.

    Raises:
        ConnectionError: the session's end is closed; what was said before has been yielded.
        CommandError: a datagram was no command; those behind it come the next time.
    """
    while True:
        try:
            datagram = control_socket.recv(MAX_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        if not datagram:
            raise ConnectionError("The session has closed the command socket.")
        yield decode(datagram)
