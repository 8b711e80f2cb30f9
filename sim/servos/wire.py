"""The serial line and its USB adapter: the line speed, and the time that replies take.

Simulated: the rate that the host has set on its port; ten bits a byte; a half-duplex line, on which
a request, the return delays and the replies follow each other; an adapter that hands bytes on in
USB packets of 62, what is left after the latency timer, counted from the first byte that waits
(FTDI; its timer runs freely, so on hardware the wait is that long at most).

Not simulated: USB frames and the way of a request through the adapter; collisions (a request that
comes while servos still answer waits for the line); the time servos need beyond their return delay.
What a reply says is what the servo held when its request was heard, not when its turn came. The
host's rate counts when its bytes are read: one that changes it right after a write that nobody
answers is heard at the new rate.
"""

from __future__ import annotations

import bisect
import collections
import fcntl
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sim.config import WireConfig

USB_PACKET_BYTES: Final = 62
"""Of an FTDI adapter's 64-byte USB packet; two bytes are its modem status."""

_BITS_PER_BYTE: Final = 10
"""Start bit, eight data bits, stop bit."""

Delayed = tuple[int, bytes]
"""Bytes, and by how many ns they come too late."""

_TCGETS2: Final = 0x802C542A
"""Linux' request for a terminal's settings with rates as numbers (x86, Arm, RISC-V)."""
_TERMIOS2_BYTES: Final = 44
_OUTPUT_SPEED: Final = struct.Struct("=40xI")


def line_baud(descriptor: int) -> int:
    """Bits per second that the host has set on a pty, asked at either end.

    The number itself and not one of the `termios` constants, which lack the odd rates.
    """
    settings = fcntl.ioctl(descriptor, _TCGETS2, bytes(_TERMIOS2_BYTES))
    return int(_OUTPUT_SPEED.unpack(settings)[0])


@dataclass(slots=True)
class _Burst:
    """Bytes that arrive at the adapter one after the other."""

    first_ns: int
    byte_ns: int
    data: bytes

    def arrival_ns(self, index: int) -> int:
        return self.first_ns + index * self.byte_ns

    def followed_by(self, first_ns: int, byte_ns: int) -> bool:
        """Whether bytes that begin then are the next of the same stream."""
        return byte_ns == self.byte_ns and first_ns == self.arrival_ns(len(self.data))

    def arrived_by(self, at_ns: int) -> int:
        """How many of the bytes are there at `at_ns`."""
        if at_ns < self.first_ns:
            return 0
        if self.byte_ns == 0:
            return len(self.data)
        return min(len(self.data), (at_ns - self.first_ns) // self.byte_ns + 1)


class Wire:
    """Reply bytes on their way to the host.

    `due_ns` is when `take` next has some; None: nothing is under way. `waiting_bytes` says how many
    are under way. Without `config`'s options everything is due at once, whatever is asked to come
    later excepted.
    """

    def __init__(self, config: WireConfig) -> None:
        self.instant = not config.wire_time and config.usb_latency_ms == 0.0
        self.due_ns: int | None = None
        self.waiting_bytes = 0
        self._timed = config.wire_time
        self._latency_ns = round(config.usb_latency_ms * 1e6)
        self._byte_ns = 0
        self._free_ns = 0
        self._bursts: list[_Burst] = []  # by time of arrival
        self._next_size = 0
        self._ends: collections.deque[int] = collections.deque()  # of packets, in bytes ever sent
        self._begun = self._sent = self._handed = 0

    @property
    def within_packet(self) -> bool:
        """The host has a part of a packet only: whatever reaches it now falls into that packet.

        Only where no packet has been overtaken by another.
        """
        while self._ends and self._ends[0] <= self._handed:
            self._begun = self._ends.popleft()
        return bool(self._ends) and self._handed > self._begun

    def hear(self, size: int, baud: int, now_ns: int) -> None:
        """The host sends `size` bytes: the line is taken until they have passed."""
        if self._timed:
            self._byte_ns = round(_BITS_PER_BYTE * 1e9 / baud) if baud else 0
            self._free_ns = max(self._free_ns, now_ns) + size * self._byte_ns
        else:
            self._free_ns = now_ns

    def send(self, answers: Iterable[tuple[int, Sequence[Delayed]]]) -> None:
        """The answers to what was just heard, in turn: each a return delay and what goes out then.

        An extra delay holds up the rest of the same answers, but not those to the next request.
        """
        late_ns = 0
        for return_delay_ns, parts in answers:
            if self._timed:
                self._free_ns += return_delay_ns
            for extra_ns, data in parts:
                late_ns += extra_ns
                if data:
                    self._append(self._free_ns + late_ns + self._byte_ns, data)
                    self._free_ns += len(data) * self._byte_ns
                    self.waiting_bytes += len(data)
                    self._sent += len(data)
                    self._ends.append(self._sent)
        self._plan()

    def _append(self, first_ns: int, data: bytes) -> None:
        """One more burst; or more bytes of the last one, which they follow without a pause.

        An adapter without a latency timer hands over packet by packet, so there they stay apart.
        """
        bursts, byte_ns = self._bursts, self._byte_ns
        if self._latency_ns and bursts and bursts[-1].followed_by(first_ns, byte_ns):
            bursts[-1].data += data
        else:
            bisect.insort(bursts, _Burst(first_ns, byte_ns, data), key=_first_ns)

    def take(self, now_ns: int) -> bytes:
        """What the adapter has handed over by now."""
        taken = bytearray()
        while self.due_ns is not None and self.due_ns <= now_ns:
            self._hand_over(taken)
            self._plan()
        self.waiting_bytes -= len(taken)
        self._handed += len(taken)
        if self.due_ns is None:
            self._ends.clear()
            self._begun = self._handed
        return bytes(taken)

    def clear(self) -> None:
        """Loses everything under way."""
        self._bursts.clear()
        self._ends.clear()
        self._begun = self._handed = self._sent
        self.waiting_bytes = 0
        self._plan()

    def _hand_over(self, taken: bytearray) -> None:
        """Moves the next `_next_size` bytes."""
        left = self._next_size
        while left:
            burst = self._bursts[0]
            taken += burst.data[:left]
            if len(burst.data) > left:
                burst.first_ns = burst.arrival_ns(left)
                burst.data = burst.data[left:]
                return
            left -= len(burst.data)
            del self._bursts[0]

    def _plan(self) -> None:
        """Finds out when how many bytes are handed over next."""
        if not self._bursts:
            self.due_ns = None
            return
        first = self._bursts[0]
        if self._latency_ns == 0:
            self._next_size = len(first.data)
            self.due_ns = first.arrival_ns(self._next_size - 1)
            return
        self._next_size, self.due_ns = 0, first.first_ns + self._latency_ns
        for burst in self._bursts:
            arrived = burst.arrived_by(self.due_ns)
            if self._next_size + arrived >= USB_PACKET_BYTES:
                self.due_ns = burst.arrival_ns(USB_PACKET_BYTES - self._next_size - 1)
                self._next_size = USB_PACKET_BYTES
                return
            self._next_size += arrived


def _first_ns(burst: _Burst) -> int:
    return burst.first_ns
