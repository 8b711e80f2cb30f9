"""What has been found in an episode file: against the format, and by the quality checks."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from recorder.checks.kinds import Kind
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.judge import judge, limits_of
from recorder.limits import QualityLimits
from recorder.quality import Judgement
from teleop.config import build

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
        verdict_then: the verdict that it got when it was made; None: it is older than the checks.
    """

    path: Path
    faults: tuple[str, ...] = ()
    recovery_note: str = ""
    judgement: Judgement | None = None
    ignored: tuple[Kind, ...] = ()
    error: str = ""
    verdict_then: str | None = None

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


def check_file(path: Path, limits: QualityLimits | None = None) -> Checked:
    """Look at a file, every picture in it too."""
    try:
        with EpisodeReader(path) as episode:
            faults = tuple(check(episode, decode=False))  # `judge` decodes
    except EpisodeError as error:
        return Checked(path, error=str(error))
    note = episode.facts.recovery_note if episode.facts.recovered else ""
    then = episode.facts.verdict
    try:
        limits = limits or limits_of(episode)
        judgement = judge(path, limits)
        return Checked(path, faults, note, judgement, limits.ignore, verdict_then=then)
    except MemoryError:
        return Checked(path, error=f"{path} claims to hold more than there is memory for.")
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
