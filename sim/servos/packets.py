"""Protocol 2.0 as the emulated servos speak it: reads instructions, writes status packets.

Deliberately separate from the product's own packet code in `teleop`: two codecs that agree say more
than one that agrees with itself. Layout, stuffing, error numbers and CRC: ROBOTIS e-manual,
Protocol 2.0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from fastcrc import crc16

HEADER: Final = b"\xff\xff\xfd\x00"
BROADCAST_ID: Final = 0xFE

_STUFFED_PATTERN: Final = b"\xff\xff\xfd"
_LENGTH_FIELD_END: Final = 7
"""Header (4), ID (1) and length (2) come before the bytes that the length counts."""
_SHORTEST_LENGTH: Final = 3
"""Instruction and CRC."""


class Instruction(IntEnum):
    """Instruction codes that the emulator executes, and the one it sends (`STATUS`)."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    FACTORY_RESET = 0x06
    REBOOT = 0x08
    CLEAR = 0x10
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93
    FAST_BULK_READ = 0x9A


_HEAD: Final = struct.Struct("<4sBH")
_STATUS_BYTE: Final = bytes((Instruction.STATUS,))
FAST_OVERHEAD: Final = 4
"""Bytes of one servo's part of a fast status packet beside its data: error, ID and CRC."""
_STATUS_BODIES: Final = [bytes((Instruction.STATUS, error)) for error in range(256)]


class Error(IntEnum):
    """Error numbers of a status packet (bits 0 to 6)."""

    NONE = 0
    RESULT_FAIL = 1
    INSTRUCTION = 2
    CRC = 3
    DATA_RANGE = 4
    DATA_LENGTH = 5
    DATA_LIMIT = 6
    ACCESS = 7


ALERT: Final = 0x80
"""Bit 7 of the error byte: look at `hardware_error_status`."""


@dataclass(frozen=True, slots=True)
class InstructionPacket:
    """One packet from the host, unstuffed; `intact` is False where the CRC did not match."""

    servo_id: int
    instruction: int
    parameters: bytes
    intact: bool = True


def build_packet(servo_id: int, body: bytes) -> bytes:
    """A whole packet around `body` (instruction, then error byte and parameters), stuffed."""
    if _STUFFED_PATTERN in body:
        body = body.replace(_STUFFED_PATTERN, _STUFFED_PATTERN + b"\xfd")
    packet = _HEAD.pack(HEADER, servo_id, len(body) + 2) + body
    return packet + _crc(packet).to_bytes(2, "little")


def build_status(servo_id: int, error: int, parameters: bytes = b"") -> bytes:
    """A status packet; `error` is an `Error`, with `ALERT` set where the servo has a fault."""
    return build_packet(servo_id, _STATUS_BODIES[error] + parameters)


def build_fast_status(length: int, parts: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The one status packet in which several servos answer a fast read, one after the other.

    `length` is what the packet claims to hold when all answer; `parts` are (ID, error, data) of
    those that do, so that the packet ends where somebody is silent. Never stuffed. Each CRC covers
    everything before it.
    """
    packet = _HEAD.pack(HEADER, BROADCAST_ID, length) + _STATUS_BYTE
    for servo_id, error, data in parts:
        packet += bytes((error, servo_id)) + data
        packet += _crc(packet).to_bytes(2, "little")
    return packet


class InstructionParser:
    """Cuts a byte stream into instructions, whatever lies between them.

    A header cannot occur inside a well-formed packet (stuffing sees to that), so a header found
    inside a claimed packet means that the earlier one was noise or was cut short.
    """

    def __init__(self) -> None:
        self.junk_bytes = 0
        self.crc_errors = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[InstructionPacket]:
        """Takes received bytes; returns the packets they complete, in order. Never raises."""
        self._buffer += data
        packets = []
        while (packet := self._next_packet()) is not None:
            packets.append(packet)
        return packets

    def forget(self) -> None:
        """Drops an unfinished packet."""
        self._discard(len(self._buffer))

    def _next_packet(self) -> InstructionPacket | None:
        buffer = self._buffer
        while self._seek_header() and len(buffer) >= _LENGTH_FIELD_END:
            length = buffer[5] | buffer[6] << 8
            end = _LENGTH_FIELD_END + length
            if length < _SHORTEST_LENGTH:
                self._discard(1)
            elif (inner := buffer.find(HEADER, len(HEADER), end - 2)) > 0:
                self._discard(inner)
            elif len(buffer) < end:
                return None
            else:
                return self._take_packet(end)
        return None

    def _seek_header(self) -> bool:
        """Drops everything before the next header; keeps a tail that may become one."""
        start = self._buffer.find(HEADER)
        if start < 0:
            self._discard(max(0, len(self._buffer) - (len(HEADER) - 1)))
            return False
        self._discard(start)
        return True

    def _take_packet(self, end: int) -> InstructionPacket:
        packet = bytes(self._buffer[:end])
        servo_id, instruction = packet[4], packet[_LENGTH_FIELD_END]
        if _crc(packet[:-2]) != packet[-2] | packet[-1] << 8:
            # The length itself may be the damaged byte: only the header is given up, so that an
            # instruction swallowed by a wrong length is still found.
            self.crc_errors += 1
            self._discard(len(HEADER))
            return InstructionPacket(servo_id, instruction, b"", intact=False)
        del self._buffer[:end]
        body = packet[_LENGTH_FIELD_END:-2].replace(_STUFFED_PATTERN + b"\xfd", _STUFFED_PATTERN)
        return InstructionPacket(servo_id, instruction, body[1:])

    def _discard(self, count: int) -> None:
        if count:
            self.junk_bytes += count
            del self._buffer[:count]


def _crc(data: bytes) -> int:
    return int(crc16.umts(data))
