"""When no camera gives a new picture, no single one is at fault: that is told once."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recorder.checks.streams import Array, Streams
from recorder.limits import QualityLimits
from tests.recorder.quality_streams import FAST, SLOW, STEPS, clean, every, found, only, put

RATES_HZ = (50.0, 30.0)


def pausing(*pauses: tuple[float, float], rates_hz: tuple[float, ...] = RATES_HZ) -> Streams:
    """Cameras of which each gives nothing between two moments, s."""
    taken_s: dict[int, Array] = {}
    for camera, (first_s, last_s) in enumerate(pauses):
        times = every(rates_hz[camera])
        taken_s[camera] = times[(times < first_s) | (times >= last_s)]
    return clean(rates_hz=rates_hz, taken_s=taken_s)


def gone(streams: Streams, steps: slice) -> Streams:
    """Nothing was given at these steps, by no camera: nothing yet, if they are the first."""
    changes: dict[str, Any] = {
        "frame_missing": put(streams.frame_missing, steps, 1),
        "frame_stale": put(streams.frame_stale, steps, 1),
    }
    return replace(streams, **changes)


@pytest.mark.parametrize(("lasted_s", "severity"), [(0.4, "warn"), (0.7, "warn"), (2.0, "reject")])
def test_cameras_that_cease_together_are_one_finding(lasted_s: float, severity: str) -> None:
    """As when the recorder is stopped."""
    pause = (4.0, 4.0 + lasted_s)
    finding = only(pausing(pause, pause), "standstill")
    assert (finding.severity, finding.where) == (severity, "")
    ((first, last),) = finding.spans
    assert 203 <= first <= 206  # after two periods of the slower one
    assert last == pytest.approx(50 * pause[1], abs=3)
    assert finding.text.startswith(f"No camera gave a new picture at steps {first}-{last} (")
    assert "no single camera is at fault" in finding.advice


def test_a_standstill_to_the_end_of_the_episode() -> None:
    ((_, last),) = only(pausing((10.0, 99.0), (10.0, 99.0)), "standstill").spans
    assert last == STEPS - 1


def test_a_camera_that_needs_longer_to_come_back_is_told_for_the_rest() -> None:
    standstill, stale = found(pausing((4.0, 5.5), (4.0, 4.6)))
    assert (standstill.check, stale.check, stale.where) == ("standstill", "stale", FAST)
    ((first, last),) = stale.spans
    assert first == standstill.spans[0][1] + 6  # two periods of the slower one belong to it
    assert 273 <= last <= 276


def test_rates_far_apart_may_cease_together_too() -> None:
    pause = (4.0, 6.0)
    assert only(pausing(pause, pause, rates_hz=(60.0, 5.0)), "standstill").severity == "reject"


def test_a_camera_that_was_gone_before_is_told_by_itself() -> None:
    """And the other one that stalls meanwhile: they have nothing in common."""
    findings = found(pausing((4.0, 99.0), (6.0, 6.5)))
    assert [(each.check, each.where) for each in findings] == [("stale", FAST), ("stale", SLOW)]


def test_cameras_that_take_turns_are_no_standstill() -> None:
    findings = found(pausing((4.0, 4.4), (5.0, 5.4)))
    assert [(each.check, each.where) for each in findings] == [("stale", FAST), ("stale", SLOW)]


def test_one_camera_is_stale() -> None:
    times = every(50)
    stopped = {0: times[(times < 4.0) | (times >= 6.0)]}
    alone = clean(
        rates_hz=(50.0,), ways_ms=(4.0,), camera_names=(FAST,), camera_rate_hz=(50.0,),
        taken_s=stopped,
    )  # fmt: skip
    assert only(alone, "stale").severity == "reject"


def test_cameras_that_have_all_given_nothing_yet_are_not_missing_too() -> None:
    finding = only(gone(clean(), slice(0, 60)), "standstill")
    assert (finding.severity, finding.spans) == ("reject", ((0, 59),))


def test_a_moment_without_a_picture_of_any_camera_is_told_of_each() -> None:
    """It is too short for a standstill, and must not get lost."""
    findings = found(gone(clean(), slice(0, 2)))
    assert [(each.check, each.where) for each in findings] == [("missing", FAST), ("missing", SLOW)]


def test_dropped_pictures_are_no_standstill() -> None:
    streams = gone(clean(), slice(100, 200))
    dropped = put(streams.frame_dropped, slice(100, 200), 1)
    assert only(replace(streams, frame_dropped=dropped), "dropped_pictures").severity == "reject"


def test_rates_that_are_not_known_make_no_standstill_less_certain() -> None:
    streams = replace(clean(), camera_rate_hz=(0.0, 0.0))
    stopped = replace(streams, frame_stale=put(streams.frame_stale * 0, np.s_[100:150], 1))
    assert only(stopped, "standstill").spans == ((100, 149),)


def test_its_limits_are_those_of_stale() -> None:
    streams = pausing((4.0, 4.7), (4.0, 4.7))
    assert only(streams, "standstill", QualityLimits(stale_reject_s=0.5)).severity == "reject"
    lenient = QualityLimits(stale_warn_s=1.0, warn_share=0.1)
    assert found(streams, lenient) == []
