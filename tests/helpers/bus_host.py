"""The host's end of an emulated bus that lives in the test's own process."""

import fcntl
import os

from sim.servos.bus import ServoBus
from sim.servos.packets import build_packet

BROADCAST = 0xFE
IDS = list(range(1, 10))
BAUD = 1_000_000
"""What an ALOHA arm's servos are set to."""

TCGETS2, TCSETS2 = 0x802C542A, 0x402C542B
"""Linux' terminal settings with rates as numbers: flags, 19 control characters, two rates."""
CBAUD, BOTHER = 0o010017, 0o010000


class Host:
    """Writes bytes, lets the bus run, reads replies. `baud` None leaves a new pty as it is."""

    def __init__(self, bus: ServoBus, baud: int | None = BAUD) -> None:
        self.bus = bus
        self.descriptor = os.open(bus.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        if baud is not None:
            self.set_baud(baud)

    def set_baud(self, baud: int) -> None:
        """Sets the line speed, also one that termios has no name for."""
        settings = bytearray(fcntl.ioctl(self.descriptor, TCGETS2, bytes(44)))
        flags = int.from_bytes(settings[8:12], "little") & ~CBAUD | BOTHER
        settings[8:12] = flags.to_bytes(4, "little")
        settings[36:44] = baud.to_bytes(4, "little") * 2
        fcntl.ioctl(self.descriptor, TCSETS2, bytes(settings))

    def write(self, data: bytes) -> None:
        os.write(self.descriptor, data)

    def send(self, data: bytes, now_ns: int = 0) -> bytes:
        for start in range(0, len(data), 1024):
            os.write(self.descriptor, data[start : start + 1024])
            self.bus.service(now_ns)
        return self.receive()

    def later(self, now_ns: int) -> bytes:
        """What comes by then without another request."""
        self.bus.service(now_ns)
        return self.receive()

    def receive(self) -> bytes:
        replies = bytearray()
        while True:
            try:
                data = os.read(self.descriptor, 4096)
            except BlockingIOError:
                return bytes(replies)
            assert data, "The bus hung up."
            replies += data

    def ask(
        self, servo_id: int, instruction: int, parameters: bytes = b"", at_ns: int = 0
    ) -> bytes:
        return self.send(build_packet(servo_id, bytes((instruction,)) + parameters), at_ns)

    def ask_write(self, servo_id: int, address: int, data: bytes, instruction: int = 3) -> bytes:
        return self.ask(servo_id, instruction, address.to_bytes(2, "little") + data)

    def read_register(self, servo_id: int, address: int, size: int) -> bytes:
        return self.ask(servo_id, 0x02, bytes((address, 0, size, 0)))

    def sync_read(
        self, address: int, size: int, ids: list[int], *, fast: bool = False, at_ns: int = 0
    ) -> bytes:
        request = sync_read(address, size, ids, fast=fast)
        return self.send(request, at_ns)

    def close(self) -> None:
        os.close(self.descriptor)
        self.bus.close()


def sync_read(address: int, size: int, ids: list[int], *, fast: bool = False) -> bytes:
    span = address.to_bytes(2, "little") + size.to_bytes(2, "little")
    return build_packet(BROADCAST, bytes((0x8A if fast else 0x82,)) + span + bytes(ids))
