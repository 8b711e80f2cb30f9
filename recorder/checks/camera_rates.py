"""How fast cameras really run, by the numbers and stamps of their pictures.

What can be known: a picture's number tells how many the camera has taken, its capture stamp when
(mostly in the camera's own clock, brought to ours), its arrival stamp when it was here (in ours).
So the rate shows in capture against number. `recorder.checks.drift` looks at small differences.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.fresh import Floats, configured_s
from recorder.checks.grading import ROUNDING
from recorder.checks.kinds import Severity
from recorder.checks.spans import Indices, longest
from recorder.checks.streams import Mask, Streams
from recorder.limits import QualityLimits

SMOOTHED: Final = 9
"""Intervals between pictures of which the median counts: jitter and a single stall are no rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The distinct pictures of one camera, in order.

    Attributes:
        column, name, rate_hz: of the camera; the rate is the configured one.
        rows: (F,) the step that each came with.
        numbers, capture_s, arrival_s: (F,) times since the first.
        interval_s: (F - 1,) from one to the next, by the camera's count of those between; the
            median of each and its neighbours.
    """

    column: int
    name: str
    rate_hz: float
    rows: Indices
    numbers: Floats
    capture_s: Floats
    arrival_s: Floats
    interval_s: Floats


def slow_camera(streams: Streams, limits: QualityLimits) -> Findings:
    """Stretches in which a camera takes pictures too slowly."""
    return [each for camera in seen(streams) for each in _slow(streams, camera, limits)]


def seen(streams: Streams) -> list[Pictures]:
    """The pictures of every camera of which enough is known to tell how fast it runs."""
    cameras = (_pictures(streams, column) for column in range(len(streams.camera_names)))
    return [camera for camera in cameras if camera.rate_hz > 0 and len(camera.rows) > SMOOTHED]


def slow_intervals(streams: Streams, camera: Pictures, limits: QualityLimits) -> Mask:
    """(F - 1,) the intervals between pictures that `slow_camera` tells of."""
    slow = camera.interval_s * camera.rate_hz * limits.slow_warn_ratio > 1 + ROUNDING
    told = longest(_waiting(streams, camera, slow)) >= max(
        limits.slow_s * streams.rate_hz - ROUNDING, 1
    )
    return slow & told


def kept_s(streams: Streams, limits: QualityLimits) -> Floats:
    """(T, C) the time between pictures: the configured one, or where `slow_camera` tells of a
    stretch the one that the camera kept."""
    periods_s = configured_s(streams)
    for camera in seen(streams):
        slow = slow_intervals(streams, camera, limits)
        kept = np.where(slow, camera.interval_s, 1 / camera.rate_hz)
        shown = np.diff(camera.rows, append=streams.steps)  # the last one stays as the one before
        periods_s[camera.rows[0] :, camera.column] = np.repeat(np.append(kept, kept[-1]), shown)
    return periods_s


def each(lasted_s: Floats, pictures: Floats) -> Floats:
    """Time a picture; 0 where the count does not go on."""
    return np.divide(lasted_s, pictures, out=np.zeros_like(lasted_s), where=pictures > 0)


def medians(values: Floats) -> Floats:
    """The median of SMOOTHED values in a row, for every row of so many."""
    windows = np.lib.stride_tricks.sliding_window_view(values, SMOOTHED)
    return np.asarray(np.median(windows, axis=1))


def _pictures(streams: Streams, column: int) -> Pictures:
    numbers = streams.frame_number[:, column].astype(np.float64)
    rows = np.flatnonzero((np.diff(numbers, prepend=-1.0) != 0) & streams.pictured[:, column])
    capture_s = _seconds(streams.frame_capture_ns[rows, column])
    intervals_s = each(np.diff(capture_s), np.diff(numbers[rows]))
    return Pictures(
        column,
        streams.camera_names[column],
        streams.camera_rate_hz[column],
        rows,
        numbers[rows],
        capture_s,
        _seconds(streams.frame_arrival_ns[rows, column]),
        medians(np.pad(intervals_s, SMOOTHED // 2, mode="symmetric"))
        if len(rows) > SMOOTHED
        else intervals_s,
    )


def _seconds(stamps_ns: npt.NDArray[np.int64]) -> Floats:
    """Since the first."""
    return (stamps_ns - stamps_ns[:1]) / 1e9


def _slow(streams: Streams, camera: Pictures, limits: QualityLimits) -> list[Finding]:
    slow = slow_intervals(streams, camera, limits)
    if not slow.any():
        return []
    rate_hz = float(1 / np.median(camera.interval_s[slow]))
    rejected = rate_hz < limits.slow_reject_ratio * camera.rate_hz
    ratio = limits.slow_reject_ratio if rejected else limits.slow_warn_ratio
    measure = Measure(rate_hz, ratio * camera.rate_hz, "Hz", "at least")
    what = f"pictures come too slowly for {camera.rate_hz:g} Hz"
    severity: Severity = "reject" if rejected else "warn"
    mask = _waiting(streams, camera, slow)
    return [finding("slow_camera", severity, camera.name, mask, measure, what)]


def _waiting(streams: Streams, camera: Pictures, marked: Mask) -> Mask:
    """(T,) the steps from each picture to the next, of the intervals that are marked."""
    mask = np.zeros(streams.steps, bool)
    mask[camera.rows[0] : camera.rows[-1]] = np.repeat(marked, np.diff(camera.rows))
    return mask
