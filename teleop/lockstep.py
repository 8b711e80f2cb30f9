"""The wire form of lock-step: one JSON object a datagram over a SEQPACKET Unix socket.

The simulated world listens; control asks it to `advance`, the session to `reset`, `score` and
`resume`, the recorder tells which frames it has taken, a policy which tick it has answered. In real
time only the session talks with it.
Only framing and names live here, so that the world and those who talk with it cannot disagree about
them.
"""

import json
import os
import socket
from pathlib import Path
from typing import Any, Final

import numpy as np

MAX_BYTES: Final = 1 << 16
WORLD_SOCKET: Final = "world.sock"
WORLD_STATUS: Final = "world"
WORLD_EVENTS: Final = "world-events"
SCENE_RING: Final = "scene"
"""The socket and the rings that the world makes in the runtime directory."""
Message = dict[str, Any]


class LockstepError(Exception):
    """The world cannot be reached, or says no."""


def frame_ring(camera: str) -> str:
    """The ring of a camera's frames, in the runtime directory."""
    return f"frames-{camera}"


def frame_dtype(height: int, width: int) -> "np.dtype[np.void]":
    """A record of such a ring: the frame's number, its stamps, its image in RGB."""
    return np.dtype(
        [
            ("number", "<u8"),
            ("capture_ns", "<i8"),
            ("arrival_ns", "<i8"),
            ("image", "u1", (height, width, 3)),
        ]
    )


def connect(path: Path, role: str, timeout_s: float = 30.0) -> socket.socket:
    """A connection to the world, introduced as `role` (control, session, recorder, policy).

    Raises:
        LockstepError: nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(timeout_s)
    try:
        connection.connect(os.fspath(path))
        send(connection, {"op": "hello", "role": role})
    except OSError as error:
        connection.close()
        raise LockstepError(f"The simulated world at {path} does not answer: {error}.") from error
    return connection


def send(connection: socket.socket, message: Message) -> None:
    """Send one message."""
    connection.send(json.dumps(message).encode())


def receive(connection: socket.socket) -> Message:
    """The next message.

    Raises:
        LockstepError: the peer is gone, silent past the timeout, or not speaking this protocol.
    """
    try:
        datagram = connection.recv(MAX_BYTES)
    except OSError as error:
        raise LockstepError(f"The simulated world does not answer: {error}.") from error
    if not datagram:
        raise LockstepError("The simulated world has closed its socket.")
    try:
        message = json.loads(datagram)
    except (ValueError, RecursionError) as error:
        raise LockstepError(f"Not a lock-step message: {datagram[:80]!r}.") from error
    if not isinstance(message, dict):
        raise LockstepError(f"Not a lock-step message: {datagram[:80]!r}.")
    return message
