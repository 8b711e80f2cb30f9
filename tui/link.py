"""A display's line to its session: what is asked, what is heard, that somebody is there."""

import select
import socket
import time
from dataclasses import dataclass
from typing import Any, Final

from teleop.lockstep import LockstepError, receive, send
from tui.facts.facts import Message

ALIVE_PERIOD_S: Final = 0.5
INTERRUPTED: Final = 130
GONE: Final = (
    "The session is gone. What it recorded is saved, or will be recovered at the next start."
)


@dataclass(frozen=True, slots=True)
class Ended:
    """The session's last words, and the exit status that its display should have."""

    status: int
    text: str


class Link:
    """The client's end of a session's socket. Nothing here blocks.

    Attributes:
        gone: the session has ended, or is not there any more.
        interrupts: how often Ctrl-C was pressed.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.gone = False
        self.interrupts = 0
        self._connection = connection
        self._alive_s = float("-inf")

    def fileno(self) -> int:
        """For `select`: readable where `hear` has something to tell."""
        return self._connection.fileno()

    def ask(self, op: str, /, **fields: Any) -> bool:
        """Ask something of the session (`session.requests`); whether it was sent."""
        try:
            send(self._connection, {"op": op, **fields})
        except OSError:  # gone, which `hear` tells; or it has not listened for minutes
            return False
        return True

    def hear(self) -> Message | Ended | None:
        """The next thing that the session has said; None: nothing, just now."""
        if self.gone or not select.select([self._connection], [], [], 0)[0]:
            return None
        try:
            said = receive(self._connection)
            if said.get("event") != "ended":
                return _message(said)
            ended = Ended(int(said["status"]), str(said["text"]))
        except (LockstepError, KeyError, TypeError, ValueError):
            ended = Ended(1, GONE)
        self.gone = True
        if self.interrupts and ended.status == 0:
            return Ended(INTERRUPTED, ended.text)
        return ended

    def say_alive(self, now_s: float) -> None:
        """Call it often: a terminal that is stopped (Ctrl-Z) forwards no key, and the session must
        notice."""
        if now_s - self._alive_s >= ALIVE_PERIOD_S:
            self._alive_s = now_s
            self.ask("alive")

    def interrupt(self) -> str:
        """Ctrl-C: the first ends in order, the next at once. Returns what to tell the operator."""
        self.interrupts += 1
        self.ask("stop" if self.interrupts == 1 else "quit")
        if self.interrupts == 1:
            return (
                "Ending: closing the episode, bringing the arms to rest. "
                "Ctrl-C again: end at once, arms holding."
            )
        return "Ending now: the arms are left holding, with torque on."


def _message(said: dict[str, Any]) -> Message:
    heard = time.strftime("%H:%M:%S")
    return Message(
        str(said.get("text", "")), str(said.get("level", "info")), str(said.get("time") or heard)
    )
