"""Pages about episodes that open offline: an index, a page an episode, and their pictures."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from replay.inspect.checked import GOOD, UNUSABLE, facts_of
from replay.inspect.in_sum import in_sum
from replay.pages.entry import Entry, Place, places
from replay.pages.index_page import index_page
from replay.pages.make_episode import write_episode
from replay.pages.place import EPISODES, INDEX, PICTURES, building
from replay.printer import Printer
from replay.progress import progress_bar

WORKERS: Final = 2
"""At a time: pictures are decoded beside each other, files are read one after the other."""
MEGABYTE: Final = 1e6


def write_pages(paths: Sequence[Path], out: Path, printer: Printer) -> int:
    """Write a report about these files to the folder `out`; returns the exit status.

    Returns:
        0: all are ok or warn; 1: one is reject or unsound; 2: one is no episode, or
        all are gone meanwhile.

    Raises:
        PagesError: the report cannot be written; nothing is left of it.
    """
    replaced = out.exists()
    with building(out) as folder:
        entries = _write_all(places(paths), folder)
        (folder / INDEX).write_text(index_page(entries), encoding="utf-8")
        megabytes = _size(folder) / MEGABYTE
    _say(entries, printer)
    instead = ", in place of an earlier report" if replaced else ""
    printer.line(f"pages: {out / INDEX} ({megabytes:.1f} MB){instead}")
    there = [entry.checked.status for entry in entries if not entry.checked.gone]
    return max(there, default=UNUSABLE)


def _write_all(found: Sequence[Place], folder: Path) -> list[Entry]:
    """A page for each, in any order; what is said of them, in theirs."""

    def write(index: int) -> Entry:
        before = found[index - 1] if index else None
        after = found[index + 1] if index + 1 < len(found) else None
        return write_episode(found[index], folder / EPISODES, folder / PICTURES, before, after)

    entries = []
    with progress_bar("pages", len(found)) as advance:
        for entry in _in_order(write, len(found)):
            entries.append(entry)
            advance(1)
    return entries


def _say(entries: Sequence[Entry], printer: Printer) -> None:
    """Those that are not good, and how many there are of each; once nothing else is drawn."""
    for entry in entries:
        printer.record(facts_of(entry.checked))
        if entry.checked.status != GOOD or entry.checked.gone:
            printer.line(entry.checked.error or f"{entry.place.path}: {entry.checked.word}")
    printer.line(in_sum(Counter(sorted(entry.checked.word for entry in entries))))


def _in_order(write: Callable[[int], Entry], count: int) -> Iterator[Entry]:
    """What becomes of 0 ... count - 1; whoever breaks off waits for those at work only."""
    pool = ThreadPoolExecutor(WORKERS)
    try:
        yield from pool.map(write, range(count))
    finally:
        pool.shutdown(cancel_futures=True)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*"))
