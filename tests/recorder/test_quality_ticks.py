"""Faults of control's time and of the recorder's, planted and found at their steps."""

from dataclasses import replace

import numpy as np
import pytest

from recorder.checks.finding import MAX_TEXT
from recorder.checks.streams import Streams
from tests.recorder.quality_streams import FIRST_TICK, STEPS, clean, found, only, put


def without(streams: Streams, first: int, last: int) -> Streams:
    """As if these steps had been lost on the way to the file: only their numbers are missing."""
    shift = (np.arange(STEPS) >= first) * (last - first + 1)
    return replace(streams, step=streams.step + shift, tick=streams.tick + shift)


def test_late_ticks() -> None:
    streams = clean()
    late = put(streams.tick_ns, np.s_[300:310], streams.deadline_ns[300:310] + 14_000_000)
    finding = only(replace(streams, tick_ns=late), "late_ticks")
    assert (finding.severity, finding.where, finding.spans) == ("warn", "", ((300, 309),))
    assert (finding.value, finding.limit, finding.unit) == (0.2, 0.1, "s in a row")
    assert finding.text.startswith("Ticks began up to 14 ms late at steps 300-309")


def test_a_late_tick_now_and_then_is_nothing() -> None:
    streams = clean()
    late = put(streams.tick_ns, np.s_[::60], streams.deadline_ns[::60] + 14_000_000)
    assert found(replace(streams, tick_ns=late)) == []


@pytest.mark.parametrize(("slots", "severity"), [(5, "warn"), (30, "reject")])
def test_missed_ticks(slots: int, severity: str) -> None:
    streams = clean()
    tick = streams.tick + slots * (np.arange(STEPS) >= 200)
    finding = only(replace(streams, tick=tick), "missed_ticks")
    assert (finding.severity, finding.spans, finding.steps) == (severity, ((200, 200),), 1)
    assert finding.value == pytest.approx(slots / 50)
    assert finding.text.startswith(f"Control missed {slots} ticks; the gaps end at step 200 (")


def test_slots_before_the_episode_are_not_missed() -> None:
    assert found(clean(tick=FIRST_TICK + 10_000 + np.arange(STEPS))) == []


@pytest.mark.parametrize(("steps", "severity"), [(1, "warn"), (25, "reject")])
def test_lost_steps(steps: int, severity: str) -> None:
    finding = only(without(clean(), 200, 199 + steps), "lost_steps")
    assert (finding.severity, finding.spans) == (severity, ((200, 200),))
    assert finding.value == pytest.approx(steps / 50)


def test_steps_lost_at_the_beginning() -> None:
    finding = only(without(clean(), 0, 9), "lost_steps")
    assert finding.spans == ((0, 0),)
    assert finding.value == pytest.approx(0.2)


@pytest.mark.parametrize(("steps", "severity"), [(1, "warn"), (25, "reject")])
def test_dropped_pictures_are_told_once(steps: int, severity: str) -> None:
    streams = clean()
    where = np.s_[150 : 150 + steps]
    dropped = replace(
        streams,
        frame_dropped=put(streams.frame_dropped, where, 1),
        frame_missing=put(streams.frame_missing, where, 1),
        frame_stale=put(streams.frame_stale, where, 1),
    )
    finding = only(dropped, "dropped_pictures")
    assert (finding.severity, finding.spans) == (severity, ((150, 149 + steps),))
    assert finding.value == pytest.approx(steps / 50)


@pytest.mark.parametrize(("steps", "severity", "limit"), [(49, "reject", 1.0), (149, "warn", 3.0)])
def test_too_short(steps: int, severity: str, limit: float) -> None:
    finding = only(clean(steps), "too_short")
    assert (finding.severity, finding.spans) == (severity, ((0, steps - 1),))
    assert (finding.value, finding.limit, finding.unit) == (steps / 50, limit, "s")


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("The journal ends after 600 steps: it has no end record.", "it has no end record"),
        ("It ends.\nMore stands after the damage.", "It ends. More stands after the damage"),
    ],
)
def test_a_recording_that_breaks_off(note: str, said: str) -> None:
    finding = only(clean(recovery_note=note), "incomplete")
    assert (finding.severity, finding.where, finding.spans) == ("warn", "", ((599, 599),))
    assert finding.text.startswith("The recording breaks off at step 599 (")
    assert finding.text.endswith(f"{said}).")
    assert (finding.value, finding.limit, finding.unit) == (0.0, 0.0, "")


def test_a_note_of_any_length() -> None:
    assert len(only(clean(recovery_note="lost " * 999), "incomplete").text) == MAX_TEXT


def test_long_enough() -> None:
    assert found(clean(150)) == []
