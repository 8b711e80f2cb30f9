"""Which steps have pictures of their time, and when no camera gives one. Pure, vectorised."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.checks.spans import between, runs
from recorder.checks.streams import Mask, Streams

ALLOWED_PERIODS: Final = 2
"""So long a picture may stand: what is older is stale."""

LONGEST_WAY_S: Final = 0.12
"""What may be usual for a camera: a slow one over USB or a network takes as long. Pictures that are
always older would teach a policy to act on the past."""

Floats = npt.NDArray[np.float64]


def fresh(streams: Streams, periods_s: Floats | None = None) -> Mask:
    """(T, C) the picture is its camera's, and no older than it may be.

    Every picture is some time on its way. What is usual for its camera, known from the stamps of
    arrival, does not make it stale: a camera at 60 Hz that takes 30 ms would always be.

    Args:
        periods_s: (T, C) what is allowed between pictures; None: what is configured.
    """
    if periods_s is None:
        periods_s = configured_s(streams)
    is_fresh: Mask = streams.pictured & (streams.frame_stale == 0)
    age_s = (streams.tick_ns[:, None] - streams.frame_capture_ns) / 1e9
    on_its_way_s = (streams.frame_arrival_ns - streams.frame_capture_ns) / 1e9
    for camera, rate_hz in enumerate(streams.camera_rate_hz):
        there = streams.pictured[:, camera]
        if rate_hz > 0 and there.any():
            usual_s = min(float(np.median(on_its_way_s[there, camera])), LONGEST_WAY_S)
            allowed_s = usual_s + ALLOWED_PERIODS * periods_s[:, camera]
            is_fresh[:, camera] |= there & (age_s[:, camera] <= allowed_s)
    return is_fresh


def configured_s(streams: Streams) -> Floats:
    """(T, C) the time between pictures that each camera is configured for; 0 if that is unknown."""
    periods_s = [1 / rate_hz if rate_hz > 0 else 0.0 for rate_hz in streams.camera_rate_hz]
    return np.tile(np.array(periods_s, np.float64), (streams.steps, 1))


def still(streams: Streams) -> Mask:
    """(T,) no camera gives a new picture, and it is nothing of a single one: all have ceased
    together, as far as their rates let that be known."""
    is_fresh = fresh(streams)
    if len(streams.camera_names) < 2:
        return np.zeros(streams.steps, bool)
    first, last = runs(~is_fresh.any(axis=1) & streams.taken)
    lasted = first[:, None] - _newest_fresh(is_fresh)[first]  # of each camera, before the others
    together = (lasted <= _steps_apart(streams)).all(axis=1)
    return between(streams.steps, first[together], last[together])


def around(streams: Streams, mask: Mask) -> Mask:
    """(T,) these steps of `still`, and those around them at which cameras that have ceased at one
    time, and come back at one, may be stale already, or still."""
    first, last = runs(mask)
    apart = _steps_apart(streams)
    return between(
        streams.steps, np.maximum(first - apart, 0), np.minimum(last + apart, streams.steps - 1)
    )


def _newest_fresh(is_fresh: Mask) -> npt.NDArray[np.int64]:
    """(T, C) the newest step so far at which the picture was fresh; -1: none was."""
    steps = np.arange(len(is_fresh))[:, None]
    return np.asarray(np.maximum.accumulate(np.where(is_fresh, steps, -1), axis=0), np.int64)


def _steps_apart(streams: Streams) -> int:
    """So far apart cameras may become stale that have ceased at one time: it is two periods of each
    after its newest picture."""
    slowest_s = max((1 / rate_hz for rate_hz in streams.camera_rate_hz if rate_hz > 0), default=0.0)
    apart = ALLOWED_PERIODS * slowest_s * streams.rate_hz + 1
    return math.ceil(min(apart, streams.steps))
