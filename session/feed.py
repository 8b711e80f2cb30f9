"""Reads a ring record by record, across the death of the process that writes it."""

from pathlib import Path

from teleop.ring import OverrunError, Record, RingError, RingReader


class Feed:
    """The records of a ring, each of them once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ring: RingReader | None = None
        self._next = 0

    def poll(self) -> list[Record]:
        """What is new, oldest first. Never waits; what was overwritten unread is left out.

        A ring made anew by a restarted process is read from its start.
        """
        if self._ring is None or not _is_current(self._ring, self._path):
            self._ring = open_ring(self._path)
            self._next = 0
        return [] if self._ring is None else self._read(self._ring)

    def _read(self, ring: RingReader) -> list[Record]:
        records: list[Record] = []
        self._next = max(self._next, ring.oldest())
        while self._next < len(ring):
            try:
                records.append(ring.read(self._next))
            except OverrunError:
                self._next = ring.oldest()
                continue
            self._next += 1
        return records


def open_ring(path: Path) -> RingReader | None:
    """The ring at `path`; None: there is none yet."""
    try:
        return RingReader(path)
    except (OSError, RingError):
        return None


def text_of(record: Record, field: str) -> str:
    """A text field of a record."""
    return str(record[field].item().decode(errors="replace"))


def _is_current(ring: RingReader, path: Path) -> bool:
    try:
        return path.stat().st_ino == ring.inode
    except OSError:
        return True
