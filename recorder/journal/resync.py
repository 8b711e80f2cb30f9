"""What stands after the damage in a journal: whole records, found again by their magic.

They are counted so that the operator knows what is at stake. They are not put into the episode:
between them and the verified part steps are missing, and nobody knows how many.

One pass over the rest of the file, in constant memory. Heads whose payload does not fit cost a
second look at the same bytes; how much of that is done is bounded, so that no file, made for it or
not, takes longer than a few passes.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from recorder.journal.writer import FRAME, MAGIC, MAX_PAYLOAD, Kind

CHUNK_BYTES: Final = 1 << 20
MAX_UNREADABLE: Final = 16
"""Chunks that the disk cannot read, until it is left alone: each may take it seconds."""
WASTE_FACTOR: Final = 2
"""So often may the rest of the file be read in vain."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Whole records after the damage: all, and those that hold a step."""

    records: int = 0
    steps: int = 0


def rest_after(file: BinaryIO, start: int, sequence: int) -> Rest:
    """The whole records of a journal from byte `start` on whose number is `sequence` or higher.

    A copy of a record, or one that stands before its predecessors, counts once or not at all:
    numbers must increase.
    """
    search = _Search(file, start)
    records = steps = 0
    for kind, found in search.records():
        if found >= sequence:
            records += 1
            steps += kind == Kind.STEP
            sequence = found + 1
    return Rest(records, steps)


class _Search:
    """Goes through a file and yields the records that are whole."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._at = start
        self._size = os.fstat(file.fileno()).st_size
        self._waste = WASTE_FACTOR * max(self._size - start, 0)
        self._unreadable = 0
        self._window, self._window_at = b"", start

    def records(self) -> Iterator[tuple[int, int]]:
        """Kind and sequence number of each."""
        while self._find_magic():
            head = self._read(self._at, FRAME.size)
            length = self._payload_length(head)
            if length is None or not self._matches(head, length):
                self._at += len(MAGIC)
                continue
            self._at += FRAME.size + length
            _, kind, sequence, *_ = FRAME.unpack(head)
            yield kind, sequence

    def _find_magic(self) -> bool:
        """Go on to the next magic; False if there is none, or the disk or the file is too bad."""
        while self._at < self._size and self._waste >= 0 and self._unreadable < MAX_UNREADABLE:
            place = self._window.find(MAGIC, self._at - self._window_at)
            if place >= 0:
                self._at = self._window_at + place
                return True
            self._move_window()
        return False

    def _move_window(self) -> None:
        # The magic may lie across the border of two windows.
        searched_to = self._window_at + len(self._window) - len(MAGIC) + 1
        self._at = max(self._at, searched_to)
        self._window, self._window_at = self._read(self._at, CHUNK_BYTES), self._at
        if len(self._window) < len(MAGIC):  # the end, or bytes that cannot be read
            self._at += CHUNK_BYTES

    def _payload_length(self, head: bytes) -> int | None:
        """The length that a record's head gives; None if it is no head, or does not fit in."""
        if len(head) < FRAME.size:
            return None
        *_, length, _, head_crc = FRAME.unpack(head)
        fits = length <= min(MAX_PAYLOAD, self._size - self._at - FRAME.size)
        return length if fits and head_crc == zlib.crc32(head[:-4]) else None

    def _matches(self, head: bytes, length: int) -> bool:
        """Whether the payload has the checksum that the head gives."""
        crc, start = 0, self._at + FRAME.size
        for done in range(0, length, CHUNK_BYTES):
            crc = zlib.crc32(self._read(start + done, min(CHUNK_BYTES, length - done)), crc)
        *_, payload_crc, _ = FRAME.unpack(head)
        if crc != payload_crc:
            self._waste -= length
        return bool(crc == payload_crc)

    def _read(self, at: int, length: int) -> bytes:
        start = at - self._window_at
        if start >= 0 and start + length <= len(self._window):
            return self._window[start : start + length]
        try:
            self._file.seek(at)
            return self._file.read(length)
        except OSError:
            self._unreadable += 1
            return b""
