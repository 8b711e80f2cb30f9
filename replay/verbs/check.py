"""``episodes check``: is each file sound, and is what it holds good enough to learn from?"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recorder.episode.recover import is_left_behind
from recorder.limits import QualityLimits
from replay.inspect.checked import GOOD, Checked, check_file, facts_of, finding_lines
from replay.printer import Printer
from replay.verbs.places import about_journal, is_journal, places, take_paths
from replay.verbs.verb import Verb
from session.config import load_task


def check_episodes(
    paths: Sequence[Path], printer: Printer, limits: QualityLimits | None = None
) -> int:
    """Check them, say what was found, and return the exit status.

    Args:
        limits: None: each file is judged by its own.

    Raises:
        NotFoundError, FolderError: as `places`.
    """
    status, words = GOOD, Counter[str]()
    for place in places(paths):
        by_the_way = [path for path in place.files if is_journal(path) and path not in paths]
        for path in (path for path in place.files if path not in by_the_way):
            checked = check_file(path, limits)
            _print(checked, printer)
            words[checked.word] += 1
            status = max(status, checked.status)
        _mention(place.folder, list(filter(is_left_behind, by_the_way)), printer)
    count = f"{words.total()} episode{'' if words.total() == 1 else 's'}"
    counted = ", ".join(f"{count} {word}" for word, count in words.items())
    printer.line(f"{count}: {counted}." if words else "No episodes.")
    return status


def _mention(folder: Path, journals: list[Path], printer: Printer) -> None:
    """Journals that a recorder has left behind: episodes, too, but no files yet."""
    if journals:
        are = "journal is no file" if len(journals) == 1 else "journals are no files"
        printer.line(f"{folder}: {len(journals)} {are} yet: episodes recover {folder}")
    for journal in journals:
        printer.record(about_journal(journal, left_behind=True))


def _print(checked: Checked, printer: Printer) -> None:
    printer.line(f"{checked.path}: {checked.word}")
    for fault in filter(None, (checked.error, *checked.faults)):
        printer.line(f"  - {fault}")
    if checked.recovery_note:
        printer.line(f"  - recovered: {checked.recovery_note}")
    if checked.judgement:
        for line in finding_lines(checked.judgement, checked.ignored):
            printer.line(line)
    printer.record(facts_of(checked))


def _run(options: argparse.Namespace, printer: Printer) -> int:
    limits = None if options.task is None else load_task(options.task).quality
    return check_episodes(options.paths, printer, limits)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    take_paths(parser)
    parser.add_argument(
        "--task",
        metavar="NAME",
        help="judge by the limits that this task has now, not by those in each file",
    )


VERB: Final = Verb(
    _run,
    "say whether each is sound, and good enough to learn from",
    "0: all are ok or warn; 1: some are reject or unsound; 2: some are unusable (no episodes, "
    "or too damaged to tell)",
    _add_arguments,
)
