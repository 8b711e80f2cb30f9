"""One emulated webcam: MJPEG over HTTP on a port of this computer, with faults to call up.

It stands in for a webcam where the recorder takes a URL, so that everything from the decoder on is
the real thing. Frames leave at the camera's rate by absolute deadlines; what a reader has no room
for is left out for it, as a camera would, so that what it gets is never old, or is kept for it, as
by many servers (see `backlog`).

Not simulated: V4L2 (negotiation of size and rate, buffers, stamps, controls), USB and its
unplugging, exposure, lenses. A picture's time of capture is when it is sent.
"""

from __future__ import annotations

import random
import socket
import time
from dataclasses import dataclass
from typing import Final

from sim.cameras import mjpeg
from sim.cameras.pictures import LOOKS, Look, encoded_loop
from sim.errors import SimError

LOOPBACK: Final = "127.0.0.1"
"""The only address that is ever listened on: nobody outside this computer sees these ports."""
_SPOILT_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class _Schedule:
    """When frames are due: frame `first` at `start_ns`, and so on."""

    start_ns: int
    first: int
    period_ns: int

    def due_ns(self, number: int) -> int:
        return self.start_ns + (number - self.first) * self.period_ns

    def number_at(self, now_ns: int) -> int:
        return self.first + (now_ns - self.start_ns) // self.period_ns


class ServedCamera:
    """A camera at `url`; `sim.cameras.serving` waits for it and calls `service`.

    What breaks it may be called from another thread: it takes effect at the next `service`.

    Args:
        port: 0: any that is free.

    Raises:
        SimError: the port is taken.
        ValueError: a rate that no camera has.
    """

    def __init__(
        self, name: str, width: int = 640, height: int = 480, rate_hz: float = 50.0, port: int = 0
    ) -> None:
        self.name = name
        self._size = (width, height)
        self._pictures = encoded_loop(width, height, "normal", name)
        self._number = 0
        self._rate_hz, self._drift_percent = rate_hz, 0.0
        self._schedule = self._scheduled(rate_hz, 0.0)
        self._frozen_until_ns = 0
        self._repeated: bytes | None = None
        self._spoilt = 0
        self._keeps = False
        self._alive = True
        self._readers: list[mjpeg.Reader] = []
        self._listener: socket.socket | None = self._listen(port)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """What a camera's `device` is set to."""
        return f"http://{LOOPBACK}:{self.port}/{self.name}.mjpg"

    @property
    def number(self) -> int:
        """Of the last frame; its picture shows it modulo `pictures.LOOP`."""
        return self._number

    # ---- what can go wrong --------------------------------------------------------------------

    def freeze(self, ms: float) -> None:
        """Nothing is sent for so long, though the connection stands; frame numbers go on."""
        self._frozen_until_ns = time.monotonic_ns() + round(ms * 1e6)

    def repeat(self, on: bool = True) -> None:
        """The same picture is sent again and again, at the full rate."""
        self._repeated = self._picture() if on else None

    def die(self) -> None:
        """Everybody is hung up on, and connections are refused."""
        self._alive = False

    def revive(self) -> None:
        """It is there again, at the same URL; numbers begin anew, as after a loss of power."""
        self._alive = True

    def set_rate(self, rate_hz: float) -> None:
        """Frames a second, e.g. 17 as in a dark room."""
        self._schedule = self._scheduled(rate_hz, self._drift_percent)
        self._rate_hz = rate_hz

    def drift(self, percent: float) -> None:
        """The camera's clock goes wrong: 1 gives 50.5 frames a second instead of 50."""
        self._schedule = self._scheduled(self._rate_hz, percent)
        self._drift_percent = percent

    def corrupt(self, frames: int = 1) -> None:
        """Of the next frames some bytes in the middle are wrong."""
        if frames < 0:
            raise ValueError(f"frames must not be negative, not {frames}")
        self._spoilt = frames

    def backlog(self, on: bool = True) -> None:
        """What a reader has no room for is kept for it, some megabytes, as by mjpg-streamer: who
        was slow gets old pictures."""
        self._keeps = on

    def look(self, look: Look) -> None:
        """What the pictures are like from now on: one of `pictures.LOOKS`."""
        if look not in LOOKS:
            raise ValueError(f"look must be one of {', '.join(LOOKS)}, not {look!r}")
        self._pictures = encoded_loop(*self._size, look, self.name)

    # ---- serving ------------------------------------------------------------------------------

    def readable(self) -> list[int]:
        """Descriptors on which connections and requests arrive."""
        readers = [reader.fileno() for reader in self._readers]
        return readers if self._listener is None else [self._listener.fileno(), *readers]

    def writable(self) -> list[int]:
        """Descriptors of those who have not got all of their frame yet."""
        return [reader.fileno() for reader in self._readers if reader.behind]

    def due_ns(self) -> int:
        """When the next frame is to be sent."""
        return self._schedule.due_ns(self._number + 1)

    def service(self, now_ns: int) -> None:
        """Accept, read requests, send what is due; never blocks."""
        self._live_or_die()
        self._accept()
        if now_ns >= self.due_ns():
            self._next_frame(now_ns)
        for reader in self._readers:
            reader.service()
        self._readers = [reader for reader in self._readers if not reader.gone]

    def close(self) -> None:
        """Hang up and stop listening."""
        for reader in self._readers:
            reader.close()
        self._readers = []
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _scheduled(self, rate_hz: float, drift_percent: float) -> _Schedule:
        """From the last frame on, at this rate."""
        real_hz = rate_hz * (1 + drift_percent / 100)
        if not 0.1 <= real_hz <= 1000:
            raise ValueError(f"the rate must be 0.1-1000 Hz, not {real_hz}")
        return _Schedule(time.monotonic_ns(), self._number, round(1e9 / real_hz))

    def _live_or_die(self) -> None:
        if not self._alive and self._listener is not None:
            self.close()
        elif self._alive and self._listener is None:
            self._listener = self._listen(self.port)
            self._number = 0
            self._schedule = self._scheduled(self._rate_hz, self._drift_percent)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            listener.close()
            raise SimError(
                f"Camera {self.name} cannot have port {port}: {error.strerror}; choose another."
            ) from error
        listener.listen(8)
        listener.setblocking(False)
        return listener

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except OSError:  # nobody is there, or is not any more
            return
        self._readers.append(mjpeg.Reader(connection))

    def _next_frame(self, now_ns: int) -> None:
        """Send the newest frame that is due; those that were slept through are lost."""
        self._number = max(self._number, self._schedule.number_at(now_ns))
        if now_ns < self._frozen_until_ns:
            return
        part = mjpeg.part(self._jpeg())
        for reader in self._readers:
            reader.offer(part, self._keeps)

    def _jpeg(self) -> bytes:
        jpeg = self._repeated or self._picture()
        if self._spoilt:
            self._spoilt -= 1
            jpeg = _spoil(jpeg)
        return jpeg

    def _picture(self) -> bytes:
        return self._pictures[self._number % len(self._pictures)]


def _spoil(jpeg: bytes) -> bytes:
    """The picture with noise in the middle of what is compressed."""
    middle = len(jpeg) // 2
    noise = random.randbytes(_SPOILT_BYTES)
    return jpeg[:middle] + noise + jpeg[middle + _SPOILT_BYTES :]
