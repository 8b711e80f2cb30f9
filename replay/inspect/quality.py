"""What the quality checks say of an episode, as plain text lines."""

from collections.abc import Iterator

from replay.inspect.checked import Checked
from replay.inspect.filled import filled_words


def quality(checked: Checked) -> Iterator[str]:
    """The verdict by the file's own limits, and its findings with steps, number and advice."""
    judgement = checked.judgement
    if judgement is None:  # too damaged: its faults tell why
        yield "quality   not judged"
        return
    yield f"quality   {judgement.verdict}{_then(checked)}"
    advice = ""
    for finding in judgement.findings:
        if advice and finding.advice != advice:
            yield from filled_words("    -> ", advice)
        label = f"  {finding.severity:<6}  "
        yield from filled_words(label, f"{finding.check}: {finding.text}")
        advice = finding.advice
    if advice:
        yield from filled_words("    -> ", advice)
    if judgement.left_out:
        yield f"  and {judgement.left_out} more"


def _then(checked: Checked) -> str:
    """What was said when the file was made, where that was something else."""
    before, verdict = checked.verdict_then, checked.judgement and checked.judgement.verdict
    return "" if before in (None, verdict) else f" (when it was made: {before})"
