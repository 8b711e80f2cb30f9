"""Faults of the cameras, their pictures and their stamps, planted into a copy of a clean file."""

import math
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from benchmarks.recorder_planted_copy import FRAME, QPOS, Copy, Plant, Planted
from recorder.cameras.camera import Image
from recorder.checks.kinds import Kind, Severity
from recorder.checks.spans import extent
from recorder.checks.streams import Array
from recorder.episode import schema

DARKER: Final = 40
WHITER: Final = 235
"""Added to luma: of a picture nothing but its blackest stays."""
BLUR: Final = 16
"""The picture's width against the blur's standard deviation."""
TICKS_APART: Final = {"warn": (1.5, 1.75), "reject": (2.5, 3.0)}
"""Of pictures of a camera as fast as the ticks that has become too slow."""
WHOLE: Final = 4
"""So many pictures take whole ticks, whichever of these it is."""


def dropped_pictures(copy: Copy, severity: Severity) -> Planted:
    """All cameras show the step before."""
    where = copy.stretch("dropped_pictures", severity)
    for camera in range(len(copy.cameras)):
        copy.show(camera, _standing(copy, where), stamped=True)
    copy.put("/tandem/frame_dropped", where, 1)
    copy.put(f"{FRAME}missing", where, 1)
    return Planted("", copy.mask(where))


def standstill(copy: Copy, severity: Severity) -> Planted:
    """All cameras stall together."""
    where = copy.stretch("standstill", severity)
    for camera in range(len(copy.cameras)):
        _stall(copy, camera, where)
    return Planted("", copy.mask(where))


def stale(copy: Copy, severity: Severity) -> Planted:
    """One camera stalls."""
    where, camera = copy.stretch("stale", severity), _camera(copy)
    _stall(copy, camera, where)
    return Planted(copy.cameras[camera], copy.mask(where))


def missing(copy: Copy, severity: Severity) -> Planted:
    """A camera can give nothing; its last picture stands in."""
    where, camera = copy.stretch("missing", severity), _camera(copy)
    copy.show(camera, _standing(copy, where), stamped=True)
    copy.put(f"{FRAME}missing", (where, camera), 1)
    return Planted(copy.cameras[camera], copy.mask(where))


def frozen(copy: Copy, severity: Severity) -> Planted:
    """The same picture under new stamps, where arms move and pictures change."""
    camera, length = _camera(copy), copy.length("frozen", severity)
    qpos, checksums = copy.read(QPOS), copy.read(f"{FRAME}crc32")[:, camera]
    allowed = [
        extent(qpos[start : start + length]).max() > 2 * copy.limits.idle_rad
        and checksums[start - 2] != checksums[start - 1] != checksums[start + length]
        for start in range(copy.steps - length)
    ]
    where = copy.place(length, np.array(allowed))
    copy.show(camera, _standing(copy, where), stamped=False)
    return Planted(copy.cameras[camera], copy.mask(where))


def slow_camera(copy: Copy, severity: Severity) -> Planted:
    """Fewer pictures for a while, none of which stands for more than two periods."""
    apart = copy.one_of(TICKS_APART[severity])
    fewest = math.ceil(copy.limits.slow_s * copy.rate_hz / apart / WHOLE)
    pictures = WHOLE * int(copy.rng.integers(fewest, 2 * fewest))
    where, camera = copy.place(round(apart * pictures)), _camera(copy)
    slow = where.start + apart * np.arange(pictures)
    taken = np.concatenate((np.arange(where.start), slow, np.arange(where.stop, copy.steps)))
    copy.retake(camera, taken)
    return Planted(copy.cameras[camera], copy.mask(where))


def clock_drift(copy: Copy, severity: Severity) -> Planted:
    """A rate that is not the configured one (warn), or stamps that run away (reject)."""
    camera, sign = _camera(copy), copy.one_of((-1, 1))
    if severity == "warn":
        off = 1 + sign * copy.rng.uniform(1.5, 3.0) * copy.limits.drift_percent / 100
        copy.retake(camera, np.arange(0, copy.steps, 1 / off))
        new = np.flatnonzero(np.diff(copy.read(f"{FRAME}number")[:, camera], prepend=-1))
        return Planted(copy.cameras[camera], copy.mask(slice(0, new[-1] + 1)))
    run_ns = copy.rng.uniform(1.1, 1.5) * copy.limits.drift_reject_ms * 1e6
    by_ns = np.rint(np.linspace(0, sign * run_ns, copy.steps)).astype(np.int64)
    copy.shift(f"{FRAME}capture_ns", (slice(None), camera), by_ns)
    also: dict[Kind, str] = {
        "skew": "its stamps leave those of the other cameras",
        "stale": "its stamps say that its pictures are old",
    }
    return Planted(copy.cameras[camera], copy.mask(slice(None)), also)


def skew(copy: Copy, severity: Severity) -> Planted:
    """A camera whose pictures always take long, and for a while longer still."""
    where, camera = copy.stretch("skew", severity), _camera(copy)
    usual_ms, more_ms = (
        0.75 * copy.limits.skew_ms,
        copy.rng.uniform(0.3, 0.45) * copy.limits.skew_ms,
    )
    late_ms = usual_ms + more_ms * copy.mask(where)
    copy.shift(f"{FRAME}capture_ns", (slice(None), camera), -np.rint(late_ms * 1e6).astype(int))
    return Planted(copy.cameras[camera], copy.mask(where))


def _stall(copy: Copy, camera: int, stale: slice) -> None:
    """No new picture; what it shows is older than two periods from the third step on."""
    stalled = slice(stale.start - 2, stale.stop)
    copy.show(camera, _standing(copy, stalled), stamped=True)


def _camera(copy: Copy) -> int:
    return int(copy.rng.integers(len(copy.cameras)))


def _standing(copy: Copy, where: slice) -> Array:
    """(T,) every step itself, but of these the one before them."""
    rows = np.arange(copy.steps)
    rows[where] = where.start - 1
    return rows


# ---- pictures ------------------------------------------------------------------------------------


def black(copy: Copy, severity: Severity) -> Planted:
    """Next to no light."""
    return _redrawn(copy, "black", severity, lambda image: image // DARKER)


def over_exposed(copy: Copy, severity: Severity) -> Planted:
    """Far too much light."""
    whiter, rest = np.uint8(WHITER), np.uint8(255 - WHITER)
    return _redrawn(copy, "over_exposed", severity, lambda image: np.minimum(image, rest) + whiter)


def blurred(copy: Copy, severity: Severity) -> Planted:
    """Out of focus."""

    def blur(image: Image) -> Image:
        return cv2.GaussianBlur(image, (0, 0), image.shape[1] / BLUR).astype(np.uint8)

    return _redrawn(copy, "blurred", severity, blur)


def undecodable(copy: Copy, severity: Severity) -> Planted:
    """Single pictures: bits that have changed, and rows that never were a JPEG."""
    camera = _camera(copy)
    steps = np.sort(copy.rng.choice(copy.steps, copy.rng.integers(2, 7), replace=False))
    for number, step in enumerate(steps.tolist()):
        if number % 2:
            noise = copy.rng.bytes(500)
            copy.put_jpeg(camera, step, noise)
            copy.put(f"{FRAME}crc32", (step, camera), schema.checksum(noise))
        else:
            jpeg = bytearray(copy.jpeg(camera, step))
            jpeg[int(copy.rng.integers(len(jpeg)))] ^= 1 << int(copy.rng.integers(8))
            copy.put_jpeg(camera, step, bytes(jpeg))
    return Planted(copy.cameras[camera], copy.mask(steps))


def _redrawn(
    copy: Copy, kind: Kind, severity: Severity, change: Callable[[Image], Image]
) -> Planted:
    """Other pictures, with a sensor's noise: without it they would be frozen as well."""

    def noisy(image: Image) -> Image:
        changed = change(image)
        return np.asarray(changed ^ copy.rng.integers(0, 2, changed.shape, np.uint8))

    where, camera = copy.stretch(kind, severity), _camera(copy)
    copy.redraw(camera, where, noisy)
    return Planted(copy.cameras[camera], copy.mask(where))


CAMERA_FAULTS: Final[dict[Kind, Plant]] = {
    "dropped_pictures": dropped_pictures,
    "standstill": standstill,
    "stale": stale,
    "missing": missing,
    "frozen": frozen,
    "slow_camera": slow_camera,
    "clock_drift": clock_drift,
    "skew": skew,
    "black": black,
    "over_exposed": over_exposed,
    "blurred": blurred,
    "undecodable": undecodable,
}
