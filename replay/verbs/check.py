"""``episodes check``: is each file sound, and is what it holds good enough to learn from?"""

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from recorder.episode.recover import is_left_behind
from recorder.limits import QualityLimits
from recorder.typed import typed
from replay.checking.files import check_files
from replay.filters import Filter, Sieve, add_filters, filter_of
from replay.index.row import Unreadable
from replay.index.rows import rows_in
from replay.inspect.checked import GOOD, Checked, facts_of, finding_lines, weighed
from replay.inspect.in_sum import in_sum
from replay.printer import Printer
from replay.verbs.places import Place, about_journal, given, is_journal, places, take_paths
from replay.verbs.verb import Verb
from session.config import load_task

MOST_JOBS: Final = 256


def check_episodes(
    names: Sequence[str],
    printer: Printer,
    limits: QualityLimits | None = None,
    *,
    only: Filter | None = None,
    jobs: int | None = None,
) -> int:
    """Check them, say what was found, and return the exit status.

    Args:
        limits: None: each file is judged by its own.
        only: the episodes that are meant; None: all.
        jobs: how many are looked at at once; None: as many as there are cores.

    Raises:
        NotFoundError, FolderError: as `given` and `places`.
    """
    paths, sieve = given(names), Sieve(only or Filter())
    meant = [(place, _files(place, paths, sieve)) for place in places(paths)]
    status, words, kinds = GOOD, Counter[str](), Counter[str]()
    files = [file for _, its in meant for file in its]
    with closing(check_files(files, limits, jobs)) as results:
        for place, its in meant:
            for checked in (weighed(next(results), paths) for _ in its):
                _print(checked, printer)
                words[checked.word] += 1
                kinds.update(_kinds(checked))
                status = max(status, checked.status)
            if sieve.takes_all:
                _mention(place, paths, printer)
    for line in sieve.remarks():
        printer.line(line)
    _sum_up(words, kinds, printer)
    return status


def _files(place: Place, named: Sequence[Path], sieve: Sieve) -> list[Path]:
    """What is to be checked: no journals, unless they are named; what cannot be read in any case,
    as it may be anything."""
    files = [path for path in place.files if not is_journal(path) or path in named]
    if sieve.takes_all:
        return files
    rows = rows_in(place.folder, files)
    return [row.path for row in rows if isinstance(row, Unreadable) or sieve.takes(row)]


def _kinds(checked: Checked) -> set[str]:
    return {each.check for each in checked.judgement.findings} if checked.judgement else set()


def _mention(place: Place, named: Sequence[Path], printer: Printer) -> None:
    """Journals that a recorder has left behind: episodes, too, but no files yet."""
    folder = place.folder
    by_the_way = (path for path in place.files if is_journal(path) and path not in named)
    journals = list(filter(is_left_behind, by_the_way))
    if journals:
        recover = typed("episodes", "recover", folder)
        are = "journal is no file" if len(journals) == 1 else "journals are no files"
        printer.line(f"{folder}: {len(journals)} {are} yet: {recover}")
    for journal in journals:
        printer.record(about_journal(journal, left_behind=True))


def _print(checked: Checked, printer: Printer) -> None:
    if checked.gone:
        printer.line(checked.error)
        printer.record(facts_of(checked))
        return
    printer.line(f"{checked.path}: {checked.word}")
    for fault in filter(None, (checked.error, *checked.faults)):
        printer.line(f"  - {fault}")
    if checked.recovery_note:
        printer.line(f"  - recovered: {checked.recovery_note}")
    if checked.judgement:
        for line in finding_lines(checked.judgement, checked.ignored):
            printer.line(line)
    printer.record(facts_of(checked))


def _sum_up(words: Counter[str], kinds: Counter[str], printer: Printer) -> None:
    if kinds:
        listed = ", ".join(f"{kind} in {count}" for kind, count in kinds.most_common())
        printer.line(f"Findings: {listed}.")
    printer.line(f"{in_sum(words)}.")


def _run(options: argparse.Namespace, printer: Printer) -> int:
    limits = None if options.task is None else load_task(options.task).quality
    only = filter_of(options)
    return check_episodes(options.paths, printer, limits, only=only, jobs=options.jobs)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    take_paths(parser)
    parser.add_argument(
        "--task",
        metavar="NAME",
        help="judge by the limits that this task has now, not by those in each file",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="look at so many at once; default: as many as there are cores",
    )
    add_filters(parser, task=False)


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_JOBS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_JOBS}")
    return int(text)


VERB: Final = Verb(
    _run,
    "say whether each is sound, and good enough to learn from",
    "0: all are ok or warn; 1: some are reject or unsound; 2: some are unusable (no episodes, "
    "or too damaged to tell)",
    _add_arguments,
)
