"""``episodes list``: one line an episode."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from replay.filters import Filter, Sieve, add_filters, filter_of
from replay.index.row import Row, Unreadable
from replay.index.rows import rows_in
from replay.printer import Printer
from replay.verbs import list_lines as lines
from replay.verbs.list_totals import Totals
from replay.verbs.places import Place, given, is_journal, places, take_paths
from replay.verbs.verb import Verb

ALL_READ: Final = 0
UNREADABLE: Final = 1
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
    """Print them; returns the exit status. With a filter, journals and trash are left out, and what
    cannot be read is only counted.

    Raises:
        NotFoundError, FolderError: as `given` and `places`.
    """
    only, order, totals = only or Filter(), order or Order(), Totals()
    sieve = Sieve(only)
    named = given(names, only.task)
    for place in places(named):
        items = order.of(_items(place, named, sieve, journals=only.takes_all))
        _list(place, items, totals, printer, trash=only.takes_all)
    for line in (*sieve.remarks(), *totals.lines()):
        printer.line(line)
    return UNREADABLE if totals.unreadable or sieve.unreadable else ALL_READ


def _items(place: Place, named: Sequence[Path], sieve: Sieve, *, journals: bool) -> Iterator[Item]:
    """What is to be listed of a folder, by number: rows, what has none, and journals."""
    rows = rows_in(place.folder, [path for path in place.files if not is_journal(path)], named)
    for path in place.files:
        if is_journal(path):
            if journals:
                yield path
        elif sieve.takes(row := next(rows)):
            yield row
    next(rows, None)  # so that it comes to its end, where it writes the index


def _list(
    place: Place, items: Iterator[Item], totals: Totals, printer: Printer, *, trash: bool
) -> None:
    """A folder, if anything is to be listed of it."""
    first = _up_to_a_row(items)
    trash = trash and bool(place.trash.files)
    if first or trash:
        printer.line(str(place.folder))
    if any(not isinstance(each, Path) for each in first):
        for line in lines.head(_cameras(first[-1])):
            printer.line(line)
    for item in chain(first, items):
        totals.add(item)
        _list_item(item, _cameras(first[-1]), printer)
    if trash:
        lines.tell_trash(place.trash, printer)


def _up_to_a_row(items: Iterator[Item]) -> list[Item]:
    """The first items: the last of them is a row, if there is any."""
    first = []
    for item in items:
        first.append(item)
        if isinstance(item, Row):
            break
    return first


def _cameras(item: Item) -> tuple[str, ...]:
    return item.facts.cameras if isinstance(item, Row) else ()


def _list_item(item: Item, cameras: tuple[str, ...], printer: Printer) -> None:
    match item:
        case Row():
            lines.tell_row(item, cameras, printer)
        case Unreadable():
            lines.tell_unreadable(item, printer)
        case Path():
            lines.tell_journal(item, printer)


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
