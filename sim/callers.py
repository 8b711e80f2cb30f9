"""Who is connected to the world's socket: control, session, recorder, policy, one of each."""

import contextlib
import os
import select
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from sim.errors import SimError
from sim.rig import SimulatedRig
from sim.servos.bus import ServoBus
from teleop.lockstep import WORLD_SOCKET, Message, receive, send

LINGER_S: Final = 20.0
"""After SIGTERM the world goes on this long at most, so that control can bring the arms to rest."""
MAX_TOLD: Final = 200
"""Of a message that is not understood."""


@dataclass(frozen=True, slots=True)
class Reset:
    """What the session asks for: the scene of a seed, and somebody to demonstrate; or a scene as it
    was stored, and nobody.

    Attributes:
        max_steps: ticks after which the operator gives up.
        operator: somebody demonstrates.
        state: as `sim.scenes.scene.Scene.state` gives it; None: of the seed.
    """

    seed: int = 0
    max_steps: int = 0
    operator: bool = True
    state: tuple[float, ...] | None = None


class Host(Protocol):
    """What a world does about its callers."""

    def joined(self, role: str) -> None:
        """Somebody has introduced itself."""

    def left(self, role: str) -> None:
        """Its connection is closed."""

    def obey(self, role: str, message: Message) -> Message | None:
        """Carry out a request; the answer, None if there is none or it comes later.

        KeyError, TypeError, ValueError, OverflowError and SimError are answered as errors.
        """


class Callers:
    """The world's end of the socket. Never waits for a caller."""

    def __init__(self, runtime: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(os.fspath(runtime / WORLD_SOCKET))
        self._listener.listen(8)
        self._connections: dict[int, socket.socket] = {}
        self._roles: dict[int, str] = {}

    def filenos(self) -> list[int]:
        """What to wait for."""
        return [self._listener.fileno(), *self._connections]

    def has(self, role: str) -> bool:
        """Somebody of this role is connected."""
        return role in self._roles.values()

    def tell(self, role: str, message: Message) -> None:
        """Send something to whoever has this role, if anybody has."""
        for descriptor, name in self._roles.items():
            if name == role:
                self._send(self._connections[descriptor], message)

    def serve(self, descriptor: int, host: Host) -> None:
        """A descriptor of `filenos` can be read."""
        if descriptor == self._listener.fileno():
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._connections[connection.fileno()] = connection
            return
        connection = self._connections[descriptor]
        try:
            message = receive(connection)
        except Exception:  # closed, or not speaking the protocol: either way it is out
            self._drop(descriptor, host)
            return
        try:
            answer = self._obey(descriptor, message, host)
        except SimError as error:
            answer = {"error": str(error)}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            answer = {"error": f"Cannot obey {str(message)[:MAX_TOLD]}: {error!r}"}
        if answer is not None:
            self._send(connection, answer)

    def _obey(self, descriptor: int, message: Message, host: Host) -> Message | None:
        if message.get("op") != "hello":
            return host.obey(self._roles.get(descriptor, ""), message)
        role = str(message["role"])
        if self.has(role):
            raise ValueError("that role is taken")
        self._roles[descriptor] = role
        host.joined(role)
        return None

    def _drop(self, descriptor: int, host: Host) -> None:
        self._connections.pop(descriptor).close()
        host.left(self._roles.pop(descriptor, ""))

    def _send(self, connection: socket.socket, message: Message) -> None:
        with contextlib.suppress(OSError):  # its end is gone; the next wait will tell
            send(connection, message)


def reset_of(message: Message) -> Reset:
    """The session's request.

    Raises:
        KeyError, TypeError, ValueError: it makes no sense.
    """
    if "state" in message:
        return Reset(state=tuple(float(number) for number in message["state"]))
    seed, max_steps = int(message["seed"]), int(message["max_steps"])
    if seed < 0:
        raise ValueError("a seed is not negative")
    return Reset(seed, max_steps, bool(message.get("operator", True)))


def checked(reset: Reset, rig: SimulatedRig) -> Reset:
    """The same, if it can be done.

    Raises:
        SceneError: it is not a state of this scene.
    """
    if reset.state is not None:
        rig.scene.check_state(np.array(reset.state))
    return reset


def reset_rig(
    rig: SimulatedRig, reset: Reset, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Do what was asked for; it takes some ms, in which `meanwhile` is called every 1 ms."""
    if reset.state is None:
        rig.reset(reset.seed, reset.max_steps, meanwhile, reset.operator)
    else:
        rig.restore(np.array(reset.state))


def serve(
    buses: Mapping[str, ServoBus],
    callers: Callers,
    host: Host,
    now_ns: Callable[[], int],
    timeout_s: float,
) -> None:
    """Wait for bytes on a bus or a caller's message, at most so long, and answer them.

    `select`, for it counts in microseconds where `poll` rounds up to milliseconds.
    """
    plugged = {bus.fileno(): bus for bus in buses.values() if bus.fileno() >= 0}
    ready, _, _ = select.select([*plugged, *callers.filenos()], [], [], timeout_s)
    for descriptor in ready:
        if descriptor in plugged:
            plugged[descriptor].service(now_ns(), drain=False)
        else:
            callers.serve(descriptor, host)
