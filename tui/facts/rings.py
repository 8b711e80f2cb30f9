"""The rings of a runtime directory, opened as they appear and reopened when a successor comes."""

from pathlib import Path

from teleop.ring import Record, RingError, RingReader


class Rings:
    """Readers by name. What is missing, empty or torn just now is None.

    A ring whose file is gone is still read: the end of a session is to be seen.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._readers: dict[str, RingReader] = {}

    def reader(self, name: str) -> RingReader | None:
        """The ring of this name; another object than before where its writer was replaced."""
        known = self._readers.get(name)
        path = self._directory / name
        try:
            if known is None or known.inode != path.stat().st_ino:
                self._readers[name] = RingReader(path)
        except (OSError, RingError, ValueError):
            return known
        return self._readers[name]

    def newest(self, name: str) -> Record | None:
        """The newest record of the ring of this name."""
        reader = self.reader(name)
        try:
            return None if reader is None else reader.newest()
        except RingError:
            return None


def words(value: Record) -> str:
    """The text in a field of bytes."""
    return str(value.item().decode(errors="replace"))
