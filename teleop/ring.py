"""A ring of fixed-size records in shared memory: one writer, any number of readers, no lock.

The file (in ``/dev/shm/tandem-<id>/``) carries its own numpy dtype, so a reader needs nothing but
the path. Each slot has a sequence number: odd while it is written, ``2 * index + 2`` when record
``index`` is complete. The writer never waits for a reader; a reader that falls more than a ring
behind learns so by `OverrunError`. A status block is a ring of which only the newest record counts.

A plain file and ``mmap`` rather than ``multiprocessing.shared_memory``, which on Python 3.11
unlinks the segment when any attached process exits. The ordering of the two stores relies on x86
and on CPython not reordering them.
"""

import ast
import contextlib
import mmap
import os
import struct
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"TANDRING"
HEADER: Final = struct.Struct("<8sQQQQ")  # magic, slots, slot bytes, dtype bytes, writer's pid
HEAD_OFFSET: Final = 64
DTYPE_OFFSET: Final = 128
ALIGN: Final = 64
READ_ATTEMPTS: Final = 5

Record = npt.NDArray[Any]


class RingError(Exception):
    """Root of what can go wrong with a ring."""


class OverrunError(RingError):
    """The record asked for has been overwritten: the reader fell more than a ring behind."""


class EmptyRingError(RingError):
    """Nothing has been written yet."""


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


class _Mapped:
    """What reader and writer share: the mapping and where its parts lie."""

    def __init__(self, path: Path, memory: mmap.mmap) -> None:
        self.path = path
        self._memory = memory
        magic, slots, slot_bytes, dtype_bytes, self.writer_pid = HEADER.unpack_from(memory)
        if magic != MAGIC:
            raise RingError(f"{path} is not a ring.")
        description = bytes(memory[DTYPE_OFFSET : DTYPE_OFFSET + dtype_bytes]).decode()
        self.dtype = np.dtype(ast.literal_eval(description))
        self.slots = int(slots)
        sequences_at = DTYPE_OFFSET + _aligned(dtype_bytes)
        records_at = sequences_at + _aligned(8 * self.slots)
        self._records_at, self._slot_bytes = records_at, int(slot_bytes)
        self._head = np.ndarray((1,), np.uint64, memory, HEAD_OFFSET)
        self._sequences = np.ndarray((self.slots,), np.uint64, memory, sequences_at)
        self._records = np.ndarray(
            (self.slots,), self.dtype, memory, records_at, strides=(int(slot_bytes),)
        )

    def __len__(self) -> int:
        """Number of records ever written; the newest has index ``len(ring) - 1``."""
        return int(self._head[0])

    def close(self) -> None:
        """Let go of the mapping. Arrays taken as views must not be used afterwards."""
        del self._head, self._sequences, self._records
        with contextlib.suppress(BufferError):  # a view is still alive: it goes with its owner
            self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RingWriter(_Mapped):
    """The one writer of a ring. Creates the file; an older file of that name is replaced whole."""

    def __init__(self, path: Path, dtype: npt.DTypeLike, slots: int) -> None:
        dtype = np.dtype(dtype)
        description = repr(dtype.descr).encode()
        slot_bytes = _aligned(dtype.itemsize)
        size = DTYPE_OFFSET + _aligned(len(description)) + _aligned(8 * slots) + slot_bytes * slots
        building = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(building, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)  # a full /dev/shm must fail here, not by SIGBUS
            memory = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        HEADER.pack_into(memory, 0, MAGIC, slots, slot_bytes, len(description), os.getpid())
        memory[DTYPE_OFFSET : DTYPE_OFFSET + len(description)] = description
        os.rename(building, path)
        super().__init__(path, memory)

    def begin(self) -> Record:
        """The slot of the next record, to be filled in place; `commit` publishes it.

        Returns:
            A 0-d structured array (a view): assign its fields, ``slot["t_ns"] = ...``.
        """
        index = len(self)
        slot = index % self.slots
        self._sequences[slot] = 2 * index + 1
        return self._records[slot : slot + 1].reshape(())

    def commit(self) -> int:
        """Publish the record begun; returns its index."""
        index = len(self)
        self._sequences[index % self.slots] = 2 * index + 2
        self._head[0] = index + 1
        return index

    def append_bytes(self, record: bytes | bytearray) -> int:
        """`append` of a record that is bytes already: no field is looked at."""
        index = len(self)
        slot = index % self.slots
        self._sequences[slot] = 2 * index + 1
        start = self._records_at + slot * self._slot_bytes
        self._memory[start : start + len(record)] = bytes(record)
        return self.commit()

    def append(self, record: Record | np.void) -> int:
        """Write one complete record; returns its index."""
        self.begin()[...] = record
        return self.commit()


class RingReader(_Mapped):
    """Reads a ring that another process writes. The mapping is read-only.

    Raises:
        FileNotFoundError: the ring does not exist (yet).
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self.inode = os.fstat(descriptor).st_ino  # tells a ring from its successor's
            memory = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        super().__init__(path, memory)

    def oldest(self) -> int:
        """Index of the oldest record that can still be expected to be whole."""
        return max(0, len(self) - self.slots + 1)

    def holds(self, index: int) -> bool:
        """Record `index` is written, and not overwritten."""
        return int(self._sequences[index % self.slots]) == 2 * index + 2

    def view(self, index: int) -> Record:
        """Record `index` where it lies, a 0-d structured array: whoever used it asks `holds` then.

        Raises:
            as `read`.
        """
        if index >= len(self):
            raise EmptyRingError(f"Record {index} of {self.path.name} is not written yet.")
        if not self.holds(index):
            raise OverrunError(f"Record {index} of {self.path.name} has been overwritten.")
        slot = index % self.slots
        return self._records[slot : slot + 1].reshape(())

    def read(self, index: int) -> Record:
        """A copy of record `index` as a 0-d structured array.

        Raises:
            OverrunError: it has been overwritten.
            EmptyRingError: it has not been written yet.
        """
        record = self.view(index).copy()
        if not self.holds(index):
            raise OverrunError(f"Record {index} of {self.path.name} has been overwritten.")
        return record

    def peek(self, index: int, field: str) -> Any:
        """One field of record `index` without copying the rest; same errors as `read`."""
        value = self.view(index)[field].copy()
        if not self.holds(index):
            raise OverrunError(f"Record {index} of {self.path.name} has been overwritten.")
        return value

    def newest(self) -> Record:
        """A copy of the newest whole record: how a status block is read.

        Raises:
            EmptyRingError: nothing was ever written.
        """
        for _ in range(READ_ATTEMPTS):
            count = len(self)
            if not count:
                break
            try:
                return self.read(count - 1)
            except OverrunError:
                continue
        if not len(self):
            raise EmptyRingError(f"{self.path.name} is still empty.")
        raise OverrunError(f"{self.path.name} is written faster than it can be read.")
