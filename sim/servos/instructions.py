"""What the servos of one bus do with an instruction, and what they answer.

Simulated: ping (also broadcast), read, write, reg write, action, factory reset, reboot, clear,
sync and bulk reads and writes, fast sync and bulk reads; a servo hears only its own line speed;
secondary IDs; status return levels; the daisy chain of a group read, which *ends at the first servo
that does not answer*, also in the middle of a fast read's only packet.

Chosen where the manual leaves it open (check on hardware):
- A shadow also executes a reg write, an action, a reboot and a clear that are addressed to its
  secondary ID, as it does writes to RAM; a factory reset only by its own ID.
- A damaged packet addressed to one servo gets a CRC error status.
- A write or factory reset that changes ID or line speed is answered under the old ones.
- A clear with other parameters than those of the multi-turn reset, or a factory reset with an
  unknown option, is a data range error.
- A servo that refuses its part of a fast read sends zeros. Only the return delay of the first servo
  comes before a fast answer.
- Group instructions count whatever ID they are addressed to.

Not simulated: collisions, two servos with one ID included (the first one answers, both obey);
control table backup (0x20), answered like any unknown instruction with an instruction error where
it is sent to one servo, and not at all when broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from sim.servos.packets import (
    BROADCAST_ID,
    FAST_OVERHEAD,
    Error,
    Instruction,
    InstructionPacket,
    build_fast_status,
    build_status,
)
from sim.servos.servo import Servo
from teleop.registers import RAM_START

_PING_LEVEL, _READ_LEVEL, _ALL_LEVEL = 0, 1, 2
"""Lowest status return level at which an instruction is answered."""

_CLEAR_MULTI_TURN: Final = b"\x01\x44\x58\x4c\x22"
_RESET_ALL: Final = 0xFF
_RESET_OPTIONS: Final = (_RESET_ALL, 0x01, 0x02)
"""Everything, all but the ID, all but the ID and the line speed."""
_MAX_LENGTH: Final = 0xFFFF
"""Largest value of a packet's length field."""

Read = tuple[int, int, int]
"""One servo's part of a group read: ID, address, size."""
Act = Callable[[Servo, bool], int]
"""Has a servo do something, as the owner of the ID or (True) by its secondary ID: error byte."""


class Reply(NamedTuple):
    """A status packet and the return delay before it; fast reads: ID 0xFE."""

    servo_id: int
    packet: bytes
    delay_ns: int


class ServoChain:
    """The servos of one bus, as instructions reach them."""

    def __init__(self, servos: Sequence[Servo]) -> None:
        self.servos = tuple(servos)
        self._baud = 0
        self._now_ns = 0
        self._handlers: dict[int, Callable[[int, bytes], list[Reply]]] = {
            Instruction.PING: self._ping,
            Instruction.READ: self._read,
            Instruction.WRITE: self._write,
            Instruction.REG_WRITE: self._reg_write,
            Instruction.ACTION: self._action,
            Instruction.FACTORY_RESET: self._factory_reset,
            Instruction.REBOOT: self._reboot,
            Instruction.CLEAR: self._clear,
            Instruction.STATUS: lambda _id, _parameters: [],
            Instruction.SYNC_READ: self._sync_read,
            Instruction.SYNC_WRITE: self._sync_write,
            Instruction.FAST_SYNC_READ: self._fast_sync_read,
            Instruction.BULK_READ: self._bulk_read,
            Instruction.BULK_WRITE: self._bulk_write,
            Instruction.FAST_BULK_READ: self._fast_bulk_read,
        }
        self._index_ids()

    def execute(self, packet: InstructionPacket, baud: int, now_ns: int) -> list[Reply]:
        """Has the servos that hear `baud` obey; their answers in order of time."""
        self._baud, self._now_ns = baud, now_ns
        if not packet.intact:
            return self._refuse(packet.servo_id, Error.CRC)
        handler = self._handlers.get(packet.instruction)
        if handler is None:
            return self._refuse(packet.servo_id, Error.INSTRUCTION)
        return handler(packet.servo_id, packet.parameters)

    def hears(self, baud: int) -> bool:
        """Whether any servo is set to this line speed."""
        return any(servo.baud == baud for servo in self.servos)

    # ---- one servo, or all --------------------------------------------------------------------

    def _ping(self, servo_id: int, _parameters: bytes) -> list[Reply]:
        ids = sorted(self._by_id) if servo_id == BROADCAST_ID else [servo_id]
        replies = []
        for each in ids:
            servo = self._listening(each, _PING_LEVEL)
            if servo is not None:
                error, identity = servo.read(0, 7, self._now_ns)
                status = build_status(each, error, identity[:2] + identity[6:])
                replies.append(Reply(each, status, servo.return_delay_ns))
        return replies

    def _read(self, servo_id: int, parameters: bytes) -> list[Reply]:
        servo = self._listening(servo_id, _READ_LEVEL)
        if servo is None:
            return []
        if len(parameters) == 4:
            error, data = servo.read(_word(parameters, 0), _word(parameters, 2), self._now_ns)
        else:
            error, data = servo.alert | Error.DATA_LENGTH, b""
        return [Reply(servo_id, build_status(servo_id, error, data), servo.return_delay_ns)]

    def _write(self, servo_id: int, parameters: bytes) -> list[Reply]:
        if len(parameters) < 2:
            return self._refuse(servo_id, Error.DATA_LENGTH)
        address, data = _word(parameters, 0), parameters[2:]
        replies = self._obey(
            servo_id, lambda servo, shadow: servo.write(address, data, as_secondary=shadow)
        )
        self._index_ids_after(address)
        return replies

    def _reg_write(self, servo_id: int, parameters: bytes) -> list[Reply]:
        if len(parameters) < 2:
            return self._refuse(servo_id, Error.DATA_LENGTH)
        address, data = _word(parameters, 0), parameters[2:]
        return self._obey(
            servo_id, lambda servo, shadow: servo.reg_write(address, data, as_secondary=shadow)
        )

    def _action(self, servo_id: int, _parameters: bytes) -> list[Reply]:
        replies = self._obey(servo_id, lambda servo, _shadow: servo.action())
        self._index_ids()
        return replies

    def _reboot(self, servo_id: int, _parameters: bytes) -> list[Reply]:
        """The answer still carries the alert that led to the reboot."""

        def reboot(servo: Servo, _shadow: bool) -> int:
            alert = servo.alert
            servo.reboot(self._now_ns)
            return alert

        return self._obey(servo_id, reboot)

    def _clear(self, servo_id: int, parameters: bytes) -> list[Reply]:
        if parameters != _CLEAR_MULTI_TURN:
            return self._refuse(servo_id, Error.DATA_RANGE)
        return self._obey(servo_id, lambda servo, _shadow: servo.clear_multi_turn())

    def _factory_reset(self, servo_id: int, parameters: bytes) -> list[Reply]:
        if len(parameters) != 1:
            return self._refuse(servo_id, Error.DATA_LENGTH)
        option = parameters[0]
        if option not in _RESET_OPTIONS:
            return self._refuse(servo_id, Error.DATA_RANGE)
        if servo_id == BROADCAST_ID and option == _RESET_ALL:
            return []

        def reset(servo: Servo, shadow: bool) -> int:
            return 0 if shadow else servo.factory_reset(option, self._now_ns)

        replies = self._obey(servo_id, reset)
        self._index_ids()
        return replies

    # ---- groups -------------------------------------------------------------------------------

    def _sync_read(self, _servo_id: int, parameters: bytes) -> list[Reply]:
        return self._answer_in_turn(_sync_reads(parameters))

    def _bulk_read(self, _servo_id: int, parameters: bytes) -> list[Reply]:
        return self._answer_in_turn(_bulk_reads(parameters))

    def _fast_sync_read(self, _servo_id: int, parameters: bytes) -> list[Reply]:
        return self._answer_at_once(_sync_reads(parameters))

    def _fast_bulk_read(self, _servo_id: int, parameters: bytes) -> list[Reply]:
        return self._answer_at_once(_bulk_reads(parameters))

    def _answer_in_turn(self, reads: Iterable[Read]) -> list[Reply]:
        """Each servo sends a packet of its own when its predecessor has."""
        return [
            Reply(servo_id, build_status(servo_id, error, data), servo.return_delay_ns)
            for servo, servo_id, error, data in self._turns(reads)
        ]

    def _answer_at_once(self, reads: Sequence[Read]) -> list[Reply]:
        """All servos put their parts into one packet, which is as long as all would make it."""
        length = 1 + sum(FAST_OVERHEAD + size for _, _, size in reads)
        turns = list(self._turns(reads))
        if not turns or length > _MAX_LENGTH:
            return []
        parts = [
            (servo_id, error, data.ljust(size, b"\0"))
            for (_, servo_id, error, data), (_, _, size) in zip(turns, reads, strict=False)
        ]
        return [Reply(BROADCAST_ID, build_fast_status(length, parts), turns[0][0].return_delay_ns)]

    def _turns(self, reads: Iterable[Read]) -> Iterator[tuple[Servo, int, int, bytes]]:
        """(servo, ID, error byte, data) in turn: the first silence ends the chain."""
        for servo_id, address, size in reads:
            servo = self._listening(servo_id, _READ_LEVEL)
            if servo is None:
                return
            error, data = servo.read(address, size, self._now_ns)
            yield servo, servo_id, error, data

    def _sync_write(self, _servo_id: int, parameters: bytes) -> list[Reply]:
        if len(parameters) < 4:
            return []
        address, size = _word(parameters, 0), _word(parameters, 2)
        for start in range(4, len(parameters) - size, 1 + size):
            data = parameters[start + 1 : start + 1 + size]
            self._write_in_silence(parameters[start], address, data)
        self._index_ids_after(address)
        return []

    def _bulk_write(self, _servo_id: int, parameters: bytes) -> list[Reply]:
        start = 0
        while start + 5 <= len(parameters):
            address, end = _word(parameters, start + 1), start + 5 + _word(parameters, start + 3)
            if end <= len(parameters):
                self._write_in_silence(parameters[start], address, parameters[start + 5 : end])
                self._index_ids_after(address)
            start = end
        return []

    def _write_in_silence(self, servo_id: int, address: int, data: bytes) -> None:
        for servo, as_secondary in self._addressed(servo_id):
            servo.write(address, data, as_secondary=as_secondary)

    # ---- who is meant -------------------------------------------------------------------------

    def _obey(self, servo_id: int, act: Act) -> list[Reply]:
        """Has every servo that `servo_id` means act; the one that owns the ID answers."""
        answering = self._listening(servo_id, _ALL_LEVEL)
        delay_ns = 0 if answering is None else answering.return_delay_ns
        owners_error = 0
        for servo, as_secondary in self._addressed(servo_id):
            error = act(servo, as_secondary)
            if servo is answering:
                owners_error = error
        if answering is None:
            return []
        return [Reply(servo_id, build_status(servo_id, owners_error), delay_ns)]

    def _refuse(self, servo_id: int, error: Error) -> list[Reply]:
        servo = self._listening(servo_id, _ALL_LEVEL)
        if servo is None:
            return []
        status = build_status(servo_id, servo.alert | error)
        return [Reply(servo_id, status, servo.return_delay_ns)]

    def _listening(self, servo_id: int, level: int) -> Servo | None:
        """The servo that answers an instruction of this level for this ID, if there is one."""
        for servo in self._by_id.get(servo_id, ()):
            if servo.baud == self._baud and servo.hears(self._now_ns):
                return servo if servo.status_return_level >= level else None
        return None

    def _addressed(self, servo_id: int) -> list[tuple[Servo, bool]]:
        """Servos that execute an instruction for `servo_id`; True where by secondary ID."""
        if servo_id == BROADCAST_ID:
            meant = [(servo, False) for servo in self.servos]
        else:
            meant = [(servo, False) for servo in self._by_id.get(servo_id, ())]
            meant += [(servo, True) for servo in self._shadows.get(servo_id, ())]
        now_ns, baud = self._now_ns, self._baud
        return [pair for pair in meant if pair[0].baud == baud and pair[0].hears(now_ns)]

    def _index_ids_after(self, address: int) -> None:
        if address < RAM_START:
            self._index_ids()

    def _index_ids(self) -> None:
        self._by_id: dict[int, list[Servo]] = {}
        self._shadows: dict[int, list[Servo]] = {}
        for servo in self.servos:
            self._by_id.setdefault(servo.servo_id, []).append(servo)
            if servo.secondary_id != servo.servo_id:
                self._shadows.setdefault(servo.secondary_id, []).append(servo)


def _sync_reads(parameters: bytes) -> list[Read]:
    if len(parameters) < 4:
        return []
    address, size = _word(parameters, 0), _word(parameters, 2)
    return [(servo_id, address, size) for servo_id in parameters[4:]]


def _bulk_reads(parameters: bytes) -> list[Read]:
    return [
        (parameters[start], _word(parameters, start + 1), _word(parameters, start + 3))
        for start in range(0, len(parameters) - 4, 5)
    ]


def _word(parameters: bytes, at: int) -> int:
    return parameters[at] | parameters[at + 1] << 8
