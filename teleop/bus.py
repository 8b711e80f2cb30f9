"""A servo bus of the 50 Hz loop: sync reads of several buses overlapped in one poll, sync writes.

Blocking only up to the timeout given. A servo that does not answer ends a sync read on hardware:
the IDs after it stay silent too. So what is missing is asked for once more at once, the first
silent ID last, and an ID that stays silent is put last from then on. Partial results are kept.
"""

import select
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM
from teleop.packets import (
    BROADCAST_ID,
    Instruction,
    Status,
    StatusParser,
    packet,
    sync_read,
    sync_write,
)
from teleop.port import SerialPort

SERVO_IDS: Final = tuple(range(1, SERVOS_PER_ARM + 1))
PERSISTENT_MISSES: Final = 3
"""Reads in a row without an answer that make an ID persistently silent."""

NowNs = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring registers read together.

    After each read that stayed incomplete the next one takes `lead` bytes more in front of them, in
    `shapes` lengths that come round again: lengths tell late replies to older requests from replies
    to this one.
    """

    address: int
    size: int
    lead: int = 0
    shapes: int = 1


PRESENT: Final = Block(126, 10, lead=2, shapes=12)
"""Effort (i2), velocity (i4), position (i4). More shapes than ticks in a row may stay incomplete
until the arms hold, by default: a reply to an older request never passes for a new one."""
VOLTAGE_TEMPERATURE: Final = Block(144, 3, lead=4, shapes=11)
HARDWARE_ERROR: Final = Block(70, 1, lead=1, shapes=3)
TORQUE_ENABLE: Final = Block(64, 1)
GOAL_POSITION: Final = Block(116, 4)

_GOALS: Final = struct.Struct("<BHH" + "Bi" * len(JOINT_SERVO_IDS))
_GOAL_HEAD: Final = (Instruction.SYNC_WRITE, GOAL_POSITION.address, GOAL_POSITION.size)


@dataclass(slots=True)
class BusReading:
    """What the servos of one bus answered to one read.

    Attributes:
        replies: by servo ID; a servo that refused the read has empty data and an error byte; a
            silent one is absent.
        complete_ns: the session's clock when the last reply arrived.
    """

    replies: dict[int, Status] = field(default_factory=dict)
    complete_ns: int = 0


class ServoBus:
    """The lean path to the nine servos on one port. Use `read_together` to read.

    Attributes:
        lost: servo replies that never came, since the start.
        retries: times that missing servos were asked again, since the start.
    """

    def __init__(self, name: str, port: SerialPort) -> None:
        self.name = name
        self.port = port
        self.lost = 0
        self.retries = 0
        self._parser = StatusParser()
        self._requests: dict[tuple[Block, tuple[int, ...], int], bytes] = {}
        self._misses = dict.fromkeys(SERVO_IDS, 0)
        self._order = SERVO_IDS
        self._incomplete = 0  # reads that stayed so, since the start
        self._lead = 0
        self._block = PRESENT
        self._expected = PRESENT.size
        self._missing: list[int] = []  # in the order they were asked
        self._silent: list[int] = []  # proven silent in this read: asked, with nobody silent before
        self._asked_again = False
        self._reading = BusReading()

    def write_goals(self, ticks: Sequence[int]) -> None:
        """Goal positions of the seven primaries, in servo ticks; nobody answers."""
        pairs = [number for pair in zip(JOINT_SERVO_IDS, ticks, strict=True) for number in pair]
        self.port.write(packet(BROADCAST_ID, _GOALS.pack(*_GOAL_HEAD, *pairs)))

    def write(self, address: int, size: int, values: Mapping[int, int]) -> None:
        """One register of several servos, by ID, in one sync write; nobody answers."""
        data = {
            servo_id: value.to_bytes(size, "little", signed=value < 0)
            for servo_id, value in values.items()
        }
        self.port.write(sync_write(address, size, data))

    # ---- one read, as `read_together` drives it -----------------------------------------------

    def ask(self, block: Block) -> None:
        """Ask all nine, having thrown away whatever an earlier request left behind."""
        self.port.discard_input()
        self._parser.reset()
        self._block = block
        self._lead = block.lead * (self._incomplete % block.shapes)
        self._expected = block.size + self._lead
        self._missing = list(self._order)
        self._silent = []
        self._asked_again = False
        self._reading = BusReading()
        key = (block, self._order, self._lead)
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = self._request(self._order)
        self.port.write(request)

    def ask_again(self) -> bool:
        """Ask the missing ones once more; False: not worth it, or done already."""
        known_silent = all(self._misses[i] >= PERSISTENT_MISSES for i in self._missing)
        if self._asked_again or known_silent:
            return False
        self._asked_again = True
        self.retries += 1
        self._parser.reset()
        self._silent.append(self._missing[0])
        self._missing = self._missing[1:] + self._missing[:1]
        self.port.write(self._request(self._missing))
        return True

    def _request(self, servo_ids: Sequence[int]) -> bytes:
        return sync_read(servo_ids, self._block.address - self._lead, self._expected)

    def hear(self) -> bool:
        """Take what has arrived; True: nobody is missing any more."""
        for status in self._parser.feed(self.port.read()):
            fits = len(status.data) == self._expected or (status.error and not status.data)
            if fits and status.servo_id in self._missing:
                self._missing.remove(status.servo_id)
                if self._lead:
                    status = status._replace(data=status.data[-self._block.size :])
                self._reading.replies[status.servo_id] = status
        return not self._missing

    def finish(self, now_ns: int) -> BusReading:
        """End the read and remember who was silent, whoever was silent just now the last to ask."""
        self._silent += self._missing[:1]
        for servo_id in SERVO_IDS:
            if servo_id not in self._missing:
                self._misses[servo_id] = 0
            elif servo_id in self._silent:
                self._misses[servo_id] += 1
        self._order = tuple(sorted(SERVO_IDS, key=self._lateness))
        self.lost += len(self._missing)
        if self._missing:
            self._incomplete += 1
        self._reading.complete_ns = now_ns
        return self._reading

    def _lateness(self, servo_id: int) -> tuple[bool, bool]:
        persistent = self._misses[servo_id] >= PERSISTENT_MISSES
        return persistent, persistent and servo_id in self._silent


def read_together(
    buses: Sequence[ServoBus], block: Block, timeout_s: float, now_ns: NowNs
) -> list[BusReading]:
    """Read the same registers of every servo of all `buses` at the same time.

    Blocks until all have answered, at most 2 x `timeout_s` (missing servos are asked once more).

    Raises:
        UnpluggedError: one of the ports is gone.
    """
    poller = select.poll()
    waiting: dict[int, ServoBus] = {}
    readings: dict[int, BusReading] = {}
    for bus in buses:
        bus.ask(block)
        poller.register(bus.port.fd, select.POLLIN)
        waiting[bus.port.fd] = bus
    deadline = time.monotonic() + timeout_s
    while waiting:
        left_s = deadline - time.monotonic()
        answered = [fd for fd, _ in poller.poll(max(0.0, left_s * 1000)) if waiting[fd].hear()]
        late = list(waiting) if left_s <= 0 else []
        if late:
            deadline = time.monotonic() + timeout_s
        for fd in {*answered, *(fd for fd in late if not waiting[fd].ask_again())}:
            poller.unregister(fd)
            bus = waiting.pop(fd)
            readings[fd] = bus.finish(now_ns())
    return [readings[bus.port.fd] for bus in buses]
