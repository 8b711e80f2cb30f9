"""Questions to the servos of several adapters at once: packets out, one poll, packets in.

Slower and more patient than the 50 Hz loop, and it tells silence from garbled answers, which two
servos with one ID give. Blocks up to the patience of each question.
"""

import select
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from teleop.errors import UnpluggedError
from teleop.packets import BROADCAST_ID, STATUS_OVERHEAD, Status, StatusParser
from teleop.packets import ping as ping_packet
from teleop.packets import read as read_packet
from teleop.packets import reboot as reboot_packet
from teleop.packets import write as write_packet
from teleop.port import SerialPort
from teleop.registers import MODELS, ServoModel

PATIENCE_S: Final = 0.06
"""For one reply beside its time on the wire: an adapter whose latency timer is still 16 ms, twice,
and a busy machine."""
ATTEMPTS: Final = 3
BROADCAST_WINDOW_S: Final = 0.8
"""How long servos may take to answer a broadcast ping: dynamixel-sdk reckons with 3 ms an ID."""
PING_REPLY_BYTES: Final = STATUS_OVERHEAD + 3
RESULT_BITS: Final = 0x7F
"""Of the error byte: why the instruction failed. The bit above is the hardware alert."""


@dataclass(frozen=True, slots=True)
class FoundServo:
    """A servo that answered a ping."""

    servo_id: int
    baud: int
    number: int
    firmware: int

    @property
    def model(self) -> ServoModel | None:
        """Its model, where it is one that ALOHA arms have."""
        return MODELS.get(self.number)

    @property
    def name(self) -> str:
        """Model name, or its number."""
        return self.model.name if self.model else f"unknown model {self.number}"


@dataclass(slots=True)
class Heard:
    """What came back on one line.

    Attributes:
        received: all bytes, without an echo of the request.
        gone: the port was unplugged meanwhile.
    """

    statuses: list[Status] = field(default_factory=list)
    received: bytes = b""
    gone: bool = False

    def servos(self, baud: int) -> tuple[FoundServo, ...]:
        """The servos that answered a ping."""
        return tuple(
            FoundServo(s.servo_id, baud, s.data[0] | s.data[1] << 8, s.data[2])
            for s in self.statuses
            if len(s.data) == 3
        )

    @property
    def garbled_ping(self) -> bool:
        """Whether bytes came that are no answer to a ping."""
        return len(self.received) > PING_REPLY_BYTES * len(self.statuses)


class Lines:
    """The open ports of several adapters by name, asked at the same time."""

    def __init__(self, ports: Mapping[str, SerialPort]) -> None:
        self.ports = dict(ports)

    def broadcast(self, window_s: float = BROADCAST_WINDOW_S) -> dict[str, Heard]:
        """Who is there, by name of the line. Always takes the whole window."""
        return self._ask(dict.fromkeys(self.ports, ping_packet(BROADCAST_ID)), None, window_s)

    def ping(self, servo_id: int, names: Iterable[str]) -> dict[str, Heard]:
        """Ping one ID on each of these lines; asked again where no intact answer came."""
        return self._insist(dict.fromkeys(names, ping_packet(servo_id)), servo_id, PING_REPLY_BYTES)

    def read(
        self, servo_id: int, address: int, size: int, names: Iterable[str]
    ) -> dict[str, bytes]:
        """Registers of one ID, from the lines on which it answered."""
        request = read_packet(servo_id, address, size)
        heard = self._insist(dict.fromkeys(names, request), servo_id, STATUS_OVERHEAD + size)
        answers = {name: _answer_of(servo_id, each) for name, each in heard.items()}
        return {
            name: status.data
            for name, status in answers.items()
            if status is not None and len(status.data) == size
        }

    def write(self, name: str, servo_id: int, address: int, data: bytes) -> bool:
        """Write registers of one servo; False: not confirmed, or refused."""
        return self._obeyed(name, servo_id, write_packet(servo_id, address, data))

    def reboot(self, name: str, servo_id: int) -> bool:
        """Restart one servo; False: not confirmed."""
        return self._obeyed(name, servo_id, reboot_packet(servo_id))

    def _obeyed(self, name: str, servo_id: int, request: bytes) -> bool:
        heard = self._insist({name: request}, servo_id, STATUS_OVERHEAD)
        status = _answer_of(servo_id, heard[name])
        return status is not None and not status.error & RESULT_BITS

    def _insist(
        self, requests: Mapping[str, bytes], servo_id: int, reply_bytes: int
    ) -> dict[str, Heard]:
        """Ask for one reply a line, up to `ATTEMPTS` times where none came intact."""
        heard: dict[str, Heard] = {}
        waiting = dict(requests)
        for _ in range(ATTEMPTS):
            if not waiting:
                break
            slowest = min(self.ports[name].baud for name in waiting)
            round_ = self._ask(waiting, 1, PATIENCE_S + 10 * reply_bytes / slowest)
            heard |= round_
            for name, each in round_.items():
                if each.gone or _answer_of(servo_id, each) is not None:
                    del waiting[name]
        return heard

    def _ask(
        self, requests: Mapping[str, bytes], replies: int | None, patience_s: float
    ) -> dict[str, Heard]:
        """Send to each line and listen until `replies` have come on each, or time is up."""
        heard = {name: Heard() for name in requests}
        parsers = {name: StatusParser() for name in requests}
        names = {self.ports[name].fd: name for name in requests}
        poller = select.poll()
        listening = {name for name in requests if self._send(name, requests[name], heard[name])}
        for name in listening:
            poller.register(self.ports[name].fd, select.POLLIN)
        deadline = time.monotonic() + patience_s
        while listening and (left_s := deadline - time.monotonic()) > 0:
            for fd, _ in poller.poll(left_s * 1000):
                name = names[fd]
                self._listen(name, heard[name], parsers[name])
                if heard[name].gone or len(heard[name].statuses) == replies:
                    poller.unregister(fd)
                    listening.discard(name)
        for name, request in requests.items():
            heard[name].received = heard[name].received.removeprefix(request)
        return heard

    def _send(self, name: str, request: bytes, heard: Heard) -> bool:
        try:
            self.ports[name].discard_input()
            self.ports[name].write(request)
        except UnpluggedError:
            heard.gone = True
        return not heard.gone

    def _listen(self, name: str, heard: Heard, parser: StatusParser) -> None:
        try:
            data = self.ports[name].read()
        except UnpluggedError:
            heard.gone = True
            return
        heard.received += data
        heard.statuses += parser.feed(data)


def _answer_of(servo_id: int, heard: Heard) -> Status | None:
    return next((each for each in heard.statuses if each.servo_id == servo_id), None)
