"""``episodes recover``: what a recorder that died has left behind becomes episode files."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from recorder.episode.finalise import PART_SUFFIX
from recorder.episode.recover import Recovery, recover_each, recover_one
from recorder.episode.schema import JOURNAL_SUFFIX
from recorder.errors import FolderError
from recorder.folder.guards import folder_lock
from recorder.folder.numbering import episodes_in, number_of
from recorder.printable import printable
from replay.errors import NotFoundError
from replay.find import with_folders_in
from replay.printer import Printer
from replay.verbs.places import given, take_paths
from replay.verbs.verb import Verb

WELL: Final = 0
NOT_ALL: Final = 1
PATIENCE_S: Final = 20.0
"""For a recorder whose session was killed, and that finalises what it holds."""


def recover_episodes(names: Sequence[str], printer: Printer) -> int:
    """Recover, and say of each journal what was saved and what is missing.

    Returns:
        The exit status: NOT_ALL if a journal could not be saved whole, or a recorder is at work.

    Raises:
        NotFoundError: a path is not there, or no journal.
    """
    status = WELL
    recovered = 0
    for folder, journal in list(_left_behind(given(names))):
        try:
            for recovery in _recoveries(folder, journal):
                recovered += 1
                status = max(status, WELL if recovery.is_whole else NOT_ALL)
                printer.line(f"{folder}: {recovery.sentence}")
                printer.record(_facts(recovery))
        except (FolderError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            sys.stderr.write(f"episodes: {_sentence(folder, error)}\n")
            status = NOT_ALL
    if not recovered and status == WELL:
        printer.line("Nothing to recover.")
    return status


def _left_behind(paths: Sequence[Path]) -> Iterator[tuple[Path, Path | None]]:
    """The folders with something to recover; with the journal, if just that one is meant."""
    for path in paths:
        if path.is_dir():
            for folder in with_folders_in(path):
                if any(folder.glob(f".episode_*{PART_SUFFIX}")) or _journals(folder):
                    yield folder, None
        elif path.suffix == JOURNAL_SUFFIX and number_of(path) is not None and path.is_file():
            yield path.parent, path
        else:
            name = printable(str(path))
            raise NotFoundError(
                f"{name} is no journal: give a folder, or an episode_<number>{JOURNAL_SUFFIX}."
            )


def _journals(folder: Path) -> list[Path]:
    return episodes_in(folder, JOURNAL_SUFFIX)


def _recoveries(folder: Path, journal: Path | None) -> Iterator[Recovery]:
    with folder_lock(folder, PATIENCE_S, editing=True):
        if journal is None:
            yield from recover_each(folder)
        else:
            yield recover_one(journal)


def _sentence(folder: Path, error: FolderError | OSError) -> str:
    if isinstance(error, FolderError):
        return str(error)
    return f"Cannot recover what is in {folder}: {error.strerror}."


def _facts(recovery: Recovery) -> dict[str, object]:
    saved = recovery.saved
    return {
        "journal": str(recovery.journal),
        "path": str(saved.path) if saved and saved.path else None,
        "steps": saved.steps if saved else 0,
        "bytes": saved.size_bytes if saved else 0,
        "whole": recovery.is_whole,
        "kept": str(recovery.kept) if recovery.kept else None,
        "note": saved.note if saved else recovery.sentence,
    }


def _run(options: argparse.Namespace, printer: Printer) -> int:
    return recover_episodes(options.paths, printer)


VERB: Final = Verb(
    _run,
    "make files of what a recorder that died has left behind",
    "0: all that was left behind is saved whole, or there was nothing; 1: not all",
    take_paths,
)
