"""``episodes list``: one line an episode."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.episode.recover import is_left_behind
from recorder.errors import EpisodeError
from recorder.folder.numbering import number_of
from replay.printer import Printer
from replay.verbs.places import Place, about_journal, is_journal, places, take_paths
from replay.verbs.verb import Verb

ALL_READ: Final = 0
UNREADABLE: Final = 1
MEGABYTE: Final = 1e6
UNKNOWN: Final = "-"
HEADINGS: Final = "  number   steps  seconds       MB  success     verdict  cameras"


@dataclass(frozen=True, slots=True)
class Row:
    """What `list` says of an episode.

    Attributes:
        number: in its name; None: it is called something else.
        seconds: of demonstration, at the file's rate.
        reason: why it is called a success or a failure; "": nobody said.
        verdict: of the quality checks; None: the file is older than they are.
        notes: what the operator wrote about it, a line each.
    """

    path: Path
    number: int | None
    task: str
    steps: int
    seconds: float
    size_bytes: int
    success: str
    reason: str
    verdict: str | None
    recovered: bool
    cameras: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class Totals:
    """What the last line says."""

    rows: int = 0
    steps: int = 0
    seconds: float = 0.0
    size_bytes: int = 0
    recovered: int = 0
    unreadable: int = 0
    success: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Count an episode in."""
        self.rows += 1
        self.steps += row.steps
        self.seconds += row.seconds
        self.size_bytes += row.size_bytes
        self.recovered += row.recovered
        self.success[row.success] += 1
        self.verdicts[row.verdict or UNKNOWN] += 1


def list_episodes(paths: Sequence[Path], printer: Printer) -> int:
    """Print them; returns the exit status.

    Raises:
        NotFoundError, FolderError: as `places`.
    """
    totals = Totals()
    for place in places(paths):
        printer.line(str(place.folder))
        if not all(map(is_journal, place.files)):  # nor where there is nothing but a trash
            printer.line(HEADINGS)
        for path in place.files:
            if is_journal(path):
                _list_journal(path, printer)
            else:
                _list(path, totals, printer)
        _list_trash(place, printer)
    printer.line(_summary(totals))
    return UNREADABLE if totals.unreadable else ALL_READ


def read_row(path: Path) -> Row:
    """What is to be said of a file.

    Raises:
        EpisodeError: it is no episode, or a damaged one.
    """
    with EpisodeReader(path) as episode:
        facts = episode.facts
        return Row(
            path=path,
            number=number_of(path),
            task=facts.task,
            steps=episode.steps,
            seconds=episode.steps / facts.fps if facts.fps > 0 else 0.0,
            size_bytes=episode.size_bytes,
            success=facts.success,
            reason=facts.label_reason or "",
            verdict=facts.verdict,
            recovered=facts.recovered,
            cameras=facts.camera_names,
            notes=tuple((facts.notes or "").splitlines()),
        )


def _list(path: Path, totals: Totals, printer: Printer) -> None:
    try:
        row = read_row(path)
    except EpisodeError as error:
        totals.unreadable += 1
        printer.line(f"  {_number(path)}  {error}")
        printer.record({"path": str(path), "number": number_of(path), "error": str(error)})
        return
    totals.add(row)
    printer.line(_text(row))
    for word, texts in (("reason", [row.reason] if row.reason else []), ("note", row.notes)):
        for text in texts:
            printer.line(f"          {word}: {text}")
    printer.record(
        {
            "path": str(path),
            "number": row.number,
            "task": row.task,
            "steps": row.steps,
            "seconds": round(row.seconds, 3),
            "bytes": row.size_bytes,
            "success": row.success,
            "reason": row.reason or None,
            "verdict": row.verdict,
            "recovered": row.recovered,
            "cameras": row.cameras,
            "notes": row.notes,
        }
    )


def _text(row: Row) -> str:
    recovered = "  (recovered)" if row.recovered else ""
    return (
        f"  {_number(row.path)}  {row.steps:6}  {row.seconds:7.2f}  "
        f"{row.size_bytes / MEGABYTE:7.1f}  {row.success:<10}  {row.verdict or UNKNOWN:<7}  "
        f"{' '.join(row.cameras)}{recovered}"
    )


def _number(path: Path) -> str:
    number = number_of(path)
    return f"{path.name if number is None else number:>6}"


def _list_journal(journal: Path, printer: Printer) -> None:
    left_behind = is_left_behind(journal)
    fate = (
        f"a recorder has left it behind (episodes recover {journal.parent})"
        if left_behind
        else "it is being recorded, or saved"
    )
    printer.line(f"  {_number(journal)}  is a journal: {fate}")
    printer.record(about_journal(journal, left_behind=left_behind))


def _list_trash(place: Place, printer: Printer) -> None:
    if place.trashed:
        printer.line(
            f"  {len(place.trashed)} in the trash, e.g. {place.trashed[-1]} (episodes restore FILE)"
        )
    for path in place.trashed:
        printer.record({"path": str(path), "number": number_of(path), "trashed": True})


def _summary(totals: Totals) -> str:
    if not totals.rows and not totals.unreadable:
        return "No episodes."
    parts = [
        f"{totals.rows} episode{'' if totals.rows == 1 else 's'}: {totals.steps} steps",
        f"{totals.seconds:.1f} s",
        f"{totals.size_bytes / MEGABYTE:.1f} MB",
        *(f"{count} {word}" for word, count in sorted(totals.success.items())),
        *(f"{count} {word}" for word, count in sorted(totals.verdicts.items()) if word != UNKNOWN),
    ]
    for count, word in ((totals.recovered, "recovered"), (totals.unreadable, "unreadable")):
        if count:
            parts.append(f"{count} {word}")
    return f"{', '.join(parts)}."


def _run(options: argparse.Namespace, printer: Printer) -> int:
    return list_episodes(options.paths, printer)


VERB: Final = Verb(_run, "one line an episode", "0: all could be read; 1: not all", take_paths)
