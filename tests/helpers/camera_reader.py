"""Reads MJPEG over HTTP by hand, picture by picture, as bytes and as what they show."""

import re
import socket
from typing import Self
from urllib.parse import urlsplit

import cv2
import numpy as np

from sim.cameras.pictures import shown_number

PATIENCE_S = 10


class MjpegReader:
    """One connection to a URL; use as a context manager."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        assert place.hostname is not None
        assert place.port is not None
        self.socket = socket.create_connection((place.hostname, place.port), PATIENCE_S)
        self.socket.sendall(f"GET {place.path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        self._stream = self.socket.makefile("rb")
        self.head = self._lines()

    def jpeg(self) -> bytes:
        """The next picture; blocks until it is there."""
        head = self._lines()
        while not head.strip():  # the line that ends the picture before
            head = self._lines()
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length is not None, head
        return self._stream.read(int(length[1]))

    def number(self) -> int | None:
        """What the next picture shows; None if it cannot be read."""
        image = cv2.imdecode(np.frombuffer(self.jpeg(), np.uint8), cv2.IMREAD_COLOR)
        return None if image is None else shown_number(image.astype(np.uint8))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self.socket.close()

    def _lines(self) -> bytes:
        """Up to an empty line."""
        lines = b""
        while (line := self._stream.readline()) != b"\r\n":
            assert line, "The camera has hung up."
            lines += line
        return lines
