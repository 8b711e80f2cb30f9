"""What has been found in an episode file: against the format, and by the quality checks."""

import dataclasses
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from recorder.checks.from_file import streams_of
from recorder.checks.kinds import Kind
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.judge import damaged_pictures, limits_of
from recorder.limits import QualityLimits
from recorder.quality import Judgement, judge
from replay.gone import GoneError, missing, opened
from teleop.config import build

GOOD: Final = 0
NOT_GOOD: Final = 1
UNUSABLE: Final = 2
GONE: Final = "gone"
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
        verdict_then: the verdict that it got when it was made; None: it is older than the checks.
        gone: it was not there any more, which `error` says; that is nobody's fault.
    """

    path: Path
    faults: tuple[str, ...] = ()
    recovery_note: str = ""
    judgement: Judgement | None = None
    ignored: tuple[Kind, ...] = ()
    error: str = ""
    verdict_then: str | None = None
    gone: bool = False

    @property
    def word(self) -> str:
        """`ok`, `warn`, `reject`, `unsound` or `unusable`; the worst that is true. Or `gone`."""
        if self.gone:
            return GONE
        if self.error:
            return "unusable"
        if self.faults or self.judgement is None:
            return "unsound"
        return self.judgement.verdict

    @property
    def status(self) -> int:
        """The exit status that it calls for."""
        statuses = {"ok": GOOD, "warn": GOOD, GONE: GOOD, "unusable": UNUSABLE}
        return statuses.get(self.word, NOT_GOOD)


def check_file(path: Path, limits: QualityLimits | None = None) -> Checked:
    """Look at a file, every picture in it too.

    It is opened once: what becomes of its name meanwhile is no matter.
    """
    try:
        with opened(path) as episode:
            return _check(episode, limits)
    except EpisodeError as error:
        return not_opened(path, error)
    except MemoryError:
        return Checked(path, error=f"{path} claims to hold more than there is memory for.")


def not_opened(path: Path, error: EpisodeError) -> Checked:
    """What is to be said of a file that could not be opened: it is unusable, or gone."""
    return Checked(path, error=str(error), gone=isinstance(error, GoneError))


def weighed(checked: Checked, named: Collection[Path]) -> Checked:
    """What is gone from a folder is no fault; a file that somebody has named has to be there."""
    if checked.gone and checked.path in named:
        return Checked(checked.path, error=missing(checked.path))
    return checked


def _check(episode: EpisodeReader, limits: QualityLimits | None) -> Checked:
    path, facts = episode.path, episode.facts
    faults = tuple(check(episode, decode=False))  # what follows decodes
    note = facts.recovery_note if facts.recovered else ""
    then = facts.verdict
    try:
        limits = limits or limits_of(episode)
        judgement = judge(streams_of(episode, damaged_pictures(episode)), limits)
        return Checked(path, faults, note, judgement, limits.ignore, verdict_then=then)
    except (EpisodeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # As a rule the faults say what makes the numbers impossible.
        return Checked(path, faults or (f"It cannot be judged: {error}",), note, verdict_then=then)


def finding_lines(judgement: Judgement, ignored: tuple[Kind, ...]) -> Iterator[str]:
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


def facts_of(checked: Checked) -> dict[str, object]:
    """The same for programs."""
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


def to_plain(checked: Checked) -> dict[str, Any]:
    """All of it as JSON holds it; `from_plain` takes it back."""
    return {**dataclasses.asdict(checked), "path": str(checked.path)}


def from_plain(plain: dict[str, Any]) -> Checked:
    """What `to_plain` has made.

    Raises:
        ConfigError: it is anything else.
    """
    return build(Checked, plain, "checked")
