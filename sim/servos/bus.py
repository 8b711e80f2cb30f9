"""An arm's emulated servo bus: half-duplex TTL behind a USB adapter, on a pseudo-terminal.

Simulated: ping (also broadcast), read, write, sync read, sync write and reboot, with status
packets, stuffing and CRC; secondary IDs; the status return level; the daisy chain of a sync read,
which *ends at the first servo that does not answer*; a servo's silence while it boots.

Chosen where the manual leaves it open (check on hardware): a shadow also executes a reboot that is
addressed to its secondary ID, as it does writes to RAM; a damaged packet addressed to one servo
gets a CRC error status; a write that changes the ID is answered under the old one.

Not simulated: time on the wire, return delay, the adapter's latency timer and the line speed (any
baud rate is heard); collisions, two servos with one ID included (the later one wins); the echo some
adapters give; the bus watchdog. Factory reset, bulk, registered and fast sync instructions get an
instruction error when sent to one servo and nothing when broadcast.
"""

from __future__ import annotations

import contextlib
import os
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sim.servos.packets import (
    BROADCAST_ID,
    Error,
    Instruction,
    InstructionPacket,
    InstructionParser,
    build_status,
)
from sim.servos.servo import Servo
from teleop.registers import RAM_START

_READ_CHUNK: Final = 4096
_MAX_BACKLOG: Final = 65_536
"""Reply bytes kept for a host that does not read; past that, whole replies are dropped."""

_PING_LEVEL, _READ_LEVEL, _ALL_LEVEL = 0, 1, 2
"""Lowest status return level at which an instruction is answered."""


@dataclass(slots=True)
class BusCounters:
    """What a bus has seen since it was made."""

    packets: int = 0
    crc_errors: int = 0
    junk_bytes: int = 0
    dropped_bytes: int = 0


class ServoBus:
    """One bus of servos on a pty. Single-threaded: poll `fileno()`, then call `service`.

    `port` is the path a host opens. The host's side stays open here too, so that a host may come
    and go; only `unplug` makes it see a hang-up. `garble`, where set, gets every burst of reply
    bytes and returns what really goes out: a place for faults.
    """

    def __init__(self, servos: Sequence[Servo]) -> None:
        self.servos = tuple(servos)
        self.garble: Callable[[bytes], bytes] | None = None
        self._packets = 0
        self._dropped_bytes = 0
        self._parser = InstructionParser()
        self._backlog = bytearray()
        self._index_ids()
        self.plug()

    # ---- the plug -----------------------------------------------------------------------------

    def plug(self) -> None:
        """Connects the adapter: a new pty, so `port` and `fileno()` change."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)

    def unplug(self) -> None:
        """Pulls the adapter: the host sees a hang-up; the servos keep their state."""
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self._slave = -1
        self._backlog.clear()

    def close(self) -> None:
        """Ends the bus. Harmless when repeated."""
        self.unplug()

    def fileno(self) -> int:
        """The descriptor to poll for instructions; -1 while unplugged."""
        return self._master

    @property
    def counters(self) -> BusCounters:
        """Totals so far; `packets` counts intact ones."""
        parser = self._parser
        return BusCounters(self._packets, parser.crc_errors, parser.junk_bytes, self._dropped_bytes)

    # ---- instructions in, replies out ---------------------------------------------------------

    def service(self, now_ns: int, *, drain: bool = True) -> int:
        """Answers every complete instruction that has arrived; returns how many packets that was.

        `now_ns` is the servos' time (boot times, `realtime_tick`). Never blocks: replies that the
        host does not take wait for the next call, up to a bound.

        Only with `drain` is it certain that nothing written before the call is left: the kernel
        hands bytes through a pty in the background, and a read that finds none waits for that.
        Whoever polls the descriptor anyway saves that read.
        """
        if self._master < 0:
            return 0
        self._flush()
        handled = 0
        while data := self._receive():
            for packet in self._parser.feed(data):
                handled += 1
                if replies := self._execute(packet, now_ns):
                    self._send(b"".join(replies))
            if not drain:
                break
        return handled

    def _receive(self) -> bytes:
        try:
            return os.read(self._master, _READ_CHUNK)
        except BlockingIOError:
            return b""

    def _send(self, replies: bytes) -> None:
        if self.garble is not None:
            replies = self.garble(replies)
        if len(self._backlog) + len(replies) > _MAX_BACKLOG:
            self._dropped_bytes += len(replies)
            return
        self._backlog += replies
        self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._backlog:
                sent = os.write(self._master, self._backlog)
                del self._backlog[:sent]

    def _execute(self, packet: InstructionPacket, now_ns: int) -> list[bytes]:
        if not packet.intact:
            return self._refuse(packet.servo_id, Error.CRC, now_ns)
        self._packets += 1
        match packet.instruction:
            case Instruction.PING:
                return self._ping(packet.servo_id, now_ns)
            case Instruction.READ:
                return self._read(packet.servo_id, packet.parameters, now_ns)
            case Instruction.WRITE:
                return self._write(packet.servo_id, packet.parameters, now_ns)
            case Instruction.REBOOT:
                return self._reboot(packet.servo_id, now_ns)
            case Instruction.SYNC_READ:
                return self._sync_read(packet.parameters, now_ns)
            case Instruction.SYNC_WRITE:
                return self._sync_write(packet.parameters, now_ns)
            case Instruction.STATUS:
                return []
            case _:
                return self._refuse(packet.servo_id, Error.INSTRUCTION, now_ns)

    def _ping(self, servo_id: int, now_ns: int) -> list[bytes]:
        ids = sorted(self._by_id) if servo_id == BROADCAST_ID else [servo_id]
        pinged = [self._listening(each, _PING_LEVEL, now_ns) for each in ids]
        return [
            build_status(servo.servo_id, error, identity[:2] + identity[6:])
            for servo in pinged
            if servo is not None
            for error, identity in [servo.read(0, 7, now_ns)]
        ]

    def _read(self, servo_id: int, parameters: bytes, now_ns: int) -> list[bytes]:
        servo = self._listening(servo_id, _READ_LEVEL, now_ns)
        if servo is None:
            return []
        if len(parameters) != 4:
            return [build_status(servo_id, servo.alert | Error.DATA_LENGTH)]
        error, data = servo.read(_word(parameters, 0), _word(parameters, 2), now_ns)
        return [build_status(servo_id, error, data)]

    def _sync_read(self, parameters: bytes, now_ns: int) -> list[bytes]:
        """Each servo answers after its predecessor has: the first silence ends the chain."""
        if len(parameters) < 4:
            return []
        address, size = _word(parameters, 0), _word(parameters, 2)
        replies: list[bytes] = []
        for servo_id in parameters[4:]:
            servo = self._listening(servo_id, _READ_LEVEL, now_ns)
            if servo is None:
                break
            error, data = servo.read(address, size, now_ns)
            replies.append(build_status(servo_id, error, data))
        return replies

    def _write(self, servo_id: int, parameters: bytes, now_ns: int) -> list[bytes]:
        if len(parameters) < 2:
            return self._refuse(servo_id, Error.DATA_LENGTH, now_ns)
        # The answer carries the ID that was addressed, also where the write has just changed it.
        answering = self._listening(servo_id, _ALL_LEVEL, now_ns)
        error = self._write_to(servo_id, _word(parameters, 0), parameters[2:], now_ns)
        self._index_ids_after(_word(parameters, 0))
        return [] if answering is None else [build_status(servo_id, error)]

    def _sync_write(self, parameters: bytes, now_ns: int) -> list[bytes]:
        if len(parameters) < 4:
            return []
        address, size = _word(parameters, 0), _word(parameters, 2)
        for start in range(4, len(parameters) - size, 1 + size):
            data = parameters[start + 1 : start + 1 + size]
            self._write_to(parameters[start], address, data, now_ns)
        self._index_ids_after(address)
        return []

    def _reboot(self, servo_id: int, now_ns: int) -> list[bytes]:
        """Answers first, then boots: the answer still carries the alert that led to the reboot."""
        servo = self._listening(servo_id, _ALL_LEVEL, now_ns)
        replies = [build_status(servo_id, servo.alert)] if servo is not None else []
        for addressed, _ in self._addressed(servo_id, now_ns):
            addressed.reboot(now_ns)
        return replies

    def _refuse(self, servo_id: int, error: Error, now_ns: int) -> list[bytes]:
        servo = self._listening(servo_id, _ALL_LEVEL, now_ns)
        return [] if servo is None else [build_status(servo_id, servo.alert | error)]

    # ---- who is meant -------------------------------------------------------------------------

    def _write_to(self, servo_id: int, address: int, data: bytes, now_ns: int) -> int:
        """Writes to every servo that `servo_id` means; the error byte of the one that owns it."""
        owners_error = 0
        for servo, as_secondary in self._addressed(servo_id, now_ns):
            error = servo.write(address, data, as_secondary=as_secondary)
            if not as_secondary:
                owners_error = error
        return owners_error

    def _listening(self, servo_id: int, level: int, now_ns: int) -> Servo | None:
        """The servo that answers an instruction of this level for this ID, if there is one."""
        servo = self._by_id.get(servo_id)
        if servo is None or not servo.hears(now_ns):
            return None
        return servo if servo.status_return_level >= level else None

    def _addressed(self, servo_id: int, now_ns: int) -> list[tuple[Servo, bool]]:
        """Servos that execute an instruction for `servo_id`; True where by secondary ID."""
        if servo_id == BROADCAST_ID:
            return [(servo, False) for servo in self.servos if servo.hears(now_ns)]
        owner = self._by_id.get(servo_id)
        meant = [(owner, False)] if owner is not None else []
        meant += [(servo, True) for servo in self._shadows.get(servo_id, ())]
        return [(servo, secondary) for servo, secondary in meant if servo.hears(now_ns)]

    def _index_ids_after(self, address: int) -> None:
        if address < RAM_START:
            self._index_ids()

    def _index_ids(self) -> None:
        self._by_id = {servo.servo_id: servo for servo in self.servos}
        self._shadows: dict[int, list[Servo]] = {}
        for servo in self.servos:
            if servo.secondary_id != servo.servo_id:
                self._shadows.setdefault(servo.secondary_id, []).append(servo)


def _word(parameters: bytes, at: int) -> int:
    return parameters[at] | parameters[at + 1] << 8
