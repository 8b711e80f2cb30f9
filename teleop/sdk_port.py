"""dynamixel-sdk on a port that is already ours: for ping, scan, set-up and reboot.

Takes the place of the SDK's `PortHandler`, so the names and the return values are the SDK's.
Differences, on purpose: it works on our open descriptor (opening again would fail, and reset the
line), timeouts use monotonic time and a margin of our choosing rather than a guessed 16 ms, and
waiting sleeps in `poll` instead of spinning. Not for the 50 Hz loop.
"""
# ruff: noqa: N802

import time
from collections.abc import Sequence
from typing import Final

from teleop.port import SerialPort

POLL_MS: Final = 2.0


class SdkPort:
    """What `dynamixel_sdk.PacketHandler` needs of a port.

    Args:
        margin_s: what a reply may take beyond its time on the wire.
    """

    def __init__(self, port: SerialPort, margin_s: float) -> None:
        self.is_open = True
        self.is_using = False
        self._port = port
        self._margin_s = margin_s
        self._byte_s = 10.0 / port.baud
        self._received = b""
        self._deadline_s = 0.0

    def clearPort(self) -> None:
        """Throw away what has arrived."""
        self._received = b""
        self._port.discard_input()

    def getPortName(self) -> str:
        """Path of the port."""
        return self._port.path

    def getBaudRate(self) -> int:
        """Bits per second."""
        return self._port.baud

    def getBytesAvailable(self) -> int:
        """Bytes that can be read at once."""
        self._received += self._port.read()
        return len(self._received)

    def readPort(self, length: int) -> bytes:
        """Up to `length` bytes; waits a moment where there are none."""
        if not self._received and self._port.wait(POLL_MS):
            self._received = self._port.read()
        taken, self._received = self._received[:length], self._received[length:]
        return taken

    def writePort(self, packet: Sequence[int]) -> int:
        """Write all of `packet`; returns its length."""
        self._port.write(bytes(packet))
        return len(packet)

    def setPacketTimeout(self, packet_length: int) -> None:
        """Expect a reply of so many bytes from now on."""
        self.setPacketTimeoutMillis(1000 * (packet_length * self._byte_s + self._margin_s))

    def setPacketTimeoutMillis(self, msec: float) -> None:
        """Expect a reply within so many milliseconds from now on."""
        self._deadline_s = time.monotonic() + msec / 1000

    def isPacketTimeout(self) -> bool:
        """Whether the reply is overdue."""
        return time.monotonic() > self._deadline_s
