"""What ``episodes list`` says of a folder, line by line: 80 columns, where names are not longer."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recorder.episode.recover import is_left_behind
from recorder.folder.numbering import number_of
from recorder.typed import typed
from replay.index.row import Row, Unreadable
from replay.printer import Printer
from replay.verbs.places import about_journal
from replay.verbs.trash_contents import InTrash, in_words

MEGABYTE: Final = 1e6
UNKNOWN: Final = "-"
WIDTH: Final = 80
HEADINGS: Final = "  number   steps  seconds       MB  label       verdict"
MORE: Final = " " * 10
"""Before what is said below a row."""


def head(cameras: tuple[str, ...]) -> Iterator[str]:
    """Above the rows: the cameras that they have unless they say otherwise."""
    if cameras:
        yield from _filled(" ".join(cameras), "  cameras: ")
    yield HEADINGS


def tell_row(row: Row, cameras: tuple[str, ...], printer: Printer) -> None:
    """An episode.

    Args:
        cameras: those that it need not name.
    """
    facts = row.facts
    printer.line(_text(row))
    if facts.cameras != cameras:
        for line in _filled(" ".join(facts.cameras) or "none", f"{MORE}cameras: "):
            printer.line(line)
    for word, texts in (("reason", [facts.reason] if facts.reason else []), ("note", facts.notes)):
        for text in texts:
            printer.line(f"{MORE}{word}: {text}")
    printer.record(
        {
            "path": str(row.path),
            "number": row.number,
            "task": facts.task,
            "steps": facts.steps,
            "seconds": round(facts.seconds, 3),
            "bytes": row.size_bytes,
            "label": facts.success,
            "success": facts.success,  # its name in the file
            "reason": facts.reason or None,
            "verdict": facts.verdict,
            "recovered": facts.recovered,
            "trimmed": facts.trimmed,
            "cameras": facts.cameras,
            "notes": facts.notes,
            "fps": facts.fps,
            "started_utc": facts.started_utc,
        }
    )


def tell_unreadable(item: Unreadable, printer: Printer) -> None:
    """A file that has no row."""
    path = item.path
    printer.line(f"  {_number(path)}  {item.error}")
    about: dict[str, object] = {"gone": True} if item.gone else {"error": item.error}
    printer.record({"path": str(path), "number": number_of(path), **about})


def tell_journal(journal: Path, printer: Printer) -> None:
    """An episode that is no file yet."""
    left_behind = is_left_behind(journal)
    fate = (
        f"a recorder has left it behind ({typed('episodes', 'recover', journal.parent)})"
        if left_behind
        else "it is being recorded, or saved"
    )
    printer.line(f"  {_number(journal)}  is a journal: {fate}")
    printer.record(about_journal(journal, left_behind=left_behind))


def tell_trash(trash: InTrash, printer: Printer) -> None:
    """What is in the folder's trash."""
    told = f"  in the trash: {in_words(trash)}"
    if trash.deleted:
        told += f", e.g. {typed('episodes', 'restore', trash.deleted[-1])}"
    printer.line(told)
    for path in trash.deleted:
        printer.record({"path": str(path), "number": number_of(path), "trashed": True})
    for each in trash.former:
        about = {"path": str(each.path), "number": each.number, "former_version": each.what}
        printer.record(about)


def _text(row: Row) -> str:
    facts = row.facts
    marks = [word for word in ("trimmed", "recovered") if getattr(facts, word)]
    return (
        f"  {_number(row.path)}  {facts.steps:6}  {facts.seconds:7.2f}  "
        f"{row.size_bytes / MEGABYTE:7.1f}  {facts.success:<10}  {facts.verdict or UNKNOWN:<7}  "
        f"{', '.join(marks)}"
    ).rstrip()


def _number(path: Path) -> str:
    number = number_of(path)
    return f"{path.name if number is None else number:>6}"


def _filled(text: str, begin: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_long_words=False,
        break_on_hyphens=False,
    )
