"""``episodes check``: is each file sound, and is what it holds good enough to learn from?"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from recorder.checks.kinds import Kind
from recorder.episode.reader import EpisodeReader
from recorder.episode.recover import is_left_behind
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.judge import judge, limits_of
from recorder.limits import QualityLimits
from recorder.quality import Judgement
from replay.episode_files import about_journal, is_journal, places
from replay.printer import Printer

GOOD: Final = 0
NOT_GOOD: Final = 1
UNUSABLE: Final = 2
MAX_ALIKE: Final = 3
"""Findings of a kind that people are shown; `--json` has all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What has been found in a file.

    Attributes:
        faults: against the format, a sentence each; none: it is sound.
        recovery_note: what the journal lacked that it was recovered from; "": nothing.
        judgement: None where faults are such that nobody can judge.
        ignored: kinds that the limits leave out, whether the file has what they look at or not.
        error: why it could not be looked at; "" if it could.
    """

    path: Path
    faults: tuple[str, ...] = ()
    recovery_note: str = ""
    judgement: Judgement | None = None
    ignored: tuple[Kind, ...] = ()
    error: str = ""

    @property
    def word(self) -> str:
        """`ok`, `warn`, `reject`, `unsound` or `unusable`; the worst that is true."""
        if self.error:
            return "unusable"
        if self.faults or self.judgement is None:
            return "unsound"
        return self.judgement.verdict

    @property
    def status(self) -> int:
        """The exit status that it calls for."""
        return {"ok": GOOD, "warn": GOOD, "unusable": UNUSABLE}.get(self.word, NOT_GOOD)


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


def check_file(path: Path, limits: QualityLimits | None = None) -> Checked:
    """Look at a file, every picture in it too."""
    try:
        with EpisodeReader(path) as episode:
            faults = tuple(check(episode, decode=False))  # `judge` decodes
    except EpisodeError as error:
        return Checked(path, error=str(error))
    note = episode.facts.recovery_note if episode.facts.recovered else ""
    try:
        limits = limits or limits_of(episode)
        return Checked(path, faults, note, judge(path, limits), limits.ignore)
    except (EpisodeError, ArithmeticError, LookupError, ValueError) as error:
        # As a rule the faults say what makes the numbers impossible.
        return Checked(path, faults or (f"It cannot be judged: {error}",), note)


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
        for line in _findings(checked.judgement, checked.ignored):
            printer.line(line)
    printer.record(_facts(checked))


def _findings(judgement: Judgement, ignored: tuple[Kind, ...]) -> Iterator[str]:
    """Findings of a kind together, what to do about them, and what was not looked for."""
    for (severity, kind), alike in groupby(
        judgement.findings, key=lambda each: (each.severity, each.check)
    ):
        findings = list(alike)
        for finding in findings[:MAX_ALIKE]:
            yield f"  - {severity}: {kind}: {finding.text}"
        if (more := len(findings) - MAX_ALIKE) > 0:
            yield f"  - {severity}: {kind}: {more} more like these."
        yield f"    {findings[0].advice}"
    if judgement.left_out:
        yield f"  - {judgement.left_out} more findings."
    if ignored:
        yield f"  - not checked, as the limits say: {', '.join(ignored)}"


def _facts(checked: Checked) -> dict[str, object]:
    judgement = checked.judgement
    return {
        "path": str(checked.path),
        "result": checked.word,
        "error": checked.error or None,
        "faults": checked.faults,
        "recovery_note": checked.recovery_note or None,
        "verdict": judgement.verdict if judgement else None,
        "findings": [dataclasses.asdict(each) for each in judgement.findings] if judgement else [],
        "left_out": judgement.left_out if judgement else 0,
        "not_checked": judgement.not_checked if judgement else [],
    }
