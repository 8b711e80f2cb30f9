"""A servo bus of the 50 Hz loop: sync reads of several buses overlapped in one poll, sync writes.

Blocking only up to the timeout given. A servo that does not answer ends a sync read on hardware:
the IDs after it stay silent too. So what is missing is asked for once more at once, the first
silent ID last, and an ID that stays silent is put last from then on. Partial results are kept.

A port that goes away takes its bus out of the reads and writes of the others: it is disconnected,
answers nothing and hears nothing until `reconnect`.
"""

import select
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from teleop.errors import UnpluggedError
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM
from teleop.packets import (
    BROADCAST_ID,
    STATUS_OVERHEAD,
    Instruction,
    Status,
    StatusParser,
    chain,
    packet,
    reboot,
    status_header,
    sync_read,
    sync_write,
)
from teleop.port import SerialPort

SERVO_IDS: Final = tuple(range(1, SERVOS_PER_ARM + 1))
REBOOT_ANSWER_MS: Final = 5.0
PERSISTENT_MISSES: Final = 3
"""Reads in a row without an answer that make an ID persistently silent."""
BITS_PER_BYTE: Final = 10
"""Start bit, eight data bits, stop bit."""
REQUEST_BYTES: Final = 23
"""A sync read of nine servos."""
MORE_S: Final = 40e-6
LESS_S: Final = 10e-6
"""How the moment is learned at which to look: later where an answer was not whole yet, earlier
where it was, so that four of five are whole at the first look. A USB adapter hands bytes on in
packets of 62; waking up for each of sixteen costs a third of the loop's CPU (measured)."""
MOST_TRANSIT_S: Final = 2e-3
COMPLETE_TO_FORGET: Final = 25
"""Complete reads in a row (half a second of ticks) after which no late reply is feared any more."""
VAIN_TIMEOUT_S: Final = 0.02
"""Patience in lock-step where only such are missing."""
SILENCE_S: Final = 0.1
"""The same after some have answered: the world's pauses are long, but its servos answer in one
go."""
PATIENCE_S: Final = 4e-3
VAIN_PATIENCE_S: Final = 1e-3
"""Beyond the moment at which an answer is due on a line that takes its time: for what the system
does meanwhile. Asking earlier would talk into the servos' answers."""

NowNs = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring registers read together.

    After each read that stayed incomplete the next ones take `lead` bytes more in front of them, in
    `shapes` lengths that come round again: lengths tell late replies to older requests from replies
    to this one. Once nothing has been missing for a while, nothing late can come.
    """

    address: int
    size: int
    lead: int = 0
    shapes: int = 1


PRESENT: Final = Block(126, 10, lead=2, shapes=12)
"""Effort (i2), velocity (i4), position (i4). More shapes than ticks in a row may stay incomplete
until the arms hold, by default: a reply to an older request never passes for a new one."""
VOLTAGE_TEMPERATURE: Final = Block(144, 3, lead=4, shapes=11)
CONDITION: Final = Block(64, 7)
"""Torque enable (first byte) to hardware error status (last byte)."""
TORQUE_ENABLE: Final = Block(64, 1)
WATCHDOG: Final = Block(98, 1)
GOAL_POSITION: Final = Block(116, 4)

_GOALS: Final = struct.Struct("<BHH" + "Bi" * len(JOINT_SERVO_IDS))
_GOAL_HEAD: Final = (Instruction.SYNC_WRITE, GOAL_POSITION.address, GOAL_POSITION.size)


class BusReading:
    """What the servos of one bus answered to one read.

    Attributes:
        complete_ns: the session's clock when the last reply arrived.
        whole: where all nine answered at once, and whole: their data and their error bytes, both in
            the order of IDs.
    """

    __slots__ = ("_replies", "complete_ns", "whole")

    def __init__(self) -> None:
        self.complete_ns = 0
        self.whole: tuple[bytes, bytes] | None = None
        self._replies: dict[int, Status] | None = None

    @property
    def replies(self) -> dict[int, Status]:
        """By servo ID; a servo that refused the read has empty data and an error byte; a silent one
        is absent."""
        if self._replies is None:
            self._replies = {}
        if self.whole is not None:
            data, errors = self.whole
            size = len(data) // SERVOS_PER_ARM
            for index, servo_id in enumerate(SERVO_IDS):
                part = data[index * size : (index + 1) * size]
                self._replies[servo_id] = Status(servo_id, errors[index], part)
            self.whole = None
        return self._replies


class ServoBus:
    """The lean path to the nine servos on one port. Use `read_together` to read.

    Attributes:
        connected: the port is there. While it is not, writes go nowhere and reads answer nothing.
        lost: servo replies that never came, since the start.
        retries: servo replies that did not come intact and were asked for again, since the start.
        timed: the line takes the time that its speed says; not so on a rig in lock-step.
    """

    def __init__(self, name: str, port: SerialPort) -> None:
        self.name = name
        self.port = port
        self.connected = True
        self.lost = 0
        self.retries = 0
        self.timed = False
        self._parser = StatusParser()
        self._requests: dict[tuple[int, int, int, tuple[int, ...]], bytes] = {}
        self._misses = dict.fromkeys(SERVO_IDS, 0)
        self._has_misses = False
        self._order = SERVO_IDS
        self._shape = 0  # of the coming read
        self._complete = 0  # reads in a row
        self._lead = 0
        self._block = PRESENT
        self._expected = PRESENT.size
        self._missing: list[int] = []  # in the order they were asked
        self._silent: list[int] = []  # proven silent in this read: asked, with nobody silent before
        self._asked_again = False
        self._reading = BusReading()
        self._raw = b""  # heard, but not looked at yet
        self._whole_yet = False  # what was heard may still be nine answers and nothing else
        self._asked_s = self._heard_s = self._wire_s = 0.0
        self._times_heard = 0
        self._transit_s = 0.0  # what answers take beyond their time on the wire, as of late

    def write_goals(self, ticks: Sequence[int]) -> None:
        """Goal positions of the seven primaries, in servo ticks; nobody answers."""
        pairs = [number for pair in zip(JOINT_SERVO_IDS, ticks, strict=True) for number in pair]
        self._send(packet(BROADCAST_ID, _GOALS.pack(*_GOAL_HEAD, *pairs)))

    def write(self, address: int, size: int, values: Mapping[int, int]) -> None:
        """One register of several servos, by ID, in one sync write; nobody answers."""
        data = {
            servo_id: value.to_bytes(size, "little", signed=value < 0)
            for servo_id, value in values.items()
        }
        self._send(sync_write(address, size, data))

    def reboot(self, servo_id: int) -> None:
        """Restart a servo: its torque goes off, its errors are cleared. Its shadow hears it too."""
        self._send(reboot(servo_id))
        if self.connected:
            self.port.wait(REBOOT_ANSWER_MS)
            self.discard_input()

    def reconnect(self) -> None:
        """Open the port again, after it went away.

        Raises:
            PortError: it is not there yet, or another program holds it.
        """
        self.port = SerialPort(self.port.path, self.port.baud)
        self.connected = True

    def disconnect(self) -> None:
        """The port is gone: leave it alone until `reconnect`."""
        self.connected = False
        self.port.close()

    def discard_input(self) -> None:
        """Throw away what an earlier request left behind, or noise."""
        if self.connected:
            try:
                self.port.discard_input()
            except UnpluggedError:
                self.disconnect()

    def _send(self, data: bytes) -> None:
        if self.connected:
            try:
                self.port.write(data)
            except UnpluggedError:
                self.disconnect()

    # ---- one read, as `read_together` drives it -----------------------------------------------

    def ask(self, block: Block) -> bool:
        """Ask all nine, with nothing left behind by an earlier request; False: no port."""
        self._parser.reset()
        self._block = block
        self._lead = block.lead * (self._shape % block.shapes)
        self._expected = block.size + self._lead
        self._missing = list(self._order)
        self._silent = []
        self._asked_again = False
        self._reading = BusReading()
        self._raw = b""
        self._times_heard = 0
        self._whole_yet = self._order == SERVO_IDS
        self._asked_s, self._wire_s = time.monotonic(), self._time_on_wire_s()
        self._heard_s = self._asked_s
        key = (block.address, block.size, self._lead, self._order)
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = self._request(self._order)
        self._send(request)
        return self.connected

    @property
    def due_s(self) -> float:
        """When the whole answer will be there (CLOCK_MONOTONIC): nobody need wake up earlier."""
        return self._asked_s + self._wire_s + self._transit_s

    def give_up_s(self, timeout_s: float) -> float:
        """When it is certain that nothing more will come (CLOCK_MONOTONIC)."""
        if self.timed:
            return self.due_s + (VAIN_PATIENCE_S if self.waits_in_vain else PATIENCE_S)
        if self.waits_in_vain:
            return self._heard_s + min(timeout_s, VAIN_TIMEOUT_S)
        answering = self._raw or len(self._missing) < SERVOS_PER_ARM
        return self._heard_s + min(timeout_s, SILENCE_S if answering else timeout_s)

    @property
    def waits_in_vain(self) -> bool:
        """Only servos that have been silent for a while are missing."""
        if not self._has_misses:
            return False
        return all(map(self._is_silent, self._missing))

    @property
    def is_over(self) -> bool:
        """The last one asked has answered, and who is missing then was asked again in vain, or
        needs no asking: nobody will answer any more. Otherwise they are asked again now."""
        if self._asked_again or self._whole_yet or self._order[-1] in self._missing:
            return False
        return not self.ask_again()

    def ask_again(self) -> bool:
        """Ask the missing ones once more; False: not worth it, or done already."""
        self._parse(b"")
        if not self._missing or self._asked_again or self.waits_in_vain:
            return False
        self._asked_again = True
        self.retries += len(self._missing)
        self._parser.reset()
        self._silent.append(self._missing[0])
        again = [*self._missing[1:], self._missing[0]]
        self._missing = sorted(again, key=self._is_silent)
        hopeful = [servo_id for servo_id in self._missing if not self._is_silent(servo_id)]
        self._asked_s, self._wire_s = time.monotonic(), self._time_on_wire_s(len(hopeful))
        self._heard_s = self._asked_s
        self._send(self._request(hopeful))
        return self.connected

    def _is_silent(self, servo_id: int) -> bool:
        return self._misses[servo_id] >= PERSISTENT_MISSES

    def _request(self, servo_ids: Sequence[int]) -> bytes:
        return sync_read(servo_ids, self._block.address - self._lead, self._expected)

    def hear(self) -> bool:
        """Take what has arrived; True: nobody is missing any more, or nobody will come."""
        try:
            data = self.port.read()
        except UnpluggedError:
            self.disconnect()
            return True
        self._times_heard += 1
        self._heard_s = time.monotonic()
        if self._whole_yet:
            self._take_whole(data)
        else:
            self._parse(data)
        return not self._missing

    def _take_whole(self, data: bytes) -> None:
        """The usual case: nine answers of known length, one after the other."""
        self._raw += data
        stride = self._expected + STATUS_OVERHEAD
        if len(self._raw) < stride * SERVOS_PER_ARM:
            if self._raw[-stride:].startswith(status_header(SERVO_IDS[-1], self._expected)):
                self._parse(b"")  # the last one has answered, and something is missing
            return
        self._reading.whole = chain(self._raw, SERVO_IDS, self._expected, self._block.size)
        if self._reading.whole is None:
            self._parse(b"")
        else:
            self._missing, self._raw = [], b""

    def _parse(self, data: bytes) -> None:
        """Whatever it is: noise, stuffed bytes, replies out of turn."""
        data, self._raw, self._whole_yet = self._raw + data, b"", False
        for status in self._parser.feed(data):
            fits = len(status.data) == self._expected or (status.error and not status.data)
            if fits and status.servo_id in self._missing:
                self._missing.remove(status.servo_id)
                if self._lead:
                    status = status._replace(data=status.data[-self._block.size :])
                self._reading.replies[status.servo_id] = status

    def finish(self, now_ns: int) -> BusReading:
        """End the read and remember who was silent, whoever was silent just now the last to ask."""
        self._reading.complete_ns = now_ns
        self._complete += 1
        if self._complete > COMPLETE_TO_FORGET:
            self._shape = 0
        if self._missing or self._has_misses:
            self._note_silence()
        elif not self._asked_again:
            step_s = -LESS_S if self._times_heard == 1 else MORE_S
            self._transit_s = min(max(self._transit_s + step_s, -self._wire_s), MOST_TRANSIT_S)
        return self._reading

    def _note_silence(self) -> None:
        self._silent += self._missing[:1]
        for servo_id in SERVO_IDS:
            if servo_id not in self._missing:
                self._misses[servo_id] = 0
            elif servo_id in self._silent:
                self._misses[servo_id] += 1
        self._has_misses = any(self._misses.values())
        self._order = tuple(sorted(SERVO_IDS, key=self._lateness))
        self.lost += len(self._missing)
        if self._missing:
            self._shape, self._complete = self._shape + 1, 0

    def _time_on_wire_s(self, servos: int = SERVOS_PER_ARM) -> float:
        """Of a request and the answers of so many servos, with return delays at 0."""
        answers = servos * (self._expected + STATUS_OVERHEAD)
        return BITS_PER_BYTE * (REQUEST_BYTES + answers) / self.port.baud if self.timed else 0.0

    def _lateness(self, servo_id: int) -> tuple[bool, bool]:
        persistent = self._is_silent(servo_id)
        return persistent, persistent and servo_id in self._silent


def read_together(
    buses: Sequence[ServoBus], block: Block, timeout_s: float, now_ns: NowNs
) -> list[BusReading]:
    """Read the same registers of every servo of all `buses` at the same time.

    Blocks until all have answered, at most 2 x `timeout_s` (missing servos are asked once more), or
    on a timed line until 4 ms after the answers were due. A bus without its port has an empty
    reading; one that loses it now is disconnected.
    """
    waiting = {bus.port.fd: bus for bus in buses if bus.connected}
    poller = select.poll()
    for fd in waiting:
        poller.register(fd, select.POLLIN)
    for fd, _ in poller.poll(0):
        waiting[fd].discard_input()
    for fd, bus in list(waiting.items()):
        if not bus.ask(block):
            poller.unregister(fd)
            del waiting[fd]
    if any([bus.timed for bus in waiting.values()]):
        time.sleep(max(0.0, max([bus.due_s for bus in waiting.values()]) - time.monotonic()))
    readings: dict[ServoBus, BusReading] = {}
    while waiting:
        over_s = min([bus.give_up_s(timeout_s) for bus in waiting.values()])
        events = poller.poll(max(0.0, (over_s - time.monotonic()) * 1000))
        over = [fd for fd, _ in events if waiting[fd].hear() or waiting[fd].is_over]
        if not events:
            now_s = time.monotonic()
            late = [fd for fd, bus in waiting.items() if bus.give_up_s(timeout_s) <= now_s]
            over = [fd for fd in late if not waiting[fd].ask_again()]
        for fd in over:
            poller.unregister(fd)
            bus = waiting.pop(fd)
            readings[bus] = bus.finish(now_ns())
    return [readings.get(bus) or BusReading() for bus in buses]
