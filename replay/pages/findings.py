"""What the checks have found in an episode, each with the steps it is about."""

from collections.abc import Iterator
from typing import Final

from recorder.checks.finding import Finding
from replay.inspect.checked import Checked
from replay.pages import svg
from replay.pages.markup import chip, text

WIDTH: Final = 1000.0
HEIGHT: Final = 8.0
NARROWEST: Final = 4.0


def findings_html(checked: Checked, steps: int) -> str:
    """Faults of the file first, then the findings, rejects before warnings."""
    parts = [*_faults(checked), *_findings(checked, steps)]
    if not parts:
        return (
            f"<p>Nothing: the file is sound, and no check has anything to say.</p>{_notes(checked)}"
        )
    return f'<ul class="findings">{"".join(parts)}</ul>{_notes(checked)}'


def _faults(checked: Checked) -> Iterator[str]:
    for fault in checked.faults:
        yield f'<li class="card reject">{chip("unsound", "unsound")} {text(fault)}</li>'


def _findings(checked: Checked, steps: int) -> Iterator[str]:
    for number, finding in enumerate(checked.judgement.findings if checked.judgement else (), 1):
        yield (
            f'<li class="card {finding.severity}" id="finding-{number}">'
            f"<p>{chip(finding.severity, _spoken(finding.check))} {text(finding.text)}</p>"
            f'<p class="advice">{text(finding.advice)}</p>{_where(finding, steps)}</li>'
        )


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")


def _where(finding: Finding, steps: int) -> str:
    """The stretches on the episode's length, from its first step to its last."""
    if not finding.spans or steps < 1:
        return ""
    across = svg.Scale(0, steps, 0, WIDTH)
    bars = [svg.rect("track", 0, 0, WIDTH, HEIGHT)]
    for first, last in finding.spans:
        left, right = (across(min(max(step, 0), steps)) for step in (first, last + 1))
        width = max(right - left, NARROWEST)
        bars.append(
            svg.rect(
                f"bar {finding.severity}",
                min(left, WIDTH - width),
                0,
                width,
                HEIGHT,
                f"steps {first} to {last}",
            )
        )
    spans = ", ".join(f"{first} to {last}" for first, last in finding.spans)
    return svg.drawing(f"steps {spans} of {steps}", WIDTH, HEIGHT, "".join(bars))


def _notes(checked: Checked) -> str:
    judgement = checked.judgement
    told = []
    if judgement is None:
        told.append("It could not be judged.")
    elif judgement.left_out:
        told.append(f"{judgement.left_out} more findings are not listed.")
    if judgement and judgement.not_checked:
        told.append(f"Not checked: {', '.join(map(_spoken, judgement.not_checked))}.")
    if checked.verdict_then not in (None, checked.word):
        told.append(f"When it was made, the verdict was: {checked.verdict_then}.")
    return "".join(f'<p class="faint">{text(each)}</p>' for each in told)
