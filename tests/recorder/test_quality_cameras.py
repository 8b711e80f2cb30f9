"""Faults of cameras' time and of their pictures, planted and found at their steps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recorder.checks.finding import Finding
from recorder.checks.kinds import Kind
from recorder.checks.streams import Array, PictureNumbers, Streams
from recorder.limits import QualityLimits
from tests.recorder.quality_streams import FAST, SLOW, STEPS, clean, every, found, only, put

BOTH = np.array([50.0, 30.0])


def of_kind(streams: Streams, kind: Kind) -> Finding:
    """The only finding of a kind, among others."""
    (finding,) = (each for each in found(streams) if each.check == kind)
    return finding


def without(rate_hz: float, first_s: float, last_s: float) -> Array:
    """Times of pictures of a camera that gives none for a while."""
    times = every(rate_hz)
    return times[(times < first_s) | (times >= last_s)]


def pictures(streams: Streams, **changes: tuple[Any, float]) -> Streams:
    """With other numbers of some pictures: where, and what."""
    numbers = streams.pictures
    assert numbers
    changed = {name: put(getattr(numbers, name), *at) for name, at in changes.items()}
    return replace(streams, pictures=replace(numbers, **changed))


@pytest.mark.parametrize(("lasted_s", "severity"), [(0.3, "warn"), (0.7, "warn"), (1.2, "reject")])
@pytest.mark.parametrize("camera", [0, 1])
def test_a_camera_that_stalls_is_stale_until_it_is_back(
    camera: int, lasted_s: float, severity: str
) -> None:
    stalled = without(BOTH[camera], 4.0, 4.0 + lasted_s)
    streams = clean(taken_s={camera: stalled})
    finding = only(streams, "stale")
    assert (finding.where, finding.severity) == ((FAST, SLOW)[camera], severity)
    shown_s = (streams.tick_ns - streams.frame_capture_ns[:, camera]) / 1e9
    too_old = np.flatnonzero(shown_s > 2 / BOTH[camera] + (0.005, 0.026)[camera])
    assert finding.spans == ((too_old[0], too_old[-1]),)
    assert finding.steps == len(too_old)


def test_a_camera_that_dies_is_stale_to_the_end() -> None:
    finding = only(clean(taken_s={0: without(50, 8.0, 99.0)}), "stale")
    assert finding.severity == "reject"
    ((first, last),) = finding.spans
    assert (first, last) == (402, STEPS - 1)
    assert finding.value == pytest.approx((STEPS - first) / 50)


def test_a_camera_is_not_stale_because_its_pictures_take_long() -> None:
    """Two periods of a camera at 60 Hz are over before a picture of 40 ms is here."""
    streams = clean(rates_hz=(60.0, 60.0), ways_ms=(40.0, 40.0))
    assert streams.frame_stale.mean() > 0.9
    assert found(streams) == []


@pytest.mark.parametrize(("steps", "severity"), [(1, "warn"), (49, "warn"), (50, "reject")])
def test_missing_pictures(steps: int, severity: str) -> None:
    """As at the start of an episode, when a camera has given nothing yet."""
    streams = clean()
    where = (slice(0, steps), 1)
    gone = replace(
        streams,
        frame_number=put(streams.frame_number, where, -1),
        frame_capture_ns=put(streams.frame_capture_ns, where, -1),
        frame_arrival_ns=put(streams.frame_arrival_ns, where, -1),
        frame_stale=put(streams.frame_stale, where, 1),
        frame_missing=put(streams.frame_missing, where, 1),
    )
    black = pictures(gone, brightness=(where, 0.0), sharpness=(where, 0.0))
    finding = only(black, "missing")
    assert (finding.where, finding.severity) == (SLOW, severity)
    assert finding.spans == ((0, steps - 1),)


@pytest.mark.parametrize(("steps", "severity"), [(15, "warn"), (30, "reject")])
def test_a_picture_that_is_frozen_under_new_numbers(steps: int, severity: str) -> None:
    streams = clean()
    where = (slice(200, 200 + steps), 0)
    same = put(streams.frame_crc32, where, streams.frame_crc32[199, 0])
    finding = only(replace(streams, frame_crc32=same), "frozen")
    assert (finding.where, finding.severity) == (FAST, severity)
    assert finding.spans == ((200, 199 + steps),)
    assert finding.value == pytest.approx(steps / 50)


def test_a_slow_camera_that_is_frozen() -> None:
    streams = clean()
    same = put(streams.frame_crc32, np.s_[200:230, 1], streams.frame_crc32[200, 1])
    ((first, last),) = only(replace(streams, frame_crc32=same), "frozen").spans
    assert first in (200, 201)  # the first that repeats, be it by right
    assert last in (229, 230)


def test_repeats_that_the_rate_explains_are_no_fault() -> None:
    """15 Hz at 50 Hz: two pictures of three are repeats, four in a row at most."""
    streams = clean(rates_hz=(15.0, 30.0))
    repeats = streams.frame_crc32[1:] == streams.frame_crc32[:-1]
    assert repeats[:, 0].mean() > 0.6
    assert found(streams) == []


def test_pictures_may_stay_the_same_while_nothing_moves() -> None:
    """A simulated camera has no noise."""
    streams = clean()
    where = np.s_[100:250]
    still = replace(
        streams,
        frame_crc32=put(streams.frame_crc32, where, 1),
        qpos=put(streams.qpos, where, streams.qpos[100]),
        action=put(streams.action, where, streams.qpos[100]),
    )
    assert "frozen" not in {each.check for each in found(still)}


def test_a_camera_that_runs_at_17_instead_of_50_is_told_once() -> None:
    """What it shows is old, and its rate is off, but that is because it is slow."""
    finding = only(clean(taken_s={0: every(17)}), "slow_camera")
    assert (finding.where, finding.severity, finding.unit) == (FAST, "reject", "Hz")
    assert finding.value == pytest.approx(17, rel=0.01)
    assert finding.limit == 25.0
    ((first, last),) = finding.spans
    assert first == 0
    assert last >= STEPS - 4  # how long the last one stays is not known


@pytest.mark.parametrize("rate_hz", [6, 17])
@pytest.mark.parametrize("end_s", [6.0, 13.0])
def test_a_camera_that_is_far_too_slow_for_a_while_is_told_once(
    rate_hz: float, end_s: float
) -> None:
    """Also where the episode ends before it has recovered."""
    parts = every(50, -1, 2), every(rate_hz, 2, end_s), every(50, end_s)
    finding = only(clean(taken_s={0: np.concatenate(parts)}), "slow_camera")
    assert finding.severity == "reject"


def test_a_slow_camera_that_stalls_is_stale_by_the_rate_that_it_keeps() -> None:
    times = every(17)
    streams = clean(taken_s={0: times[(times < 6) | (times > 6.7)]})
    stalled = of_kind(streams, "stale")
    assert (stalled.where, stalled.severity) == (FAST, "warn")
    ((first, last),) = stalled.spans
    assert 302 <= first <= 307
    assert 333 <= last <= 337
    assert "slow_camera" in {each.check for each in found(streams)}


def test_a_camera_that_is_slow_for_a_while() -> None:
    """As with automatic exposure, when something dark comes into view."""
    parts = every(50, -1, 4), every(30, 4, 7), every(50, 7)
    finding = only(clean(taken_s={0: np.concatenate(parts)}), "slow_camera")
    assert finding.severity == "warn"
    assert finding.value == pytest.approx(30, rel=0.01)
    assert finding.limit == 40.0
    ((first, last),) = finding.spans
    assert 198 <= first <= 202
    assert 348 <= last <= 352


def test_a_stall_is_no_slow_camera() -> None:
    assert only(clean(taken_s={0: without(50, 4.0, 7.0)}), "stale").severity == "reject"


def test_skew() -> None:
    streams = clean()
    apart = put(streams.frame_skew_ns, np.s_[100:140], 110_000_000)
    finding = only(replace(streams, frame_skew_ns=apart), "skew")
    assert (finding.severity, finding.spans) == ("warn", ((100, 139),))
    assert finding.where == SLOW  # the older one mostly
    assert "up to 110 ms apart" in finding.text


def test_one_camera_has_no_skew() -> None:
    alone = clean(rates_hz=(50.0,), ways_ms=(4.0,), camera_names=(FAST,))
    assert found(replace(alone, frame_skew_ns=np.full(STEPS, 10**9))) == []


def test_cameras_without_a_known_rate_are_not_judged_by_it() -> None:
    streams = clean(taken_s={0: every(17)})
    unknown = replace(streams, camera_rate_hz=(0.0, 0.0), frame_stale=streams.frame_stale * 0)
    assert found(unknown) == []


@pytest.mark.parametrize(("steps", "severity"), [(5, "warn"), (25, "reject")])
def test_black_pictures(steps: int, severity: str) -> None:
    where = (slice(300, 300 + steps), 1)
    finding = only(pictures(clean(), brightness=(where, 3.0), sharpness=(where, 0.0)), "black")
    assert (finding.where, finding.severity) == (SLOW, severity)
    assert finding.spans == ((300, 299 + steps),)
    assert (finding.value, finding.unit) == (steps / 50, "s in a row")


@pytest.mark.parametrize(("steps", "severity"), [(10, "warn"), (50, "reject")])
def test_over_exposed_pictures(steps: int, severity: str) -> None:
    where = (slice(300, 300 + steps), 0)
    finding = only(pictures(clean(), clipped=(where, 0.7), sharpness=(where, 5.0)), "over_exposed")
    assert (finding.where, finding.severity) == (FAST, severity)
    assert finding.spans == ((300, 299 + steps),)


def test_blurred_pictures() -> None:
    finding = only(pictures(clean(), sharpness=(np.s_[300:400, 1], 50.0)), "blurred")
    assert (finding.where, finding.severity) == (SLOW, "warn")
    assert finding.spans == ((300, 399),)
    assert (finding.value, finding.unit) == (50.0, "sharpness")
    assert finding.limit == pytest.approx(0.15 * 600, rel=0.1)


def test_a_wrist_camera_may_be_blurred_for_a_moment() -> None:
    moments = np.arange(STEPS) % 100 < 40
    assert found(pictures(clean(), sharpness=((moments, 1), 50.0))) == []


def test_a_camera_out_of_focus_all_the_time() -> None:
    finding = only(pictures(clean(), sharpness=(np.s_[:, 0], 10.0)), "blurred")
    assert (finding.value, finding.limit, finding.steps) == (10.0, 20.0, STEPS)


def test_nothing_lit_is_not_blurred_too() -> None:
    dark = pictures(clean(), brightness=(np.s_[:, 0], 1.0), sharpness=(np.s_[:, 0], 0.0))
    assert only(dark, "black").steps == STEPS


def test_numbers_that_are_none_say_nothing() -> None:
    nothing = np.full((STEPS, 2), np.nan, "f4")
    assert found(clean(pictures=PictureNumbers(nothing, nothing, nothing))) == []


def test_damaged_pictures() -> None:
    streams = clean()
    damaged = put(streams.undecodable, (np.array([7, 8, 500]), 1), True)
    finding = only(replace(streams, undecodable=damaged), "undecodable")
    assert (finding.where, finding.severity) == (SLOW, "reject")
    assert (finding.spans, finding.steps) == (((7, 8), (500, 500)), 3)
    assert (
        finding.text
        == "cam_wrist: damaged pictures at steps 7-8, 500 (0.04 s in a row, allowed: none)."
    )


def test_limits_are_the_tasks() -> None:
    streams = pictures(clean(), brightness=(np.s_[300:330, 1], 3.0))
    assert only(streams, "black").severity == "reject"
    assert only(streams, "black", QualityLimits(black_reject_s=1.0)).severity == "warn"
    assert found(streams, QualityLimits(black_level=2.0)) == []
