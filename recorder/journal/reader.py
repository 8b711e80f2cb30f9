"""Reading a journal: the longest verified prefix, and a sentence on what is missing after it.

No bytes raise an exception, and memory is bounded by one record and what is kept of events. A
record counts when its frame and its payload match their checksums and its sequence number is the
next one. What is whole after the damage is counted (`recorder.journal.resync`), no more.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Final, Self

import numpy as np

from recorder.cameras.camera import Record
from recorder.episode.schema import step_dtype
from recorder.errors import JournalError
from recorder.journal.header import MAX_HEADER_BYTES, EpisodeHeader, HeaderError, VersionError
from recorder.journal.resync import MAX_UNREADABLE, Rest, rest_after
from recorder.journal.writer import (
    BLOCK_BYTES,
    END,
    EVENT,
    FRAME,
    MAGIC,
    MAX_PAYLOAD,
    MAX_TEXT_BYTES,
    Kind,
    shortened,
)
from teleop.tick import Outcome

MAX_EVENTS: Final = 100_000
MAX_EVENT_BYTES: Final = 1 << 24
"""Of all events together; recorders write some kB."""


class Tail(Enum):
    """How a journal ends."""

    COMPLETE = "complete"  # with its end record
    UNFINISHED = "unfinished"  # after a whole record: the recorder died between two
    TORN = "torn"  # within a record: the recorder died, or lost power, while writing it
    DAMAGED = "damaged"  # what follows is not what was written
    FOREIGN = "foreign"  # whole, but of a version with another layout of steps


class _EndedError(Exception):
    """The verified part has come to its end."""

    def __init__(self, tail: Tail, fault: str) -> None:
        super().__init__(fault)
        self.tail = tail
        self.fault = fault


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands before a record's payload."""

    kind: int
    length: int
    payload_crc: int


@dataclass(frozen=True, slots=True)
class JournalStep:
    """A step as journaled: its record (0-d, `step_dtype`) and one JPEG a camera."""

    record: Record
    jpegs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """Something the operator was told; the text has at most `MAX_TEXT_BYTES` of UTF-8."""

    t_ns: int
    text: str


@dataclass(slots=True)
class Scan:
    """What one pass over a journal found.

    Attributes:
        steps: control's step numbers of the verified steps, in order.
        longest_jpegs: in bytes, of each camera.
        outcome: UNLABELLED without an end record.
        steps_after: whole steps after the damage, about: they are not among `steps`.
        note: what is missing, in a sentence or two; empty if nothing is.
        remark: damage that costs nothing, in a sentence; empty if there is none.
    """

    steps: list[int] = field(default_factory=list)
    events: list[JournalEvent] = field(default_factory=list)
    longest_jpegs: list[int] = field(default_factory=list)
    outcome: Outcome = Outcome.UNLABELLED
    tail: Tail = Tail.UNFINISHED
    steps_after: int = 0
    note: str = ""
    remark: str = ""


def longest_of(so_far: Sequence[int], lengths: Sequence[int]) -> list[int]:
    """The larger of each."""
    return list(map(max, so_far, lengths))


class JournalReader:
    """Reads a journal from an open file or a path.

    Attributes:
        header: None if neither it nor its copy could be verified; there are no steps then.
        tail, fault: how the file ends; known when an iteration has come to its end.

    Raises:
        JournalError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tail = Tail.UNFINISHED
        self.fault = ""
        self._verified_bytes = self._verified_records = 0
        try:
            self._file: BinaryIO = path.open("rb")
            self._size = path.stat().st_size
        except OSError as error:
            raise JournalError(f"Cannot read {path}: {error.strerror}.") from error
        self._header_end = 0  # its copy ends at twice that
        first = self._read_header()
        self.header = first or self._read_copy()
        self._both_headers = first is not None and self._has_copy()
        cameras = len(self.header.cameras) if self.header else 0
        self._dtype = step_dtype(cameras, self.header.state_size if self.header else 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def scan(self) -> Scan:
        """Verify everything once; steps are read and dropped."""
        scan = Scan()
        event_bytes = 0
        for item in self:
            if isinstance(item, JournalStep):
                scan.steps.append(int(item.record["tick"]["step"]))
                lengths = list(map(len, item.jpegs))
                scan.longest_jpegs = longest_of(scan.longest_jpegs or lengths, lengths)
            elif isinstance(item, Outcome):
                scan.outcome = item
            elif len(scan.events) < MAX_EVENTS and event_bytes < MAX_EVENT_BYTES:
                scan.events.append(item)
                event_bytes += len(item.text)
        scan.steps_after = self._look_on().steps
        scan.tail = self.tail
        scan.note = self._note(len(scan.steps), scan.steps_after)
        if scan.steps and not self._both_headers:
            scan.remark = "One of the two headers of its journal was damaged: check the disk."
        return scan

    def _look_on(self) -> Rest:
        """What stands after the verified part, if that is not simply where the recorder died."""
        if self.tail not in (Tail.TORN, Tail.DAMAGED):
            return Rest()
        rest = rest_after(self._file, self._verified_bytes, self._verified_records)
        if self.tail is Tail.TORN and rest.records:
            # Who is torn off writes no more: bytes are missing in the middle.
            self.tail, self.fault = Tail.DAMAGED, "a part of the file is missing"
        return rest

    def steps(self) -> Iterator[JournalStep]:
        """The verified steps, in order; may be iterated again."""
        return (item for item in self if isinstance(item, JournalStep))

    def __iter__(self) -> Iterator[JournalStep | JournalEvent | Outcome]:
        """Every verified record after the header: steps, events, and last the outcome."""
        if self.header is None:
            return
        after_headers = 2 * self._header_end
        self._file.seek(after_headers)
        # Where the copy should be may be steps, if a part of the file is missing.
        self._verified_bytes, self._verified_records = self._header_end, 2
        steps = 0
        try:
            if self._size < after_headers:
                raise _EndedError(Tail.TORN, "the copy of its header was cut short")
            while True:
                record = self._read_record(self._verified_records)
                self._verified_bytes = self._file.tell()
                self._verified_records += 1
                item = self._decode(*record, steps)
                steps += isinstance(item, JournalStep)
                yield item
                if isinstance(item, Outcome):
                    self._expect_end()
        except _EndedError as end:
            self.tail, self.fault = end.tail, end.fault

    def _read_header(self) -> EpisodeHeader | None:
        """The header at the beginning; where there is none, `tail` and `fault` say why."""
        try:
            head = self._read_head(0)
            header = self._parse_header(head)
        except VersionError as error:
            self.tail, self.fault = Tail.FOREIGN, str(error)
        except HeaderError as error:
            self.tail, self.fault = Tail.DAMAGED, str(error)
        except _EndedError as end:
            self.tail, self.fault = end.tail, end.fault
        else:
            self._header_end = self._file.tell()
            return header
        return None

    def _read_copy(self) -> EpisodeHeader | None:
        """The header's copy, which follows it on the border of a block and is as long."""
        if self.tail is Tail.FOREIGN:
            return None
        longest = min(FRAME.size + MAX_HEADER_BYTES, self._size // 2)
        unreadable = 0
        for start in range(BLOCK_BYTES, longest + 1, BLOCK_BYTES):
            try:
                self._file.seek(start)
                head = self._read_head(1)
                if FRAME.size + head.length != start:
                    continue
                header = self._parse_header(head)
            except VersionError as error:
                self.tail, self.fault = Tail.FOREIGN, str(error)
                return None
            except HeaderError:
                continue
            except _EndedError as end:
                unreadable += isinstance(end.__cause__, OSError)
                if unreadable > MAX_UNREADABLE:
                    return None
                continue
            self._header_end = start
            return header
        return None

    def _has_copy(self) -> bool:
        """Whether the copy of the header that has just been read is whole."""
        try:
            return self._read_record(1)[0] == Kind.HEADER
        except _EndedError:
            return False

    def _parse_header(self, head: _Head) -> EpisodeHeader:
        """The header whose head has just been read."""
        if head.kind != Kind.HEADER:
            raise _EndedError(Tail.DAMAGED, "it does not begin with a header")
        if head.length > MAX_HEADER_BYTES:
            raise _EndedError(Tail.DAMAGED, "its header is longer than any recorder writes")
        return EpisodeHeader.from_json(self._read_payload(head))

    def _read_record(self, sequence: int) -> tuple[int, bytes]:
        """Kind and payload of the next record."""
        head = self._read_head(sequence)
        return head.kind, self._read_payload(head)

    def _read_head(self, sequence: int) -> _Head:
        content = self._read(FRAME.size)
        if not content:
            raise _EndedError(Tail.UNFINISHED, "it has no end record")
        if len(content) < FRAME.size:
            raise _EndedError(Tail.TORN, "its last record was cut short")
        magic, kind, found, length, payload_crc, head_crc = FRAME.unpack(content)
        if magic != MAGIC or head_crc != zlib.crc32(content[:-4]) or length > MAX_PAYLOAD:
            raise _EndedError(Tail.DAMAGED, "what follows is no record")
        if found != sequence:
            raise _EndedError(Tail.DAMAGED, f"record {found} stands where {sequence} should")
        return _Head(kind, length, payload_crc)

    def _read_payload(self, head: _Head) -> bytes:
        payload = self._read(min(head.length, self._size))
        if len(payload) < head.length:
            raise _EndedError(Tail.TORN, "its last record was cut short")
        if zlib.crc32(payload) != head.payload_crc:
            raise _EndedError(Tail.DAMAGED, "the next record does not match its checksum")
        return payload

    def _read(self, length: int) -> bytes:
        try:
            return self._file.read(length)
        except OSError as error:  # a bad sector ends what can be verified
            fault = f"the disk cannot read on ({error.strerror})"
            raise _EndedError(Tail.DAMAGED, fault) from error

    def _decode(
        self, kind: int, payload: bytes, steps: int
    ) -> JournalStep | JournalEvent | Outcome:
        try:
            if kind == Kind.STEP:
                return self._decode_step(payload)
            if kind == Kind.EVENT:
                (t_ns,) = EVENT.unpack_from(payload)
                # Of a long text so much that no character within the limit is cut.
                text = payload[EVENT.size : EVENT.size + 2 * MAX_TEXT_BYTES]
                return JournalEvent(t_ns, shortened(text.decode(errors="replace")))
            if kind == Kind.END:
                outcome, count = END.unpack(payload)
                if count == steps:
                    return Outcome(outcome)
        except (ValueError, struct.error):
            pass
        raise _EndedError(Tail.DAMAGED, "the next record is none that a recorder writes")

    def _decode_step(self, payload: bytes) -> JournalStep:
        # A copy: a view would keep the images of every record alive.
        record = np.frombuffer(payload, self._dtype, count=1).reshape(()).copy()
        jpegs, start = [], self._dtype.itemsize
        for length in record["frames"]["jpeg_bytes"].tolist():
            jpegs.append(payload[start : start + length])
            start += length
        if start != len(payload):
            raise ValueError("the images are not as long as announced")
        return JournalStep(record, tuple(jpegs))

    def _expect_end(self) -> None:
        if self._read(1):
            raise _EndedError(Tail.DAMAGED, "something follows its end record")
        raise _EndedError(Tail.COMPLETE, "")

    def _note(self, steps: int, steps_after: int) -> str:
        if self.tail is Tail.COMPLETE:
            return ""
        count = f"{steps} step{'' if steps == 1 else 's'}"
        where = f"after {count}" if steps else "before the first step"
        note = f"The journal ends {where}: {self.fault}."
        if not steps_after:
            return note
        more = "1 more step stands" if steps_after == 1 else f"About {steps_after} more steps stand"
        return f"{note} {more} after the damage."
