"""The edits that the session sends, as they come."""

import socket
from collections.abc import Callable
from typing import Final

from recorder.edits import MAX_BYTES, Edit, EditError, decode

MOST_AT_ONCE: Final = 32
"""Datagrams taken in one call: the rest waits for the next round of the loop."""


class Inbox:
    """Reads edits from a socket that keeps datagrams apart. Never blocks.

    The recorder's loop looks into it in every round: at each tick, or ten times a second without.

    Args:
        descriptor: of the socket, which is closed with the inbox; None: nobody sends edits.
        say: told of a datagram that is no edit.
    """

    def __init__(self, descriptor: int | None, say: Callable[[str], object]) -> None:
        self._socket = None if descriptor is None else socket.socket(fileno=descriptor)
        self._say = say

    def new(self) -> list[Edit]:
        """The edits since the last call, in the order they were sent."""
        edits = []
        for _ in range(MOST_AT_ONCE):
            if not (datagram := self._receive()):
                break
            try:
                edits.append(decode(datagram))
            except EditError as error:
                self._say(str(error))
        return edits

    def close(self) -> None:
        """Let the socket go."""
        if self._socket:
            self._socket.close()

    def _receive(self) -> bytes:
        """The next datagram; empty if there is none, or nobody who could send one."""
        if self._socket is None:
            return b""
        try:
            return self._socket.recv(MAX_BYTES, socket.MSG_DONTWAIT)
        except OSError:
            return b""
