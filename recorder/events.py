"""What control and the simulated world have told the operator, so that it stands in the episode."""

from dataclasses import dataclass
from pathlib import Path

from teleop.ring import OverrunError, RingReader


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was told, with the session's time."""

    t_ns: int
    text: str


class Events:
    """Reads an event ring (`teleop.tick.EVENT_DTYPE`) from its newest record on.

    Args:
        source: who tells; its name goes before the text, but for control's.

    Raises:
        FileNotFoundError: the ring is not there yet.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._prefix = "" if source == "control" else f"{source}: "
        self._ring = RingReader(path)
        self._next = len(self._ring)

    def new(self) -> list[Event]:
        """The events since the last call. Never blocks."""
        events = []
        while self._next < len(self._ring):
            try:
                record = self._ring.read(self._next)
            except OverrunError:  # more than a ring of events at once: the oldest are lost
                self._next = max(self._ring.oldest(), self._next + 1)
                continue
            self._next += 1
            text = bytes(record["text"].item()).decode(errors="replace")
            events.append(Event(int(record["t_ns"]), f"{self._prefix}{text}"))
        return events

    def close(self) -> None:
        """Let the ring go."""
        self._ring.close()
