"""``episodes list``: one line an episode."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from recorder.episode.recover import is_left_behind
from recorder.folder.numbering import number_of
from replay.filters import Filter, add_filters, filter_of
from replay.index.row import Row, Unreadable
from replay.index.rows import rows_in
from replay.printer import Printer
from replay.verbs.places import Place, about_journal, given, is_journal, places, take_paths
from replay.verbs.verb import Verb

ALL_READ: Final = 0
UNREADABLE: Final = 1
MEGABYTE: Final = 1e6
UNKNOWN: Final = "-"
HEADINGS: Final = "  number   steps  seconds       MB  success     verdict  cameras"
NUMBER: Final = "number"
Item = Row | Unreadable | Path
"""What is listed of a folder: an episode, a file that nobody can read, a journal."""
SORTS: Final[dict[str, Callable[[Row], Any]]] = {
    "steps": lambda row: row.facts.steps,
    "seconds": lambda row: row.facts.seconds,
    "size": lambda row: row.size_bytes,
    "started": lambda row: row.facts.started_utc,
    "label": lambda row: row.facts.success,
    "verdict": lambda row: row.facts.verdict or "",
    "task": lambda row: row.facts.task,
}
"""What a folder's episodes can be sorted by, beside their numbers."""


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
        facts = row.facts
        self.rows += 1
        self.steps += facts.steps
        self.seconds += facts.seconds
        self.size_bytes += row.size_bytes
        self.recovered += facts.recovered
        self.success[facts.success] += 1
        self.verdicts[facts.verdict or UNKNOWN] += 1


@dataclass(frozen=True, slots=True)
class Order:
    """How the episodes of a folder are listed.

    Attributes:
        by: one of `SORTS`, or their numbers.
        reverse: the largest first; what has no row stays at the end.
    """

    by: str = NUMBER
    reverse: bool = False

    def of(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items of a folder, which come in the order of their numbers, in this order."""
        if self.by == NUMBER:
            return reversed(list(items)) if self.reverse else items
        everything = list(items)
        rows = [each for each in everything if isinstance(each, Row)]
        rows.sort(key=SORTS[self.by], reverse=self.reverse)
        return iter([*rows, *(each for each in everything if not isinstance(each, Row))])


def list_episodes(
    names: Sequence[str],
    printer: Printer,
    only: Filter | None = None,
    order: Order | None = None,
) -> int:
    """Print them; returns the exit status. With a filter, journals and trash are left out.

    Raises:
        NotFoundError, FolderError: as `given` and `places`.
    """
    only, order, totals = only or Filter(), order or Order(), Totals()
    for place in places(given(names, only.task)):
        items = order.of(_items(place, only))
        if only.takes_all:
            _list_all(place, items, totals, printer)
        else:
            _list_some(place, items, totals, printer)
    printer.line(_summary(totals))
    return UNREADABLE if totals.unreadable else ALL_READ


def _items(place: Place, only: Filter) -> Iterator[Item]:
    """What is to be listed of a folder, by number: rows, what has none, and journals."""
    rows = rows_in(place.folder, [path for path in place.files if not is_journal(path)])
    for path in place.files:
        if is_journal(path):
            if only.takes_all:
                yield path
        elif isinstance(row := next(rows), Unreadable) or only.takes(row):
            yield row
    next(rows, None)  # so that it comes to its end, where it writes the index


def _list_all(place: Place, items: Iterator[Item], totals: Totals, printer: Printer) -> None:
    printer.line(str(place.folder))
    if not all(map(is_journal, place.files)):  # nor where there is nothing but a trash
        printer.line(HEADINGS)
    for item in items:
        _list(item, totals, printer)
    _list_trash(place, printer)


def _list_some(place: Place, items: Iterator[Item], totals: Totals, printer: Printer) -> None:
    """The same where a filter may leave nothing: then the folder is not named."""
    for count, item in enumerate(items):
        if not count:
            printer.line(str(place.folder))
            printer.line(HEADINGS)
        _list(item, totals, printer)


def _list(item: Item, totals: Totals, printer: Printer) -> None:
    if isinstance(item, Path):
        _list_journal(item, printer)
    elif isinstance(item, Unreadable):
        totals.unreadable += 1
        path = item.path
        printer.line(f"  {_number(path)}  {item.error}")
        printer.record({"path": str(path), "number": number_of(path), "error": item.error})
    else:
        totals.add(item)
        _list_row(item, printer)


def _list_row(row: Row, printer: Printer) -> None:
    facts = row.facts
    printer.line(_text(row))
    for word, texts in (("reason", [facts.reason] if facts.reason else []), ("note", facts.notes)):
        for text in texts:
            printer.line(f"          {word}: {text}")
    printer.record(
        {
            "path": str(row.path),
            "number": row.number,
            "task": facts.task,
            "steps": facts.steps,
            "seconds": round(facts.seconds, 3),
            "bytes": row.size_bytes,
            "success": facts.success,
            "reason": facts.reason or None,
            "verdict": facts.verdict,
            "recovered": facts.recovered,
            "cameras": facts.cameras,
            "notes": facts.notes,
            "fps": facts.fps,
            "started_utc": facts.started_utc,
        }
    )


def _text(row: Row) -> str:
    facts = row.facts
    recovered = "  (recovered)" if facts.recovered else ""
    return (
        f"  {_number(row.path)}  {facts.steps:6}  {facts.seconds:7.2f}  "
        f"{row.size_bytes / MEGABYTE:7.1f}  {facts.success:<10}  {facts.verdict or UNKNOWN:<7}  "
        f"{' '.join(facts.cameras)}{recovered}"
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
    order = Order(options.sort, options.reverse)
    return list_episodes(options.paths, printer, filter_of(options), order)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    take_paths(parser)
    parser.add_argument(
        "--sort",
        choices=(NUMBER, *SORTS),
        default=NUMBER,
        metavar="BY",
        help=f"the episodes of each folder by {', '.join((NUMBER, *SORTS))}",
    )
    parser.add_argument("--reverse", action="store_true", help="the largest first")
    add_filters(parser)


VERB: Final = Verb(_run, "one line an episode", "0: all could be read; 1: not all", _add_arguments)
