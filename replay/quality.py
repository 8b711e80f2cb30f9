"""What the quality checks say of an episode, as plain text lines."""

from collections.abc import Iterator

from recorder.checks.from_file import streams_of
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.judge import limits_of
from recorder.quality import Judgement, judge


def quality(episode: EpisodeReader) -> Iterator[str]:
    """The verdict by the file's own limits, and its findings with steps, number and advice."""
    try:
        judgement = judge(streams_of(episode), limits_of(episode))
    except EpisodeError as error:  # too damaged: `check` tells why
        yield f"quality   not judged: {error}"
        return
    yield f"quality   {judgement.verdict}{_then(episode, judgement)}"
    advice = ""
    for finding in judgement.findings:
        if advice and finding.advice != advice:
            yield f"    -> {advice}"
        yield f"  {finding.severity:<6}  {finding.check}: {finding.text}"
        advice = finding.advice
    if advice:
        yield f"    -> {advice}"
    if judgement.left_out:
        yield f"  and {judgement.left_out} more"


def _then(episode: EpisodeReader, judgement: Judgement) -> str:
    """What was said when the file was made, where that was something else."""
    before = episode.facts.verdict
    return "" if before in (None, judgement.verdict) else f" (when it was made: {before})"
