"""How bad marked steps are: by the longest stretch, and by all of them together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.checks.finding import Finding, Measure, finding
from recorder.checks.kinds import Kind, Severity
from recorder.checks.spans import longest
from recorder.checks.streams import Mask, Streams
from recorder.limits import QualityLimits

ROUNDING: Final = 1e-9
"""So that ten steps of 20 ms are 0.2 s."""


@dataclass(frozen=True, slots=True)
class Rule:
    """From where on marked steps are worth a finding: either measure is enough.

    Attributes:
        warn_s, reject_s: longest stretch; at least one step, whatever the limit.
        warn_share, reject_share: of all steps.
    """

    warn_s: float
    reject_s: float = math.inf
    warn_share: float = math.inf
    reject_share: float = math.inf


def by_length_and_share(warn_s: float, reject_s: float, limits: QualityLimits) -> Rule:
    """The usual rule: the kind's own stretches, everybody's shares."""
    return Rule(warn_s, reject_s, limits.warn_share, limits.reject_share)


def grade(stretch_s: float, share: float, rule: Rule) -> tuple[Severity, Measure] | None:
    """How bad it is, and by which measure; None: not worth a finding.

    Args:
        stretch_s: length of the longest stretch; 0: there is none.
        share: of all steps, 0-1.
    """
    if stretch_s <= 0:
        return None
    levels: tuple[tuple[Severity, float, float], ...] = (
        ("reject", rule.reject_s, rule.reject_share),
        ("warn", rule.warn_s, rule.warn_share),
    )
    for severity, limit_s, limit_share in levels:
        if stretch_s >= limit_s - ROUNDING:
            return severity, Measure(stretch_s, limit_s, "s in a row")
        if share >= limit_share - ROUNDING:
            return severity, Measure(100 * share, 100 * limit_share, "% of the steps")
    return None


def marked(
    streams: Streams, kind: Kind, where: str, mask: Mask, rule: Rule, what: str
) -> list[Finding]:
    """The finding about marked steps (T,), if they are worth one."""
    graded = grade(longest(mask) / streams.rate_hz, float(mask.mean()) if len(mask) else 0.0, rule)
    if graded is None:
        return []
    severity, measure = graded
    return [finding(kind, severity, where, mask, measure, what)]


def marked_each(
    streams: Streams, kind: Kind, names: Sequence[str], masks: Mask, rule: Rule, what: str
) -> list[Finding]:
    """The findings about cameras, joints or buses whose steps are the columns of (T, n)."""
    return [
        each
        for column, name in enumerate(names)
        for each in marked(streams, kind, name, masks[:, column], rule, what)
    ]
