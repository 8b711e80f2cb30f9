"""One edit of many episodes: folder by folder, each locked, and what was done said of each."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from recorder.episode.finalise import remove_parts
from recorder.errors import RecorderError
from recorder.folder.guards import folder_lock
from recorder.folder.numbering import number_of
from recorder.printable import printable
from replay.errors import EditError
from replay.printer import Printer
from replay.verbs.verb import NOT_ALL, WELL

PATIENCE_S: Final = 20.0
"""For a recorder whose session was killed, and that finalises what it holds."""
UNCHANGED: Final = "unchanged"
STATUSES: Final = "0: all is done; 1: not all"


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit does to an episode.

    Attributes:
        line: for people; says "would" if nothing was done.
        result: in a word for programs, e.g. "trimmed"; UNCHANGED: there was nothing to do.
        facts: what programs are told besides.
        path: of the file then; None: where it was.
    """

    line: str
    result: str
    facts: Mapping[str, object] = field(default_factory=dict)
    path: Path | None = None


Edit = Callable[[Path], Edited]


def edit_each(paths: Sequence[Path], printer: Printer, edit: Edit, *, dry_run: bool) -> int:
    """Edit them, and say of each what was done; one that cannot be edited keeps no other waiting.

    Args:
        dry_run: `edit` will change nothing: no folder is locked.

    Returns:
        The exit status.
    """
    folders = [(folder, list(its)) for folder, its in groupby(paths, lambda path: path.parent)]
    done = 0
    with said_if_interrupted(lambda: f"{done} of {len(paths)} done; every file is whole"):
        for folder, its in folders:
            if len(folders) > 1:
                printer.line(str(folder))
            for edited in _edit_in(folder, its, printer, edit, dry_run=dry_run):
                done += edited
    return WELL if done == len(paths) else NOT_ALL


def would(dry_run: bool) -> str:
    """What goes before what is done."""
    return "would be " if dry_run else ""


def now_utc() -> str:
    """ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextmanager
def said_if_interrupted(how_far: Callable[[], str]) -> Iterator[None]:
    """Whoever presses Ctrl-C is told what was done by then."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            sys.stderr.write("\n")  # after ^C
        _complain(f"interrupted: {how_far()}.")
        raise


def _edit_in(
    folder: Path, paths: Sequence[Path], printer: Printer, edit: Edit, *, dry_run: bool
) -> Iterator[bool]:
    """Whether each of them is done; of a folder that cannot be edited in, nothing but a word."""
    try:
        with nullcontext() if dry_run else _locked(folder):
            for path in paths:
                yield _edit_one(path, printer, edit, dry_run=dry_run)
    except BrokenPipeError:
        raise
    except RecorderError as error:
        _complain(str(error))
    except OSError as error:
        _complain(f"Cannot edit in {folder}: {error.strerror}.")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with folder_lock(folder, PATIENCE_S, editing=True):
        remove_parts(folder)  # of an edit that was killed
        yield


def _edit_one(path: Path, printer: Printer, edit: Edit, *, dry_run: bool) -> bool:
    try:
        edited = edit(path)
    except (RecorderError, EditError) as error:
        _complain(str(error))
        return False
    printer.line(edited.line)
    printer.record(
        {
            "path": str(edited.path or path),
            "number": number_of(path),
            "result": would(dry_run and edited.result != UNCHANGED) + edited.result,
            **edited.facts,
        }
    )
    return True


def _complain(text: str) -> None:
    sys.stderr.write(f"episodes: {printable(text)}\n")
