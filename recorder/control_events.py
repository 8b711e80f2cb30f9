"""What control has told the operator, so that it also stands in the episode."""

from dataclasses import dataclass
from pathlib import Path

from teleop.ring import OverrunError, RingReader
from teleop.tick import EVENT_RING


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """An event of control, with the session's time and the number of its tick."""

    t_ns: int
    tick: int
    text: str


class ControlEvents:
    """Reads control's event ring from its newest record on.

    Raises:
        FileNotFoundError: control has not made it yet.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._ring = RingReader(runtime_dir / EVENT_RING)
        self._next = len(self._ring)

    def new(self) -> list[ControlEvent]:
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
            events.append(ControlEvent(int(record["t_ns"]), int(record["tick"]), text))
        return events

    def close(self) -> None:
        """Let the ring go."""
        self._ring.close()
