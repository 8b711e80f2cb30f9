"""Whether control kept its time, and whether every step of it is in the file, to the end."""

import numpy as np

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.grading import ROUNDING, Rule, by_length_and_share, grade, marked
from recorder.checks.kinds import Kind
from recorder.checks.streams import Array, Streams
from recorder.limits import QualityLimits


def too_short(streams: Streams, limits: QualityLimits) -> Findings:
    """The length by the number of steps."""
    length_s = streams.steps / streams.rate_hz
    every = np.ones(streams.steps, bool)
    if length_s < limits.short_reject_s - ROUNDING:
        measure = Measure(length_s, limits.short_reject_s, "s", "at least")
        return [finding("too_short", "reject", "", every, measure, "the episode is too short")]
    if length_s < limits.short_warn_s - ROUNDING:
        measure = Measure(length_s, limits.short_warn_s, "s", "at least")
        return [finding("too_short", "warn", "", every, measure, "the episode is short")]
    return []


def incomplete(streams: Streams, limits: QualityLimits) -> Findings:
    """Episodes whose recorder did not live to end them; the last step is where they break off."""
    note = " ".join(streams.recovery_note.split()).removesuffix(".")
    if not note:
        return []
    last = np.arange(streams.steps) == streams.steps - 1
    return [finding("incomplete", "warn", "", last, note, "the recording breaks off")]


def late_ticks(streams: Streams, limits: QualityLimits) -> Findings:
    """Steps that began too long after their deadline."""
    late_ms = (streams.tick_ns - streams.deadline_ns) / 1e6
    late = late_ms > limits.late_ms
    worst_ms = float(late_ms.max(initial=0.0))
    rule = by_length_and_share(limits.late_warn_s, limits.late_reject_s, limits)
    return marked(
        streams, "late_ticks", "", late, rule, f"ticks began up to {worst_ms:.0f} ms late"
    )


def missed_ticks(streams: Streams, limits: QualityLimits) -> Findings:
    """Slots without a step; not those in which control stepped and the recorder lost it."""
    slots, steps = np.diff(streams.tick, prepend=0), np.diff(streams.step, prepend=0)
    gaps = slots - steps
    rule = by_length_and_share(limits.missed_warn_s, limits.missed_reject_s, limits)
    return _gaps(streams, "missed_ticks", gaps, rule, "control missed {} ticks; the gaps end")


def lost_steps(streams: Streams, limits: QualityLimits) -> Findings:
    """Steps of control that are not in the file; an episode begins at step 0."""
    gaps = np.diff(streams.step, prepend=-1) - 1
    rule = by_length_and_share(limits.lost_warn_s, limits.lost_reject_s, limits)
    return _gaps(streams, "lost_steps", gaps, rule, "{} steps were lost; the gaps end", first=True)


def dropped_pictures(streams: Streams, limits: QualityLimits) -> Findings:
    """Steps whose pictures the recorder could not take."""
    if streams.frame_dropped is None:
        return None
    rule = by_length_and_share(limits.dropped_warn_s, limits.dropped_reject_s, limits)
    what = "the recorder was behind and took no pictures"
    return marked(streams, "dropped_pictures", "", ~streams.taken, rule, what)


def _gaps(
    streams: Streams, kind: Kind, gaps: Array, rule: Rule, what: str, *, first: bool = False
) -> list[Finding]:
    """The finding about what is missing before each step (T,), in steps.

    Args:
        what: a sentence with room for how many.
        first: whether there can be a gap before the first step of the file.
    """
    gaps = np.clip(gaps, 0, None)
    gaps[:1] *= first
    missing = float(gaps.sum(dtype=np.float64))
    graded = grade(
        float(gaps.max(initial=0)) / streams.rate_hz,
        missing / (missing + streams.steps) if missing else 0.0,
        rule,
    )
    if graded is None:
        return []
    severity, measure = graded
    return [finding(kind, severity, "", gaps > 0, measure, what.format(f"{missing:.0f}"))]
