"""What a check hands out."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from recorder.checks.kinds import KINDS, Kind, Severity
from recorder.checks.spans import Span, in_words, spans
from recorder.checks.streams import Mask

MAX_TEXT: Final = 240
MAX_WHERE: Final = 64
LARGEST: Final = 1e12
"""Stands for infinity: JSON has none."""
COUNTS: Final = ("steps", "reports")
"""Units that are counted, and may be one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an episode is not as it should be.

    Attributes:
        where: camera, joint or bus; "": the whole rig.
        spans: the longest stretches of affected steps (first, last), in the order of time.
        steps: how many steps are affected, in all stretches.
        value, limit: what was measured, and the limit that it reached or passed, in `unit`; 0, 0
            and "" where nothing is measured.
        text: what is wrong, where and at which steps: a sentence for the operator.
        advice: what to do about it.
    """

    check: Kind
    severity: Severity
    where: str
    spans: tuple[Span, ...]
    steps: int
    value: float
    limit: float
    unit: str
    text: str
    advice: str

    def __post_init__(self) -> None:
        if any(len(span) != 2 for span in self.spans):  # as it may come out of a file
            raise ValueError("a span is a first and a last step.")


Findings = list[Finding] | None
"""What a check returns; None: not checked, for want of what the file would have to hold."""


Allowed = Literal["less than", "at most", "at least"]
"""How what is well lies to a limit."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured, and the limit that it reached or passed."""

    value: float
    limit: float
    unit: str
    allowed: Allowed = "less than"

    def __str__(self) -> str:
        unit = self.unit.removesuffix("s") if self.value == 1 and self.unit in COUNTS else self.unit
        none = self.allowed == "less than" and self.limit <= 0
        allowed = "none" if none else f"{self.allowed} {_number(self.limit)}"
        return f"{_number(self.value)} {unit}, allowed: {allowed}"


def finding(
    kind: Kind, severity: Severity, where: str, mask: Mask, measure: Measure | str, what: str
) -> Finding:
    """A finding about the marked steps.

    Args:
        measure: what was measured; or, where that is nothing, what is to be known besides.
        what: what is wrong, as the beginning of a sentence; steps and numbers follow.
    """
    number = Measure(0.0, 0.0, "") if isinstance(measure, str) else measure
    subject = f"{where}: {what}" if where else f"{what[:1].upper()}{what[1:]}"
    steps = f" at {in_words(mask)}" if mask.any() and not mask.all() else ""
    return Finding(
        check=kind,
        severity=severity,
        where=where[:MAX_WHERE],
        spans=spans(mask),
        steps=int(mask.sum()),
        value=_plain(number.value),
        limit=_plain(number.limit),
        unit=number.unit,
        text=_short(f"{subject}{steps} ({measure})."),
        advice=KINDS[kind].advice,
    )


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 4]} ..."


def _plain(value: float) -> float:
    """A number that JSON can hold."""
    return 0.0 if math.isnan(value) else min(max(value, -LARGEST), LARGEST)


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
