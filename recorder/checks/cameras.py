"""Whether each step has pictures of its time: stale, missing, frozen, and cameras apart.

`recorder.checks.camera_rates` looks at how fast cameras run.
"""

import numpy as np

from recorder.checks.camera_rates import kept_s
from recorder.checks.finding import Finding, Findings
from recorder.checks.fresh import ALLOWED_PERIODS, around, fresh, still
from recorder.checks.grading import Rule, by_length_and_share, marked, marked_each
from recorder.checks.spans import between, extent, long_runs, runs
from recorder.checks.streams import Mask, Streams
from recorder.limits import QualityLimits


def standstill(streams: Streams, limits: QualityLimits) -> Findings:
    """No camera gave anything new: the fault is in what they share."""
    return _standstill(streams, still(streams), limits)


def stale(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures that came too late; those that never came are `missing`.

    A camera that `slow_camera` tells of is judged by the rate that it kept.
    """
    rule = by_length_and_share(limits.stale_warn_s, limits.stale_reject_s, limits)
    late = streams.pictured & ~fresh(streams, kept_s(streams, limits))
    late &= ~_told(streams, limits)[:, None]
    return marked_each(streams, "stale", streams.camera_names, late, rule, "no new picture")


def missing(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures that the camera could not give; those of dropped steps are told as such."""
    rule = by_length_and_share(limits.missing_warn_s, limits.missing_reject_s, limits)
    gone = (streams.frame_missing != 0) & streams.taken[:, None]
    gone &= ~_told(streams, limits)[:, None]
    return marked_each(streams, "missing", streams.camera_names, gone, rule, "no picture at all")


def frozen(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures that do not change though they are said to be new, while the arms move.

    A camera that is slower than the ticks repeats pictures too, but for two periods at most; one
    that is honest about a stall is `stale`. While nothing moves a simulated camera, which has no
    noise, may rightly show the same picture again.
    """
    rule = by_length_and_share(limits.frozen_warn_s, limits.frozen_reject_s, limits)
    what = "the same picture under new stamps while the arms move"
    found = []
    for camera, name in enumerate(streams.camera_names):
        repeated = _moving(streams, _repeated(streams, camera), limits.idle_rad)
        found += marked(streams, "frozen", name, repeated, rule, what)
    return found


def skew(streams: Streams, limits: QualityLimits) -> Findings:
    """Steps whose pictures are of different moments; without those that `stale` tells of."""
    periods_s = [1 / rate_hz for rate_hz in streams.camera_rate_hz if rate_hz > 0]
    if len(streams.camera_names) < 2 or not periods_s:
        return []
    limit_ms = max(limits.skew_ms, 1e3 * limits.skew_periods * max(periods_s))
    skew_ms = streams.frame_skew_ns / 1e6
    apart = (skew_ms > limit_ms) & fresh(streams).all(axis=1)
    what = f"cameras are up to {skew_ms[apart].max(initial=0.0):.0f} ms apart"
    rule = Rule(limits.skew_s, warn_share=limits.warn_share)
    return marked(streams, "skew", _farthest(streams, apart), apart, rule, what)


def _standstill(streams: Streams, mask: Mask, limits: QualityLimits) -> list[Finding]:
    rule = by_length_and_share(limits.stale_warn_s, limits.stale_reject_s, limits)
    return marked(streams, "standstill", "", mask, rule, "no camera gave a new picture")


def _told(streams: Streams, limits: QualityLimits) -> Mask:
    """(T,) the steps that `standstill` tells of, or explains."""
    mask = still(streams)
    told = bool(_standstill(streams, mask, limits))
    return around(streams, mask & told)


def _repeated(streams: Streams, camera: int) -> Mask:
    """(T,) the picture of the row before again, for longer than the camera's rate explains."""
    checksums = streams.frame_crc32[:, camera]
    same = np.zeros(streams.steps, bool)
    same[1:] = checksums[1:] == checksums[:-1]
    rate_hz = streams.camera_rate_hz[camera]
    explained = ALLOWED_PERIODS * streams.rate_hz / rate_hz if rate_hz > 0 else np.inf
    return long_runs(same & fresh(streams)[:, camera], int(min(explained, streams.steps)))


def _moving(streams: Streams, mask: Mask, idle_rad: float) -> Mask:
    """Only those stretches in which some joint moves farther than that."""
    first, last = runs(mask)
    moves = [
        bool((extent(streams.qpos[start - 1 : end + 1]) > idle_rad).any())
        for start, end in zip(first.tolist(), last.tolist(), strict=True)
    ]
    kept = np.array(moves, bool)
    return between(len(mask), first[kept], last[kept])


def _farthest(streams: Streams, apart: Mask) -> str:
    """The camera whose picture is the oldest of its step most often."""
    if not apart.any():
        return ""
    oldest = np.argmin(streams.frame_capture_ns[apart], axis=1)
    return streams.camera_names[int(np.bincount(oldest).argmax())]
