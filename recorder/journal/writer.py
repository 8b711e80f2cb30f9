"""The journal: what is recorded, as it happens, in a form that no crash can spoil.

An append-only file of records, each with its own checksums: one header (JSON) and its copy, steps
(a fixed record and its JPEGs), events, and at the end an end record with the outcome. Without a
header nothing could be read: hence the copy, in blocks of its own. A step goes out in one
``write``: after it, the death of any process cannot lose the step. A helper thread calls
``fdatasync`` so that at most a second is lost to a power failure. While a journal is written it is
locked (``flock``), which is how the next start tells it from a leftover.

Reading is `recorder.journal.reader`; the layout of the records is here, used by both.
"""

import contextlib
import fcntl
import os
import struct
import threading
import zlib
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np

from recorder.cameras.camera import Record
from recorder.errors import JournalError
from recorder.journal.header import MAX_HEADER_BYTES, EpisodeHeader
from teleop.tick import Outcome

MAGIC: Final = b"TJ01"
FRAME: Final = struct.Struct("<4sIIIII")
"""magic, kind, sequence number, payload bytes, CRC-32 of the payload, CRC-32 of those before."""
END: Final = struct.Struct("<IQ")
"""outcome, number of steps."""
EVENT: Final = struct.Struct("<q")
"""t_ns; the text follows, UTF-8."""
BLOCK_BYTES: Final = 4096
"""The header fills whole ones, so that what spoils a block of it spares its copy."""
MAX_PAYLOAD: Final = 1 << 28
MAX_TEXT_BYTES: Final = 512
"""Of an event, UTF-8: in the file all texts are as wide as the longest. What the session may tell
has 240 bytes and a prefix."""
SYNC_INTERVAL_S: Final = 0.5
"""Between syncs; with the sync itself (0.66 ms median, more on a busy disk) well below 1 s."""


class Kind(IntEnum):
    """What a record holds."""

    HEADER = 1
    STEP = 2
    EVENT = 3
    END = 4


def frame(kind: Kind, sequence: int, parts: Sequence[bytes]) -> bytes:
    """What stands before the payload `parts` of a record."""
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    head = FRAME.pack(MAGIC, kind, sequence, sum(map(len, parts)), crc, 0)[:-4]
    return head + struct.pack("<I", zlib.crc32(head))


def shortened(text: str) -> str:
    """What of an event's text is kept: `MAX_TEXT_BYTES` of UTF-8, whole characters."""
    return text.encode(errors="replace")[:MAX_TEXT_BYTES].decode(errors="ignore")


class JournalWriter:
    """Writes the journal of one episode.

    Attributes:
        steps: steps appended so far.
        bytes: length of the whole records so far.

    Raises:
        JournalError: from every method: the file exists, its header is longer than readers take, or
            the disk refuses. After that the file holds exactly the records that were appended
            before; without a header there is none.
    """

    def __init__(self, path: Path, header: EpisodeHeader) -> None:
        self.path = path
        self.steps = 0
        self.bytes = 0
        self._sequence = 0
        self._failure: str | None = None
        payload = _header_payload(path, header)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._descriptor = os.open(path, flags, 0o644)
        except OSError as error:
            raise JournalError(f"Cannot create {path}: {error.strerror}.") from error
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            self._append(Kind.HEADER, [payload])
            self._append(Kind.HEADER, [payload])
        except JournalError:
            os.close(self._descriptor)
            path.unlink()
            raise
        self._syncer = _Syncer(self._descriptor)

    def append_step(self, record: Record, jpegs: Sequence[bytes]) -> None:
        """Append a step: a record of `step_dtype`, and the images its `jpeg_bytes` announce."""
        self._append(Kind.STEP, [np.asarray(record).tobytes(), *jpegs])
        self.steps += 1
        self._syncer.dirty()

    def append_event(self, t_ns: int, text: str) -> None:
        """Append something that the operator was told, cut to `MAX_TEXT_BYTES`."""
        self._append(Kind.EVENT, [EVENT.pack(t_ns) + shortened(text).encode()])
        self._syncer.dirty()

    def check(self) -> None:
        """That the file is still in its folder: what is written to a removed one is lost.

        Raises:
            JournalError: it has been removed, or replaced.
        """
        try:
            there = os.stat(self.path).st_ino == os.fstat(self._descriptor).st_ino
        except FileNotFoundError:
            there = False
        except OSError:  # a disk that hesitates proves nothing; writing will tell
            return
        if not there:
            self._failure = f"{self.path} has been removed while it was written."
            raise JournalError(self._failure)

    def end(self, outcome: Outcome) -> None:
        """Append the end record: nothing comes after it. It is still to be closed."""
        self._append(Kind.END, [END.pack(outcome, self.steps)])

    def close(self) -> None:
        """Sync, as far as the disk lets us, and close. May take as long as the disk does; from any
        thread, once nothing is appended any more."""
        self._syncer.close()
        with contextlib.suppress(OSError):
            os.fdatasync(self._descriptor)
        os.close(self._descriptor)

    def finish(self, outcome: Outcome) -> None:
        """Append the end record, sync and close; if the first fails, it is still to be closed."""
        self.end(outcome)
        self.close()

    def _append(self, kind: Kind, parts: Sequence[bytes]) -> None:
        if self._failure:
            raise JournalError(self._failure)
        if kind is not Kind.HEADER and self._syncer.error:
            raise self._fail(self._syncer.error)
        record = [frame(kind, self._sequence, parts), *parts]
        length = sum(map(len, record))
        try:
            self._write(record, length)
        except OSError as error:
            with contextlib.suppress(OSError):  # if even this fails, the reader ignores the tail
                os.ftruncate(self._descriptor, self.bytes)
            raise self._fail(error) from error
        self.bytes += length
        self._sequence += 1

    def _write(self, record: list[bytes], length: int) -> None:
        written = os.writev(self._descriptor, record)
        if written < length:  # the disk is nearly full: let the rest say so
            rest = memoryview(b"".join(record))[written:]
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def _fail(self, error: OSError) -> JournalError:
        self._failure = (
            f"Cannot write {self.path}: {error.strerror}. The {self.steps} steps before are safe; "
            "make room or repair the disk, then start again."
        )
        return JournalError(self._failure)


def _header_payload(path: Path, header: EpisodeHeader) -> bytes:
    payload = _in_whole_blocks(header.to_json())
    if len(payload) > MAX_HEADER_BYTES:
        raise JournalError(
            f"Cannot record {path}: its header takes {len(payload)} bytes, and {MAX_HEADER_BYTES} "
            "are the most; make the prompt of the task shorter."
        )
    return payload


def _in_whole_blocks(payload: bytes) -> bytes:
    """JSON with spaces after it, so that its record ends where a block does."""
    return payload + b" " * (-(FRAME.size + len(payload)) % BLOCK_BYTES)


class _Syncer:
    """Calls fdatasync soon after something was written, from its own thread."""

    def __init__(self, descriptor: int) -> None:
        self.error: OSError | None = None
        self._descriptor = descriptor
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
        self._thread.start()

    def dirty(self) -> None:
        """There is something to sync."""
        self._dirty.set()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._dirty.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SYNC_INTERVAL_S) and self._dirty.wait():
            self._dirty.clear()
            try:
                os.fdatasync(self._descriptor)
            except OSError as error:
                self.error = error
                return
