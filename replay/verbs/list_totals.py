"""What ``episodes list`` says at its end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from replay.index.row import Row, Unreadable

MEGABYTE: Final = 1e6
VERDICTS: Final = "Verdicts are of when each was saved; `episodes check` looks at every picture."


@dataclass(slots=True)
class Totals:
    """Everything that was listed, together."""

    rows: int = 0
    steps: int = 0
    seconds: float = 0.0
    size_bytes: int = 0
    unreadable: int = 0
    gone: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)

    def add(self, item: Row | Unreadable | Path) -> None:
        """Count it in; a journal counts for nothing."""
        if isinstance(item, Unreadable):
            self.unreadable += not item.gone
            self.gone += item.gone
        elif isinstance(item, Row):
            self._add(item)

    def lines(self) -> Iterator[str]:
        """What to know about the verdicts, and the sum."""
        if self.verdicts:
            yield VERDICTS
        gone = f"; {self.gone} gone meanwhile" if self.gone else ""
        if not self.rows and not self.unreadable:
            yield f"No episodes{gone}."
            return
        parts = [
            f"{self.rows} episode{'' if self.rows == 1 else 's'}: {self.steps} steps",
            f"{self.seconds:.1f} s",
            f"{self.size_bytes / MEGABYTE:.1f} MB",
        ]
        for counts in (self.labels, self.verdicts, self.marks):
            parts += [f"{count} {word}" for word, count in sorted(counts.items())]
        if self.unreadable:
            parts.append(f"{self.unreadable} cannot be read")
        yield f"{', '.join(parts)}{gone}."

    def _add(self, row: Row) -> None:
        facts = row.facts
        self.rows += 1
        self.steps += facts.steps
        self.seconds += facts.seconds
        self.size_bytes += row.size_bytes
        self.labels[facts.success] += 1
        self.verdicts.update([facts.verdict] if facts.verdict else [])
        self.marks["recovered"] += facts.recovered
        self.marks["trimmed"] += facts.trimmed
        self.marks = +self.marks  # no zeros
