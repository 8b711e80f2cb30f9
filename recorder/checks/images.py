"""Whether there is something to be seen on the pictures, by the numbers that were taken of them."""

import numpy as np

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.grading import Rule, by_length_and_share, marked, marked_each
from recorder.checks.streams import Array, Mask, PictureNumbers, Streams
from recorder.limits import QualityLimits


def black(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures without light."""
    if streams.pictures is None:
        return None
    rule = by_length_and_share(limits.black_warn_s, limits.black_reject_s, limits)
    dark = _dark(streams.pictures, limits) & streams.pictured
    return marked_each(streams, "black", streams.camera_names, dark, rule, "black pictures")


def over_exposed(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures with too much light."""
    if streams.pictures is None:
        return None
    rule = by_length_and_share(limits.overexposed_warn_s, limits.overexposed_reject_s, limits)
    bright = _bright(streams.pictures, limits) & streams.pictured
    what = "over-exposed pictures"
    return marked_each(streams, "over_exposed", streams.camera_names, bright, rule, what)


def blurred(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures without edges, by what this camera usually shows, or by any measure.

    A wrist camera in motion is blurred for a moment, and that is no finding: only long stretches
    are. Black and over-exposed pictures have no edges either, and are told as what they are.
    """
    pictures = streams.pictures
    if pictures is None:
        return None
    lit = streams.pictured & ~_dark(pictures, limits) & ~_bright(pictures, limits)
    lit &= np.isfinite(pictures.sharpness)
    return [
        each
        for camera, name in enumerate(streams.camera_names)
        for each in _blurred(streams, name, pictures.sharpness[:, camera], lit[:, camera], limits)
    ]


def undecodable(streams: Streams, limits: QualityLimits) -> Findings:
    """Pictures that are not what was recorded, or none: one is enough to break a training."""
    if streams.undecodable is None:
        return None
    rule = Rule(warn_s=0.0, reject_s=0.0)
    damaged = np.asarray(streams.undecodable, bool)
    what = "damaged pictures"
    return marked_each(streams, "undecodable", streams.camera_names, damaged, rule, what)


def _dark(pictures: PictureNumbers, limits: QualityLimits) -> Mask:
    return np.asarray(pictures.brightness < limits.black_level)


def _bright(pictures: PictureNumbers, limits: QualityLimits) -> Mask:
    return np.asarray(pictures.clipped > limits.overexposed_share)


def _blurred(
    streams: Streams, name: str, sharpness: Array, lit: Mask, limits: QualityLimits
) -> list[Finding]:
    if not lit.any():
        return []
    usual = float(np.median(sharpness[lit]))
    limit = max(limits.blurred_ratio * usual, limits.blurred_sharpness)
    blurred = lit & (sharpness < limit)
    if not marked(streams, "blurred", name, blurred, Rule(limits.blurred_s), ""):
        return []
    measure = Measure(float(np.median(sharpness[blurred])), limit, "sharpness", "at least")
    return [finding("blurred", "warn", name, blurred, measure, "blurred pictures")]
