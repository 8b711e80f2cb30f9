"""What `list`, filters and totals know of an episode: the few facts that fit into a row."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recorder.folder.numbering import number_of

LARGEST: Final = 1 << 63
"""No number of a file reaches it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of itself.

    Attributes:
        reason: why it is called a success or a failure; "": nobody said.
        verdict: of the quality checks; None: the file is older than they are.
        notes: what the operator wrote about it, a line each.
        started_utc: ISO 8601.
        trimmed: rows were cut off since it was recorded.
    """

    task: str
    steps: int
    fps: int
    success: str
    reason: str
    verdict: str | None
    recovered: bool
    cameras: tuple[str, ...]
    notes: tuple[str, ...]
    started_utc: str
    trimmed: bool

    @property
    def seconds(self) -> float:
        """Of demonstration, at the file's rate."""
        return self.steps / self.fps if self.fps > 0 else 0.0


FACTS: Final = tuple(field.name for field in dataclasses.fields(Facts))


@dataclass(frozen=True, slots=True)
class Row:
    """An episode file: where it is, how large, and what it says of itself."""

    path: Path
    size_bytes: int
    facts: Facts

    @property
    def number(self) -> int | None:
        """In its name; None: it is called something else."""
        return number_of(self.path)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that has no row.

    Attributes:
        error: why, in a sentence.
        gone: it was not there any more; that is nobody's fault.
    """

    path: Path
    error: str
    gone: bool = False


def to_plain(facts: Facts) -> list[Any]:
    """Facts as JSON holds them; `from_plain` takes them back."""
    return [getattr(facts, name) for name in FACTS]


def from_plain(plain: Any) -> Facts | None:
    """What `to_plain` has made; None if it is anything else."""
    if not isinstance(plain, list) or len(plain) != len(FACTS):
        return None
    task, steps, fps, success, reason, verdict, recovered, cameras, notes, started, trimmed = plain
    texts = (task, success, reason, started, "" if verdict is None else verdict)
    well = (
        all(type(each) is str for each in texts)
        and all(type(each) is int and abs(each) < LARGEST for each in (steps, fps))
        and all(type(each) is bool for each in (recovered, trimmed))
        and all(type(each) is list for each in (cameras, notes))
        and all(type(each) is str for each in (*cameras, *notes))
    )
    if not well:
        return None
    its_cameras, its_notes = tuple(cameras), tuple(notes)
    return Facts(
        task=task,
        steps=steps,
        fps=fps,
        success=success,
        reason=reason,
        verdict=verdict,
        recovered=recovered,
        cameras=its_cameras,
        notes=its_notes,
        started_utc=started,
        trimmed=trimmed,
    )
