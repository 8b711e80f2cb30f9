"""MJPEG over HTTP, the server's side: parts of a multipart answer, and whoever reads them."""

import socket
from typing import Final

_BOUNDARY: Final = b"frame"
_HEAD: Final = (
    b"HTTP/1.0 200 OK\r\nCache-Control: no-store\r\n"
    b"Content-Type: multipart/x-mixed-replace; boundary=" + _BOUNDARY + b"\r\n\r\n"
)
_LONGEST_REQUEST: Final = 8192
_BACKLOG: Final = 8 << 20
"""Bytes that are kept for a reader of a camera that keeps them: as much as Linux's buffers of TCP
take, some seconds of pictures."""
_SEND_BUFFER: Final = 262_144
"""A few pictures: with the system's own megabytes a slow reader would see seconds into the past."""


def part(jpeg: bytes) -> bytes:
    """One picture as it goes over the line."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return b"--" + _BOUNDARY + b"\r\n" + head.encode() + jpeg + b"\r\n"


class Reader:
    """One connection: its request, then frames. Nothing here blocks.

    Args:
        connection: the reader's own from now on.

    Attributes:
        behind: it has not yet got all of what was sent to it.
        gone: it has hung up, or asked for something that is no HTTP, and is closed.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._connection = connection
        self._request = b""
        self._answered = False
        self._unsent = memoryview(b"")
        self.gone = False

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._connection.fileno()

    @property
    def behind(self) -> bool:
        """See the class."""
        return bool(self._unsent)

    def offer(self, data: bytes, keep: bool = False) -> None:
        """Send a part, or leave it out if the last one is not through yet.

        Args:
            keep: leave it out only if _BACKLOG bytes are waiting.
        """
        room = _BACKLOG - len(data) if keep else 0
        if self._answered and not self.gone and len(self._unsent) <= room:
            self._send(memoryview(bytes(self._unsent) + data if self._unsent else data))

    def service(self) -> None:
        """Read what it says, send what is left."""
        try:
            heard = self._connection.recv(_LONGEST_REQUEST)
        except BlockingIOError:
            heard = None
        except OSError:
            heard = b""
        if heard is not None:
            self._hear(heard)
        if self._unsent and not self.gone:
            self._send(self._unsent)

    def close(self) -> None:
        """Hang up."""
        self.gone = True
        self._connection.close()

    def _hear(self, heard: bytes) -> None:
        if not heard:
            self.close()
        elif not self._answered:
            self._request += heard
            self._answer()

    def _answer(self) -> None:
        """Whatever path is asked for, there is one camera behind this port."""
        if not b"GET ".startswith(self._request[:4]) or len(self._request) > _LONGEST_REQUEST:
            self.close()
        elif b"\r\n\r\n" in self._request:
            self._answered = True
            self._send(memoryview(_HEAD))

    def _send(self, data: memoryview) -> None:
        try:
            self._unsent = data[self._connection.send(data) :]
        except BlockingIOError:
            self._unsent = data
        except OSError:
            self.close()
