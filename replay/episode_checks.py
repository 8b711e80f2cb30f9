"""``episodes check``: is each file sound, and is what it holds good enough to learn from?"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.judge import judge
from recorder.quality import Judgement
from replay.episode_files import places
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
        judgement: None where faults are such that nobody can judge.
        error: why it could not be looked at; "" if it could.
    """

    path: Path
    faults: tuple[str, ...] = ()
    judgement: Judgement | None = None
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


def check_episodes(paths: Sequence[Path], printer: Printer) -> int:
    """Check them, say what was found, and return the exit status.

    Raises:
        NotFoundError, FolderError: as `places`.
    """
    status, words = GOOD, Counter[str]()
    for place in places(paths):
        for path in place.episodes:
            checked = check_file(path)
            _print(checked, printer)
            words[checked.word] += 1
            status = max(status, checked.status)
    count = f"{words.total()} episode{'' if words.total() == 1 else 's'}"
    counted = ", ".join(f"{count} {word}" for word, count in words.items())
    printer.line(f"{count}: {counted}." if words else "No episodes.")
    return status


def check_file(path: Path) -> Checked:
    """Look at a file, every picture in it too."""
    try:
        with EpisodeReader(path) as episode:
            faults = tuple(check(episode, decode=False))  # `judge` decodes
    except EpisodeError as error:
        return Checked(path, error=str(error))
    try:
        return Checked(path, faults, judge(path))
    except (EpisodeError, ArithmeticError, LookupError, ValueError) as error:
        # As a rule the faults say what makes the numbers impossible.
        return Checked(path, faults or (f"It cannot be judged: {error}",))


def _print(checked: Checked, printer: Printer) -> None:
    printer.line(f"{checked.path}: {checked.word}")
    for fault in filter(None, (checked.error, *checked.faults)):
        printer.line(f"  - {fault}")
    if checked.judgement:
        for line in _findings(checked.judgement):
            printer.line(line)
    printer.record(_facts(checked))


def _findings(judgement: Judgement) -> Iterator[str]:
    """Findings of a kind together, and what to do about them."""
    for _, alike in groupby(judgement.findings, key=lambda each: (each.severity, each.check)):
        findings = list(alike)
        for finding in findings[:MAX_ALIKE]:
            yield f"  - {finding.severity}: {finding.text}"
        if (more := len(findings) - MAX_ALIKE) > 0:
            yield f"  - {findings[0].severity}: {more} more like these."
        yield f"    {findings[0].advice}"
    if judgement.left_out:
        yield f"  - {judgement.left_out} more findings."


def _facts(checked: Checked) -> dict[str, object]:
    judgement = checked.judgement
    return {
        "path": str(checked.path),
        "result": checked.word,
        "error": checked.error or None,
        "faults": checked.faults,
        "verdict": judgement.verdict if judgement else None,
        "findings": [dataclasses.asdict(each) for each in judgement.findings] if judgement else [],
        "left_out": judgement.left_out if judgement else 0,
    }
