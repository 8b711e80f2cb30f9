"""Who watches the session: terminals connected to its Unix socket.

To the session: ``{"op": "stop"}`` closes the episode, rests the arms and ends; ``{"op": "quit"}``
ends with the arms holding; ``{"op": "hold"}`` stops the arms where they are; ``{"op": "go_on"}``
answers what the session asks for in its status block (`session.status`). From it:
``{"event": "log", "level", "text"}``, and last of all ``{"event": "ended", "status", "text"}``.
"""

import contextlib
import os
import selectors
import socket
import time
from pathlib import Path
from typing import Final

from teleop.lockstep import LockstepError, Message, receive, send

SILENCE_S: Final = 2.0
"""A terminal that says "alive" now and then, and has not for so long, is stopped (Ctrl-Z)."""
SOCKET: Final = "session.sock"


class Clients:
    """The session's end of the socket. Never waits for a client."""

    def __init__(self, runtime_dir: Path, selector: selectors.BaseSelector) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _umask(0o177):
            self._listener.bind(os.fspath(runtime_dir / SOCKET))
        self._listener.listen(4)
        self._listener.setblocking(False)
        self._selector = selector
        self._connected: list[socket.socket] = []
        self._past: list[Message] = []
        self._heard_s: dict[socket.socket, float] = {}  # of those that say they are there
        selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self.requests: list[str] = []

    def __len__(self) -> int:
        """How many are there: connected, and not stopped if they usually say that they are."""
        now_s = time.monotonic()
        return sum(now_s - self._heard_s.get(each, now_s) < SILENCE_S for each in self._connected)

    def log(self, text: str, level: str = "info") -> None:
        """Say something to everybody who watches, and to whoever attaches later."""
        self._say({"event": "log", "level": level, "text": text})

    def end(self, status: int, text: str) -> None:
        """The last message: the exit status the client should take over, and a sentence."""
        self._say({"event": "ended", "status": status, "text": text})

    def _say(self, message: Message) -> None:
        self._past.append(message)
        for client in list(self._connected):
            self._send(client, message)

    def _send(self, client: socket.socket, message: Message) -> None:
        with contextlib.suppress(BlockingIOError):  # a stalled terminal misses lines, we go on
            try:
                send(client, message)
            except (BrokenPipeError, ConnectionResetError):
                self._drop(client)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        self._connected.append(client)
        self._selector.register(client, selectors.EVENT_READ, lambda: self._serve(client))
        for message in self._past:
            self._send(client, message)

    def _serve(self, client: socket.socket) -> None:
        try:
            message = receive(client)
        except LockstepError:
            self._drop(client)
            return
        if message.get("op") == "alive":
            self._heard_s[client] = time.monotonic()
        else:
            self.requests.append(str(message.get("op")))

    def _drop(self, client: socket.socket) -> None:
        if client in self._connected:
            self._connected.remove(client)
            self._heard_s.pop(client, None)
            self._selector.unregister(client)
            client.close()


@contextlib.contextmanager
def _umask(mask: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
