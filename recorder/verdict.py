"""A judgement in the words and numbers of the recorder's status."""

from collections.abc import Iterator
from typing import Final

from recorder.quality import Judgement
from recorder.status import Verdict

MOST_TOLD: Final = 3
ADVICE: Final = {"warn": "worth a look", "reject": "better recorded again"}


def verdict_of(judgement: Judgement | None) -> Verdict:
    """As the status has it."""
    return Verdict.UNKNOWN if judgement is None else Verdict[judgement.verdict.upper()]


def worst_of(judgement: Judgement | None) -> tuple[str, str]:
    """The worst finding in a sentence, and what to do about it; both "" if there is none."""
    if judgement is None or not judgement.findings:
        return "", ""
    worst = judgement.findings[0]
    return f"{worst.check}: {worst.text}", worst.advice


def in_sentences(judgement: Judgement | None) -> Iterator[str]:
    """What the operator is told of a file at once: the worst findings; nothing if it is ok."""
    if judgement is None or judgement.verdict == "ok":
        return
    yield f"{judgement.verdict.upper()}, {ADVICE[judgement.verdict]}:"
    for finding in judgement.findings[:MOST_TOLD]:
        yield f"{finding.check}: {finding.text}"
        yield f"-> {finding.advice}"
    more = len(judgement.findings) - MOST_TOLD + judgement.left_out
    if more > 0:
        yield f"and {more} more: see `episodes check`."
