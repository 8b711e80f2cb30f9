"""Whether cameras keep the rate that they are configured for, and whether their clocks keep ours.

The rate shows in capture stamps against picture numbers; a clock that runs away in arrival minus
capture, which is constant where stamps are true. Stamps that are made on arrival tell nothing of
such a clock, and they jitter by some milliseconds, so a rate needs time to be known.

Only what is steady counts: not a stretch that `slow_camera` tells of, no stall and nothing around
it, no picture that was left out without being counted. What is steady is looked at in parts of
PART_S or more, each with a line of its own through its stamps, so that nothing of what lies between
them matters. What the parts say is believed if there are MIN_PARTS and three of four say it: where
jitter is too much for the limit, they do not.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from recorder.checks.camera_rates import (
    SMOOTHED,
    Pictures,
    each,
    medians,
    seen,
    slow_intervals,
)
from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.fresh import ALLOWED_PERIODS, Floats
from recorder.checks.grading import ROUNDING
from recorder.checks.kinds import Severity
from recorder.checks.spans import between, runs
from recorder.checks.streams import Mask, Streams
from recorder.limits import QualityLimits

PART_S: Final = 1.5
"""Over so long, stamps that jitter by 4 ms tell a rate to 0.15 %, whatever it is."""
MIN_PARTS: Final = 4
AGREEING: Final = 0.75
"""Of the parts must be beyond a limit."""
NEAR: Final = 4
"""Intervals over which a period is taken that need not be exact."""


def clock_drift(streams: Streams, limits: QualityLimits) -> Findings:
    """Cameras whose clock is not ours, or that do not run as configured."""
    found: list[Finding] = []
    for camera in seen(streams):
        parts = list(_parts(camera, _steady(streams, camera, limits)))
        if len(parts) >= MIN_PARTS:
            found += _stamps(streams, camera, parts, limits) or _rate(
                streams, camera, parts, limits
            )
    return found


def _stamps(
    streams: Streams, camera: Pictures, parts: list[slice], limits: QualityLimits
) -> list[Finding]:
    """Captures that move against arrivals."""
    on_its_way_s = camera.arrival_s - camera.capture_s
    drift, sure = _agreed([_slope(camera.arrival_s[part], on_its_way_s[part]) for part in parts])
    shift_ms = abs(drift * float(camera.arrival_s[-1])) * 1e3
    if sure < limits.drift_percent / 100 - ROUNDING or shift_ms < 500 / camera.rate_hz:
        return []
    what = f"stamps of capture run {-100 * drift:+.2f} % against the clock"
    if shift_ms >= limits.drift_reject_ms - ROUNDING:
        measure = Measure(shift_ms, limits.drift_reject_ms, "ms")
        return [_drifts(streams, camera, "reject", measure, what)]
    measure = Measure(100 * abs(drift), limits.drift_percent, "%")
    return [_drifts(streams, camera, "warn", measure, what)]


def _rate(
    streams: Streams, camera: Pictures, parts: list[slice], limits: QualityLimits
) -> list[Finding]:
    """A rate that is not the configured one."""
    periods_s = [_slope(camera.numbers[part], camera.capture_s[part]) for part in parts]
    off, sure = _agreed([1 / (s * camera.rate_hz) - 1 if s > 0 else 0.0 for s in periods_s])
    if sure < limits.drift_percent / 100 - ROUNDING:
        return []
    what = f"runs at {(1 + off) * camera.rate_hz:.2f} Hz, not at {camera.rate_hz:g}"
    measure = Measure(100 * abs(off), limits.drift_percent, "%")
    return [_drifts(streams, camera, "warn", measure, what)]


def _agreed(values: list[float]) -> tuple[float, float]:
    """What the parts say: their median, and how far AGREEING of them go at least, to its side."""
    middle = float(np.median(values))
    sure = np.quantile(np.sign(middle) * np.array(values), 1 - AGREEING)
    return middle, float(sure)


def _slope(x: Floats, y: Floats) -> float:
    """Of the line through the points; 0 if there is none."""
    x, y = x - x.mean(), y - y.mean()
    spread = float(np.dot(x, x))
    return float(np.dot(x, y)) / spread if spread > 0 else 0.0


# ---- what is steady ------------------------------------------------------------------------------


def _parts(camera: Pictures, steady: Mask) -> Iterator[slice]:
    """Pictures in a row, PART_S or longer and of about one length, of the steady intervals."""
    for first, last in zip(*map(np.ndarray.tolist, runs(steady)), strict=True):
        intervals = last + 1 - first
        lasted_s = float(camera.capture_s[last + 1] - camera.capture_s[first])
        parts = min(int(max(lasted_s, 0.0) / PART_S), intervals)
        for part in range(parts):
            begins, ends = intervals * part // parts, intervals * (part + 1) // parts
            yield slice(first + begins, first + ends + 1)


def _steady(streams: Streams, camera: Pictures, limits: QualityLimits) -> Mask:
    """(F - 1,) from one picture to the next nothing happened but that time went by."""
    near_s = each(_apart(camera.capture_s, NEAR), _apart(camera.numbers, NEAR))
    period_s = float(np.median(near_s))
    longest_s = ALLOWED_PERIODS * period_s + 1 / streams.rate_hz  # one more may fall between ticks
    steady = (np.diff(camera.capture_s) <= longest_s) & ~_jumps(camera, period_s)
    return steady & ~slow_intervals(streams, camera, limits)


def _jumps(camera: Pictures, period_s: float) -> Mask:
    """(F - 1,) somewhere around here the pictures' times move against their numbers, by half a
    period or more and to stay: one was left out uncounted, or the camera was opened again."""
    late_s = camera.capture_s - period_s * camera.numbers
    usual_s = medians(np.pad(late_s, SMOOTHED - 1, mode="symmetric"))
    return np.asarray(np.abs(usual_s[SMOOTHED:] - usual_s[:-SMOOTHED]) > period_s / 2)


def _apart(values: Floats, pictures: int) -> Floats:
    """What lies between each picture and the one so many later."""
    return values[pictures:] - values[:-pictures]


def _drifts(
    streams: Streams, camera: Pictures, severity: Severity, measure: Measure, what: str
) -> Finding:
    """A finding about all steps with pictures of the camera."""
    every = between(streams.steps, camera.rows[:1], camera.rows[-1:])
    return finding("clock_drift", severity, camera.name, every, measure, what)
