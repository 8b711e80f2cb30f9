"""Who watches the session: terminals connected to its Unix socket.

To the session: requests, as `session.requests` has them. From it: ``{"event": "log", "level",
"text", "time"}`` (the time of day, HH:MM:SS), and last of all ``{"event": "ended", "status",
"text"}``.
"""

import contextlib
import os
import selectors
import socket
import time
from collections import deque
from pathlib import Path
from typing import Final

from session.errors import RequestError
from session.requests import Request, request_of
from teleop.lockstep import LockstepError, Message, receive, send

SILENCE_S: Final = 2.0
"""A terminal that says "alive" now and then, and has not for so long, is stopped (Ctrl-Z)."""
SOCKET: Final = "session.sock"
MOST_CLIENTS: Final = 32
KEPT_LINES: Final = 500
"""The newest ones, for those who attach later."""


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
        self._past: deque[Message] = deque(maxlen=KEPT_LINES)
        self._unsent: dict[socket.socket, deque[Message]] = {}  # to those that read slowly
        self._heard_s: dict[socket.socket, float] = {}  # of those that say they are there
        selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self.requests: list[Request] = []

    def __len__(self) -> int:
        """How many are there: connected, and not stopped if they usually say that they are."""
        now_s = time.monotonic()
        return sum(now_s - self._heard_s.get(each, now_s) < SILENCE_S for each in self._connected)

    def log(self, text: str, level: str = "info") -> None:
        """Say something to everybody who watches, and to whoever attaches later."""
        now = time.strftime("%H:%M:%S")
        self._say({"event": "log", "level": level, "text": text, "time": now})

    def end(self, status: int, text: str) -> None:
        """The last message: the exit status the client should take over, and a sentence."""
        self._say({"event": "ended", "status": status, "text": text})

    def flush(self) -> None:
        """Send what clients had no room for; call it now and then. Who stalls for long misses the
        oldest lines."""
        for client in list(self._connected):
            self._send(client)

    def _say(self, message: Message) -> None:
        self._past.append(message)
        for unsent in self._unsent.values():
            unsent.append(message)
        self.flush()

    def _send(self, client: socket.socket) -> None:
        unsent = self._unsent[client]
        try:
            while unsent:
                send(client, unsent[0])
                unsent.popleft()
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            unsent.clear()  # it has hung up: what it said before that is heard first

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # it has hung up already, or we have no descriptor left for it
            return
        if len(self._connected) >= MOST_CLIENTS:
            client.close()
            return
        client.setblocking(False)
        self._connected.append(client)
        self._unsent[client] = deque(self._past, maxlen=KEPT_LINES)
        self._selector.register(client, selectors.EVENT_READ, lambda: self._serve(client))
        self._send(client)

    def _serve(self, client: socket.socket) -> None:
        try:
            message = receive(client)
        except LockstepError as error:
            # One that hung up without having read everything: what it asked for comes after that.
            if not isinstance(error.__cause__, ConnectionResetError):
                self._drop(client)
            return
        try:
            request = request_of(message)
        except RequestError as error:
            self.log(str(error), "warning")
            return
        if request.op == "alive":
            self._heard_s[client] = time.monotonic()
        else:
            self.requests.append(request)

    def _drop(self, client: socket.socket) -> None:
        if client in self._connected:
            self._connected.remove(client)
            self._unsent.pop(client)
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
