"""Servers that are no camera, each behind a port of this computer."""

import contextlib
import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Final, Self

from sim.cameras.pictures import encoded_loop

HEAD: Final = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
TRICKLE_S: Final = 0.05
Chunks = Iterator[tuple[bytes, float]]
"""What is sent, and the pause after it in seconds."""


def part(data: bytes, length: int | None = None) -> bytes:
    """One part of a multipart answer, which may lie about its length."""
    stated = len(data) if length is None else length
    return b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % stated + data


def silence() -> Chunks:
    while True:
        yield b"", TRICKLE_S


def hang_up() -> Chunks:
    return iter(())


def garbage() -> Chunks:
    while True:
        yield os.urandom(65_536), 0.001


def slow_head() -> Chunks:
    """A header that never ends, a byte at a time."""
    for byte in itertools.chain(b"HTTP/1.0 200 OK\r\nX: ", itertools.repeat(ord("a"))):
        yield bytes((byte,)), TRICKLE_S


def slow_picture() -> Chunks:
    """A picture that takes for ever, after some that did not."""
    jpeg = encoded_loop(160, 120)[0]
    yield HEAD + part(jpeg) + part(jpeg) + part(jpeg), 0.1
    yield part(b"", len(jpeg)), 0.0
    for byte in itertools.cycle(jpeg[:-2]):
        yield bytes((byte,)), TRICKLE_S


def web_page() -> Chunks:
    yield b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Not found</html>", 0.0


def not_found() -> Chunks:
    yield b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", 0.0


def huge_length() -> Chunks:
    yield HEAD + part(b"\xff\xd8", 2**62), 0.0
    yield from garbage()


def no_pictures() -> Chunks:
    """Parts that are none."""
    yield HEAD, 0.0
    while True:
        yield part(os.urandom(4000)), 0.02


def huge_picture() -> Chunks:
    """A JPEG that says it has 65500 x 65500 pixels."""
    jpeg = bytearray(encoded_loop(160, 120)[0])
    size = jpeg.index(b"\xff\xc0") + 5
    jpeg[size : size + 4] = (65_500).to_bytes(2) * 2
    yield HEAD, 0.0
    while True:
        yield part(bytes(jpeg)), 0.02


HOSTILE: Final[tuple[Callable[[], Chunks], ...]] = (
    silence,
    hang_up,
    garbage,
    slow_head,
    slow_picture,
    web_page,
    not_found,
    huge_length,
    no_pictures,
    huge_picture,
)


class HostileServer:
    """Answers every connection with `chunks()`; use as a context manager."""

    def __init__(self, chunks: Callable[[], Chunks]) -> None:
        self._chunks = chunks
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/top.mjpg"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Hang up on all."""
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(1.0)
            connection.recv(65_536)
            for data, pause_s in self._chunks():
                connection.sendall(data)
                if self._ended.wait(pause_s):
                    return
