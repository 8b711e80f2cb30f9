"""Dynamixel Protocol 2.0 packets: instructions out, status packets in.

The lean path of the 50 Hz loop. Layout: FF FF FD 00, ID, length (2 bytes, counts everything after
itself), instruction, parameters, CRC-16. Within a packet every FF FF FD is followed by a stuffed
FD, so that a header never occurs inside one. Source: the ROBOTIS e-manual, Protocol 2.0.
"""

import functools
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from fastcrc import crc16

HEADER: Final = b"\xff\xff\xfd\x00"
BROADCAST_ID: Final = 0xFE
STATUS: Final = 0x55
STATUS_OVERHEAD: Final = 11
"""Bytes of a status packet beside its parameters."""
MAX_LENGTH: Final = 256
"""Largest length field believed; whatever claims more is noise."""

_MIN_STATUS_LENGTH: Final = 4
_LENGTH_AT: Final = 5
_BODY_AT: Final = 7
_DATA_AT: Final = 9
_SEQUENCE: Final = b"\xff\xff\xfd"
_STUFFED: Final = b"\xff\xff\xfd\xfd"


class Instruction(IntEnum):
    """What a host may ask."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REBOOT = 0x08
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83


class Status(NamedTuple):
    """One servo's answer: its error byte (0: none) and unstuffed parameters."""

    servo_id: int
    error: int
    data: bytes


def packet(servo_id: int, body: bytes) -> bytes:
    """A whole packet around `body` (instruction byte and parameters, not yet stuffed)."""
    body = body.replace(_SEQUENCE, _STUFFED)
    unsigned = HEADER + struct.pack("<BH", servo_id, len(body) + 2) + body
    return unsigned + struct.pack("<H", crc16.umts(unsigned))


def ping(servo_id: int) -> bytes:
    """Ask one servo for its model number and firmware version."""
    return packet(servo_id, bytes((Instruction.PING,)))


def reboot(servo_id: int) -> bytes:
    """Restart one servo."""
    return packet(servo_id, bytes((Instruction.REBOOT,)))


def read(servo_id: int, address: int, size: int) -> bytes:
    """Read registers of one servo."""
    return packet(servo_id, struct.pack("<BHH", Instruction.READ, address, size))


def write(servo_id: int, address: int, data: bytes) -> bytes:
    """Write registers of one servo."""
    return packet(servo_id, struct.pack("<BH", Instruction.WRITE, address) + data)


def sync_read(servo_ids: Sequence[int], address: int, size: int) -> bytes:
    """Read the same registers of several servos, which answer in this order."""
    head = struct.pack("<BHH", Instruction.SYNC_READ, address, size)
    return packet(BROADCAST_ID, head + bytes(servo_ids))


def sync_write(address: int, size: int, values: Mapping[int, bytes]) -> bytes:
    """Write the same registers of several servos; nobody answers. `values` by servo ID."""
    head = struct.pack("<BHH", Instruction.SYNC_WRITE, address, size)
    parameters = b"".join(bytes((servo_id,)) + data for servo_id, data in values.items())
    return packet(BROADCAST_ID, head + parameters)


@functools.cache
def status_header(servo_id: int, size: int) -> bytes:
    """What a status packet of so many data bytes begins with, up to its error byte."""
    return HEADER + struct.pack("<BHB", servo_id, size + 4, STATUS)


@functools.cache
def _headers(servo_ids: tuple[int, ...], size: int) -> tuple[bytes, ...]:
    return tuple(status_header(servo_id, size) for servo_id in servo_ids)


def chain(raw: bytes, servo_ids: Sequence[int], size: int, keep: int) -> tuple[bytes, bytes] | None:
    """The data and the error bytes in `raw`, if it is nothing but the status packets of these
    servos in this order, `size` bytes of data each, nothing stuffed.

    Several times quicker than `StatusParser`, which takes everything else. Of each servo's data the
    last `keep` bytes are given.
    """
    stride = size + STATUS_OVERHEAD
    if len(raw) != stride * len(servo_ids):
        return None
    data, errors = [], []
    end = 0
    for header in _headers(tuple(servo_ids), size):
        end += stride
        if not raw.startswith(header, end - stride):
            return None
        if crc16.umts(raw[end - stride : end - 2]) != raw[end - 2] | raw[end - 1] << 8:
            return None
        data.append(raw[end - 2 - keep : end - 2])
        errors.append(raw[end - stride + _DATA_AT - 1])
    return b"".join(data), bytes(errors)


class StatusParser:
    """Finds status packets in whatever arrives, in pieces of any size.

    Noise is skipped, packets with a wrong CRC are dropped, echoes of instructions are ignored. A
    header inside an unfinished packet proves that packet cut off, so one lost byte costs one
    packet, not the ones behind it. Keeps at most one unfinished packet.
    """

    def __init__(self) -> None:
        self._buffer = b""

    def reset(self) -> None:
        """Forget an unfinished packet."""
        self._buffer = b""

    def feed(self, data: bytes) -> list[Status]:
        """The packets completed by `data`, in order of arrival."""
        buffer = self._buffer + data
        found: list[Status] = []
        consumed = 0
        position = buffer.find(HEADER)
        while position >= 0:
            end = _packet_end(buffer, position)
            if end is None:
                break
            if end > position:
                status = _status(buffer[position:end])
                if status is not None:
                    found.append(status)
            consumed = max(end, position + 1)
            position = buffer.find(HEADER, consumed)
        self._buffer = buffer[position:] if position >= 0 else _header_start(buffer[consumed:])
        return found


def _packet_end(buffer: bytes, start: int) -> int | None:
    """Where the packet at `start` ends; None: not all there yet; `start`: it is none."""
    body = start + _BODY_AT
    if len(buffer) < body:
        return None
    length = buffer[start + _LENGTH_AT] | buffer[start + _LENGTH_AT + 1] << 8
    if not _MIN_STATUS_LENGTH - 1 <= length <= MAX_LENGTH:
        return start
    end = body + length
    if end > len(buffer):
        cut_off = buffer.find(HEADER, start + 1) >= 0
        return start if cut_off else None
    crc = buffer[end - 2] | buffer[end - 1] << 8
    return end if crc16.umts(buffer[start : end - 2]) == crc else start


def _status(whole: bytes) -> Status | None:
    """The status packet in a packet of right CRC; None: it is an instruction (an echo)."""
    if len(whole) < STATUS_OVERHEAD or whole[_BODY_AT] != STATUS:
        return None
    body = whole[_BODY_AT:-2]
    if _STUFFED in body:
        body = body.replace(_STUFFED, _SEQUENCE)
    return Status(whole[4], body[1], body[2:])


def _header_start(buffer: bytes) -> bytes:
    """The tail of `buffer` that may be the beginning of a header."""
    for size in (3, 2, 1):
        if buffer.endswith(HEADER[:size]):
            return HEADER[:size]
    return b""
