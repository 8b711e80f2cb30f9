"""An export from beginning to end, whatever its format."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from recorder.folder.guards import free_bytes
from recorder.folder.whole_folder import check_new, nearest_folder, whole_folder
from recorder.reason import reason
from replay.errors import ExportError
from replay.export.exporter import Entry, Exporter, Plan, Source
from replay.export.notes import entry_facts, left_out_facts, write_notes
from replay.export.sources import Found, LeftOut, look_at
from replay.filters import Filter, Sieve, filter_of
from replay.find import find_episodes
from replay.index.read import read_row
from replay.interrupted import interruption_told
from replay.printer import Printer
from replay.progress import progress_bar

ALL: Final = 0
NOT_ALL: Final = 1
MEGABYTE: Final = 1e6
REFUSED: Final = (RuntimeError, MemoryError, ImportError)
"""How the system says no besides OSError: h5py tells of a full disk by a RuntimeError, too; where
memory is short, no thread can be started and no library loaded."""
NOTES_BYTES: Final = 1 << 20
"""Room for `export.json` and `README.txt`, and what the file system needs itself."""


def export(exporter: Exporter[Any], options: argparse.Namespace, printer: Printer) -> int:
    """Do it, or say what would be done; returns the exit status.

    Args:
        options: `episodes`, `out`, `dry_run`, the filters, and those of the format.

    Raises:
        NotFoundError: a path means no episode.
        ExportError, FolderError: it cannot be done; nothing is left of it.
    """
    target = check_new(options.out)
    with interruption_told(options.out), _refusal_told(target):
        found = _find(options, printer)
        plan = exporter.plan(found.sources, options)
        _tell(exporter, plan, found, printer)
        _check_room(target, plan)
        sizes: list[int] = []
        if options.dry_run:
            printer.line("Nothing is written: this is a dry run.")
        else:
            sizes = _write(exporter, plan, (*found.left_out, *found.copies), target)
            files, size = _count(len(sizes), "file"), sum(sizes) / MEGABYTE
            printer.line(f"Exported to {options.out}: {files}, {size:.1f} MB.")
        printer.record(_facts(exporter, plan, target, sum(sizes) if sizes else None))
    return NOT_ALL if found.left_out else ALL


def _find(options: argparse.Namespace, printer: Printer) -> Found:
    wanted = filter_of(options)
    paths = _filtered(find_episodes(options.episodes, task=wanted.task), wanted, printer)
    with progress_bar("looking", len(paths)) as done:
        found = look_at(paths, done)
    for each in (*found.left_out, *found.copies):
        printer.line(f"Left out: {each.why}")
        printer.record({"path": str(each.path), **left_out_facts(each)})
    if not found.sources:
        raise ExportError("No sound episode is left to export: `episodes check` says more.")
    return found


def _filtered(paths: Sequence[Path], wanted: Filter, printer: Printer) -> Sequence[Path]:
    if wanted.takes_all:
        return paths
    sieve = Sieve(wanted)
    taken = [row.path for row in map(read_row, paths) if sieve.takes(row)]
    printer.line(f"The filters take {len(taken)} of {_count(len(paths), 'episode')}.")
    remarks = list(sieve.remarks())
    if not taken:
        raise ExportError(" ".join(["The filters leave no episode to export.", *remarks]))
    for remark in remarks:
        printer.line(remark)
    return taken


def _tell(exporter: Exporter[Any], plan: Plan, found: Found, printer: Printer) -> None:
    for place, entry in enumerate(plan.entries):
        printer.line(f"  {_line(entry, place)}")
        printer.record({"path": str(entry.source.path), **entry_facts(entry)})
    for remark in (*_remarks(found.sources), *plan.remarks):
        printer.line(remark)
    files = len(plan.files) + sum(len(entry.files) for entry in plan.entries)
    printer.line(
        f"{exporter.name}: {_count(len(plan.entries), 'episode')}, {_count(files, 'file')}, "
        f"{_size(plan)}."
    )


def _line(entry: Entry, place: int) -> str:
    into = ", ".join(entry.files) or f"episode {place}"
    return f"{entry.source.path} -> {into}, {entry.steps} steps"


def _size(plan: Plan) -> str:
    """As far as it is known beforehand."""
    about, most = (f"{size / MEGABYTE:.1f} MB" for size in (plan.estimated_bytes, plan.most_bytes))
    more = plan.most_bytes > plan.estimated_bytes and most != about
    return f"about {about}, up to {most}" if more else f"about {about}"


def _remarks(sources: Sequence[Source]) -> Iterator[str]:
    """What is exported as it was asked for, but perhaps not meant."""
    labels = Counter(source.facts.success for source in sources)
    for count, what, option in (
        (
            sum(source.facts.verdict == "reject" for source in sources),
            "of verdict reject",
            "verdict",
        ),
        (labels["failure"], "called failure", "label"),
        (labels["unlabelled"], "called unlabelled", "label"),
    ):
        if count:
            yield f"{_count(count, 'episode')} {what} (--{option} chooses)."
    if len(tasks := sorted({source.facts.task for source in sources})) > 1:
        yield f"They are of {len(tasks)} tasks: {', '.join(tasks)}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _check_room(target: Path, plan: Plan) -> None:
    """There is room, as far as can be known.

    Raises:
        ExportError: there is not.
    """
    there = nearest_folder(target)
    needed = max(plan.estimated_bytes, plan.most_bytes) + NOTES_BYTES
    free = free_bytes(there)
    if free < needed:
        raise ExportError(
            f"The disk of {there} has {free / MEGABYTE:.1f} MB free, and the export may need "
            f"{needed / MEGABYTE:.1f} MB: make room, or choose another --out."
        )


def _write(
    exporter: Exporter[Any], plan: Plan, left_out: Sequence[LeftOut], target: Path
) -> list[int]:
    """The bytes of each file that has been written, those about the export as well."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with whole_folder(target) as folder, progress_bar("exporting", plan.work) as progress:
            exporter.write(plan, folder, progress)
            write_notes(folder, exporter, plan, left_out, now)
            sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except OSError as error:
        raise _cannot_write(target, error) from error
    return sizes


@contextmanager
def _refusal_told(target: Path) -> Iterator[None]:
    """Whatever the system refuses, from the first look at the episodes on, is told in a sentence.
    What it says of files it reads is left to those who call: it names the file."""
    try:
        yield
    except REFUSED as error:
        raise _cannot_write(target, error) from error


def _cannot_write(target: Path, error: Exception) -> ExportError:
    return ExportError(f"Cannot write {target}: {reason(error)}. Nothing is left of it.")


def _facts(
    exporter: Exporter[Any], plan: Plan, target: Path, written_bytes: int | None
) -> dict[str, object]:
    """For programs; `written_bytes` is None where nothing was written."""
    return {
        "format": exporter.name,
        "out": str(target),
        "dry_run": written_bytes is None,
        "episodes": len(plan.entries),
        "estimated_bytes": plan.estimated_bytes,
        "most_bytes": max(plan.estimated_bytes, plan.most_bytes),
        "written_bytes": written_bytes,
        "settings": dict(plan.settings),
        "remarks": plan.remarks,
    }
