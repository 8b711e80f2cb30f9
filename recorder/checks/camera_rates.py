"""How fast cameras really run, by the numbers and stamps of their pictures.

What can be known: a picture's number tells how many the camera has taken, its capture stamp when
(mostly in the camera's own clock, brought to ours), its arrival stamp when it was here (in ours).
So the rate shows in capture against number, and a clock that runs away in arrival minus capture,
which is constant where stamps are true. Stamps that are made on arrival tell nothing of a drift.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.grading import ROUNDING
from recorder.checks.kinds import Severity
from recorder.checks.spans import Indices, between, longest
from recorder.checks.streams import Mask, Streams
from recorder.limits import QualityLimits

SMOOTHED: Final = 9
"""Intervals between pictures of which the median counts: jitter and a single stall are no rate."""
MIN_PICTURES: Final = 100
"""Fewer tell no drift: a second's jitter of a few ms would pass for one."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The distinct pictures of one camera, in order.

    Attributes:
        name, rate_hz: of the camera, as configured.
        rows: (F,) the step that each came with.
        numbers, capture_s, arrival_s: (F,) times since the first.
        interval_s: (F - 1,) from one to the next, by the camera's count of those between.
    """

    name: str
    rate_hz: float
    rows: Indices
    numbers: Floats
    capture_s: Floats
    arrival_s: Floats
    interval_s: Floats


def slow_camera(streams: Streams, limits: QualityLimits) -> Findings:
    """Stretches in which a camera takes pictures too slowly."""
    return [each for camera in _cameras(streams) for each in _slow(streams, camera, limits)]


def clock_drift(streams: Streams, limits: QualityLimits) -> Findings:
    """Cameras whose clock is not ours."""
    enough = (each for each in _cameras(streams) if len(each.rows) >= MIN_PICTURES)
    return [
        each
        for camera in enough
        for each in _stamp_drift(streams, camera, limits) or _rate_off(streams, camera, limits)
    ]


def _cameras(streams: Streams) -> list[Pictures]:
    cameras = (_pictures(streams, camera) for camera in range(len(streams.camera_names)))
    return [camera for camera in cameras if camera.rate_hz > 0 and len(camera.rows) > SMOOTHED]


def _pictures(streams: Streams, camera: int) -> Pictures:
    numbers = streams.frame_number[:, camera].astype(np.float64)
    rows = np.flatnonzero((np.diff(numbers, prepend=-1.0) != 0) & streams.pictured[:, camera])
    capture_s = _seconds(streams.frame_capture_ns[rows, camera])
    return Pictures(
        streams.camera_names[camera],
        streams.camera_rate_hz[camera],
        rows,
        numbers[rows],
        capture_s,
        _seconds(streams.frame_arrival_ns[rows, camera]),
        _each(np.diff(capture_s), np.diff(numbers[rows])),
    )


def _seconds(stamps_ns: npt.NDArray[np.int64]) -> Floats:
    """Since the first."""
    return (stamps_ns - stamps_ns[:1]) / 1e9


def _each(lasted_s: Floats, pictures: Floats) -> Floats:
    """Time a picture; 0 where the count does not go on."""
    return np.divide(lasted_s, pictures, out=np.zeros_like(lasted_s), where=pictures > 0)


def _slow(streams: Streams, camera: Pictures, limits: QualityLimits) -> list[Finding]:
    interval_s = _smoothed(camera.interval_s)
    slow = interval_s * camera.rate_hz * limits.slow_warn_ratio > 1 + ROUNDING
    mask = _waiting(streams, camera, slow)
    if longest(mask) < max(limits.slow_s * streams.rate_hz - ROUNDING, 1):
        return []
    rate_hz = float(1 / np.median(interval_s[slow]))
    rejected = rate_hz < limits.slow_reject_ratio * camera.rate_hz
    ratio = limits.slow_reject_ratio if rejected else limits.slow_warn_ratio
    measure = Measure(rate_hz, ratio * camera.rate_hz, "Hz")
    what = f"pictures come too slowly for {camera.rate_hz:g} Hz"
    severity: Severity = "reject" if rejected else "warn"
    return [finding("slow_camera", severity, camera.name, mask, measure, what)]


def _smoothed(intervals_s: Floats) -> Floats:
    """The median of each interval and its neighbours."""
    padded = np.pad(intervals_s, SMOOTHED // 2, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED)
    return np.asarray(np.median(windows, axis=1))


def _waiting(streams: Streams, camera: Pictures, marked: Mask) -> Mask:
    """(T,) the steps from each picture to the next, of the intervals that are marked."""
    mask = np.zeros(streams.steps, bool)
    mask[camera.rows[0] : camera.rows[-1]] = np.repeat(marked, np.diff(camera.rows))
    return mask


def _stamp_drift(streams: Streams, camera: Pictures, limits: QualityLimits) -> list[Finding]:
    """Captures that move against arrivals: what most pairs half an episode apart say."""
    half = len(camera.rows) // 2
    lasted_s = float(np.median(_apart(camera.arrival_s, half)))
    moved_s = float(np.median(_apart(camera.arrival_s - camera.capture_s, half)))
    drift = moved_s / lasted_s if lasted_s > 0 else 0.0
    shift_ms = abs(drift * float(camera.arrival_s[-1])) * 1e3
    if abs(drift) < limits.drift_percent / 100 - ROUNDING or shift_ms < 500 / camera.rate_hz:
        return []
    what = f"stamps of capture run {-100 * drift:+.2f} % against the clock"
    if shift_ms >= limits.drift_reject_ms - ROUNDING:
        measure = Measure(shift_ms, limits.drift_reject_ms, "ms")
        return [_drifts(streams, camera, "reject", measure, what)]
    measure = Measure(100 * abs(drift), limits.drift_percent, "%")
    return [_drifts(streams, camera, "warn", measure, what)]


def _rate_off(streams: Streams, camera: Pictures, limits: QualityLimits) -> list[Finding]:
    """A rate that is not the configured one. One that is far lower is `slow_camera`.

    Over half an episode jitter does not matter, from picture to picture those that were left out do
    not: only what both say counts.
    """
    half = len(camera.rows) // 2
    over_half_s = _each(_apart(camera.capture_s, half), _apart(camera.numbers, half))
    off = [
        1 / (period_s * camera.rate_hz) - 1 if period_s > 0 else 0.0
        for period_s in (float(np.median(over_half_s)), float(np.median(camera.interval_s)))
    ]
    least = min(off, key=abs) if off[0] * off[1] > 0 else 0.0
    if abs(least) < limits.drift_percent / 100 - ROUNDING or 1 + least < limits.slow_warn_ratio:
        return []
    what = f"runs at {(1 + least) * camera.rate_hz:.2f} Hz, not at {camera.rate_hz:g}"
    measure = Measure(100 * abs(least), limits.drift_percent, "%")
    return [_drifts(streams, camera, "warn", measure, what)]


def _apart(values: Floats, pictures: int) -> Floats:
    """What lies between each picture and the one so many later."""
    return values[pictures:] - values[:-pictures]


def _drifts(
    streams: Streams, camera: Pictures, severity: Severity, measure: Measure, what: str
) -> Finding:
    """A finding about all steps with pictures of the camera."""
    every = between(streams.steps, camera.rows[:1], camera.rows[-1:])
    return finding("clock_drift", severity, camera.name, every, measure, what)
