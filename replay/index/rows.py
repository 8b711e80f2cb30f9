"""The rows of many files: from the index what it knows, from the files what is new or changed."""

import os
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from replay.checking.pool import Lost, answers, usable_cores
from replay.gone import missing
from replay.index.read import not_there, read_row
from replay.index.row import Row, Unreadable, from_plain
from replay.index.store import Indexed, Stamp, load, save

WORTH_WRITING: Final = 50
"""Rows that were read anew; fewer are read again in no time (0.4 ms each)."""
WORTH_WORKERS: Final = 1000
"""Files to read; a worker takes half a second to start."""
AHEAD: Final = 16
TICK_NS: Final = 100_000_000
"""Of a kernel's clock, and to spare: what is changed twice within it has one time of change."""
COARSE_NS: Final = 2_000_000_000
"""The same of a file system that keeps whole seconds only."""
SECOND_NS: Final = 1_000_000_000


def rows_in(
    folder: Path, paths: Sequence[Path], named: Collection[Path] = ()
) -> Iterator[Row | Unreadable]:
    """The rows of files of one folder, in their order.

    Reads what the folder's index does not know, and then writes the index anew, if it can.

    Args:
        named: files that somebody has named: they have to be there, and are not just gone.
    """
    stamps = {path: stamp for path in paths if (stamp := _stamp(path))}
    known = load(folder) if len(paths) > WORTH_WRITING else {}
    believed = {
        path: Row(path, stamp.size_bytes, known[path.name][1])
        for path, stamp in stamps.items()
        if path.name in known and known[path.name][0] == stamp
    }
    began_ns = time.time_ns()
    fresh: dict[Path, Row] = {}
    with closing(_read([path for path in paths if path not in believed])) as read:
        for path in paths:
            row = believed.get(path) or next(read)
            if isinstance(row, Row) and path not in believed:
                fresh[path] = row
            yield _weighed(row, named)
    if len(fresh) >= WORTH_WRITING:
        _update(folder, known, {**believed, **fresh}, stamps, began_ns)


def _weighed(row: Row | Unreadable, named: Collection[Path]) -> Row | Unreadable:
    if isinstance(row, Unreadable) and row.gone and row.path in named:
        return Unreadable(row.path, missing(row.path))
    return row


def _update(
    folder: Path,
    known: Indexed,
    rows: dict[Path, Row],
    stamps: dict[Path, Stamp],
    began_ns: int,
) -> None:
    """Write what is settled, and keep what the index says of files that were not asked about."""
    settled = {
        path.name: (stamp, row.facts)
        for path, row in rows.items()
        if (stamp := stamps.get(path)) and _is_settled(stamp, began_ns) and stamp == _stamp(path)
    }
    asked = {path.name for path in stamps}
    there = {name: its for name, its in known.items() if name not in asked and _is_in(folder, name)}
    save(folder, {**there, **settled})


def _is_in(folder: Path, name: str) -> bool:
    return os.path.basename(name) == name and os.path.isfile(folder / name)


def _is_settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether a later change would show in the stamp."""
    patience_ns = TICK_NS if stamp.status_changed_ns % SECOND_NS else COARSE_NS
    return now_ns - stamp.status_changed_ns > patience_ns


def _stamp(path: Path) -> Stamp | None:
    try:
        return Stamp.of(os.stat(path))
    except OSError:  # reading it will tell
        return None


def _read(paths: Sequence[Path]) -> Generator[Row | Unreadable]:
    """The rows, read from the files: by several processes where these are many."""
    if len(paths) < WORTH_WORKERS:
        yield from map(read_row, paths)
        return
    with closing(answers("row", paths, jobs=usable_cores(), ahead=AHEAD)) as results:
        for path, answer in results:
            yield _row(path, answer)


def _row(path: Path, answer: object) -> Row | Unreadable:
    if isinstance(answer, Lost):
        return Unreadable(path, f"{path} cannot be read: {answer.why}.")
    match answer:
        case [int(size_bytes), plain] if facts := from_plain(plain):
            return Row(path, size_bytes, facts)
        case str(error):
            return Unreadable(path, error)
        case None:
            return not_there(path)
    return read_row(path)  # a worker that talks nonsense; it is ours, and does not
