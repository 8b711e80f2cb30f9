"""Clocks that are not ours and rates that are not the configured ones; and what only looks so."""

from dataclasses import replace

import numpy as np
import pytest

from recorder.checks.streams import Array, Streams
from tests.recorder.quality_streams import (
    FAST,
    STEPS,
    clean,
    every,
    found,
    only,
    put,
    stamped_on_arrival,
)

EIGHT_S = 400
JITTER_MS = 4.0


def kinds(streams: Streams) -> set[str]:
    return {each.check for each in found(streams)}


def webcams(rate_hz: float, real_hz: float, seed: int = 0, steps: int = EIGHT_S) -> Streams:
    """Two cameras of which the first has a rate of its own, with stamps made on arrival."""
    taken_s = {0: every(real_hz)}
    rates_hz = (rate_hz, rate_hz)
    return stamped_on_arrival(clean(steps, seed, rates_hz, taken_s=taken_s, jitter_ms=JITTER_MS))


@pytest.mark.parametrize(("rate_hz", "percent"), [(49.5, 1.0), (50.5, 1.0), (60.0, 20.0)])
def test_a_camera_with_a_rate_of_its_own(rate_hz: float, percent: float) -> None:
    finding = only(clean(taken_s={0: every(rate_hz)}), "clock_drift")
    assert (finding.where, finding.severity) == (FAST, "warn")
    assert (finding.limit, finding.unit) == (0.5, "%")
    assert finding.value == pytest.approx(percent, rel=0.05)
    assert finding.text.startswith(f"cam_high: runs at {rate_hz:.2f} Hz, not at 50 (")
    assert finding.spans == ((0, STEPS - 1),)


@pytest.mark.parametrize("rate_hz", [30.0, 50.0, 60.0])
@pytest.mark.parametrize("percent", [1.0, -1.0])
@pytest.mark.parametrize("seed", range(3))
def test_eight_seconds_of_stamps_made_on_arrival_tell_one_percent(
    rate_hz: float, percent: float, seed: int
) -> None:
    finding = only(webcams(rate_hz, rate_hz * (1 + percent / 100), seed), "clock_drift")
    assert (finding.where, finding.severity) == (FAST, "warn")
    assert finding.value == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("rate_hz", [30.0, 50.0, 60.0])
@pytest.mark.parametrize("seed", range(3))
def test_jitter_is_no_drift(rate_hz: float, seed: int) -> None:
    assert found(webcams(rate_hz, rate_hz, seed)) == []


def test_a_rate_that_jitter_hides_is_not_made_up() -> None:
    streams = clean(EIGHT_S, rates_hz=(50.0, 50.0), taken_s={0: every(50.4)}, jitter_ms=25.0)
    assert "clock_drift" not in kinds(stamped_on_arrival(streams))


def test_a_rate_within_what_clocks_differ_by() -> None:
    assert found(clean(taken_s={0: every(50.05)})) == []


def test_pictures_that_were_left_out_are_no_drift() -> None:
    """A renderer that could not keep up leaves some out, without a number."""
    times = every(50)
    assert found(clean(taken_s={0: np.delete(times, np.s_[::20])})) == []


@pytest.mark.parametrize("lasts_s", [0.7, 2.0, 4.0])
@pytest.mark.parametrize("rate_hz", [50.0, 60.0])
def test_a_slow_stretch_is_no_drift(rate_hz: float, lasts_s: float) -> None:
    """Be it too short for `slow_camera` to tell of it."""
    parts = every(rate_hz, -1, 3), every(17, 3, 3 + lasts_s), every(rate_hz, 3 + lasts_s)
    streams = clean(rates_hz=(rate_hz, 30.0), taken_s={0: np.concatenate(parts)})
    assert "clock_drift" not in kinds(streams)


def stalling(rate_hz: float, *stalls: tuple[float, float]) -> Array:
    """Times of pictures, none of which is in these stretches."""
    times = every(rate_hz)
    for first_s, last_s in stalls:
        times = times[(times < first_s) | (times >= last_s)]
    return times


@pytest.mark.parametrize("rate_hz", [50.0, 60.0])
def test_stalls_are_no_drift(rate_hz: float) -> None:
    stalls = [(2.0, 2.41), (5.0, 5.73), (8.0, 8.09), (10.0, 10.3)]
    streams = clean(rates_hz=(rate_hz, 30.0), taken_s={0: stalling(rate_hz, *stalls)})
    assert kinds(streams) == {"stale"}
    assert kinds(stamped_on_arrival(streams)) == {"stale"}


def test_between_stalls_a_drift_is_still_seen() -> None:
    streams = clean(taken_s={0: stalling(50.5, (3.0, 3.4), (7.0, 7.4))})
    drift = next(each for each in found(streams) if each.check == "clock_drift")
    assert drift.value == pytest.approx(1.0, abs=0.1)


def test_a_camera_without_a_steady_moment_has_no_rate() -> None:
    rng = np.random.default_rng(0)
    assert "clock_drift" not in kinds(clean(taken_s={0: np.sort(rng.uniform(-1, 13, 700))}))


def drifting(share: float) -> Streams:
    """The fast camera's stamps run against the clock."""
    streams = clean()
    since_ns = streams.frame_capture_ns[:, 0] - streams.frame_capture_ns[0, 0]
    stamps_ns = streams.frame_capture_ns[:, 0] + np.rint(share * since_ns).astype("i8")
    return replace(streams, frame_capture_ns=put(streams.frame_capture_ns, np.s_[:, 0], stamps_ns))


@pytest.mark.parametrize("share", [0.01, -0.01])
def test_stamps_that_run_away_from_the_clock(share: float) -> None:
    """1 % are 120 ms after 12 s."""
    finding = only(drifting(share), "clock_drift")
    assert (finding.where, finding.severity, finding.unit) == (FAST, "reject", "ms")
    assert finding.value == pytest.approx(120, rel=0.05)
    assert finding.limit == 100.0
    assert f"stamps of capture run {100 * share:+.2f} % against the clock" in finding.text
    assert finding.spans == ((0, STEPS - 1),)


def test_stamps_that_run_away_slowly() -> None:
    finding = only(drifting(0.006), "clock_drift")
    assert (finding.severity, finding.unit, finding.limit) == ("warn", "%", 0.5)
    assert finding.value == pytest.approx(0.6, rel=0.05)
    assert found(drifting(0.004)) == []


@pytest.mark.parametrize("steps", [90, 250])
def test_a_few_seconds_are_too_short_to_tell_a_drift(steps: int) -> None:
    assert "clock_drift" not in kinds(clean(steps, taken_s={0: every(49)}))
