"""Faults of servos and their buses, planted and found at their steps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recorder.checks.streams import Streams
from teleop.alarms import ALERT_BIT
from tests.recorder.quality_streams import STEPS, clean, found, only, put

FOLLOWER_LEFT = 2
ELBOW, GRIPPER = 3, 8  # servos 4 and 9
OVERLOAD, VOLTAGE = 0x20, 0x01


def planted(column: str, index: Any, value: Any) -> Streams:
    streams = clean()
    return replace(streams, **{column: put(getattr(streams, column), index, value)})


def counting(column: str, where: Any) -> Streams:
    """A counter of the left follower's bus goes on at these steps."""
    counts = np.zeros((STEPS, 4), "i8")
    counts[where, FOLLOWER_LEFT] = 1
    streams = clean()
    grown = getattr(streams, column) + np.cumsum(counts, axis=0)
    return replace(streams, **{column: grown.astype("u4")})


@pytest.mark.parametrize(("steps", "severity", "limit"), [(4, "warn", 0.06), (10, "reject", 0.2)])
def test_readings_that_are_held(steps: int, severity: str, limit: float) -> None:
    finding = only(
        planted("held", (slice(200, 200 + steps), FOLLOWER_LEFT, ELBOW), 1), "held_readings"
    )
    assert (finding.where, finding.severity) == ("follower_left", severity)
    assert (finding.spans, finding.value) == (((200, 199 + steps),), steps / 50)
    assert finding.limit == limit
    assert finding.text.startswith("follower_left: no answer of servo 4 elbow at steps 200-")


def test_a_reading_held_now_and_then_is_nothing() -> None:
    assert found(planted("held", (slice(0, None, 100), FOLLOWER_LEFT, ELBOW), 1)) == []


def test_many_readings_held_in_all() -> None:
    finding = only(planted("held", (slice(0, None, 20), FOLLOWER_LEFT), 1), "held_readings")
    assert (finding.severity, finding.unit) == ("warn", "% of the steps")
    assert (finding.value, finding.limit) == (pytest.approx(5.0), 2.0)
    assert "no answer of servos 1 waist, 2 shoulder, 3 shoulder_shadow and 6 more" in finding.text


def test_replies_asked_for_again() -> None:
    assert found(counting("retries", np.s_[30::25])) == []
    finding = only(counting("retries", np.s_[10::10]), "retries")
    assert (finding.where, finding.severity) == ("follower_left", "warn")
    assert (finding.value, finding.limit) == (pytest.approx(9.83, abs=0.01), 5.0)
    assert finding.steps == 59
    assert finding.spans[0] == (10, 10)


@pytest.mark.parametrize(("steps", "severity"), [(1, "warn"), (10, "reject")])
def test_readings_that_were_not_believed_are_told_once(steps: int, severity: str) -> None:
    where = np.s_[200 : 200 + steps]
    streams = counting("rejected", where)
    held = put(streams.held, (where, FOLLOWER_LEFT, ELBOW), 1)
    finding = only(replace(streams, held=held), "rejected_readings")
    assert (finding.where, finding.severity) == ("follower_left", severity)
    assert (finding.spans, finding.value) == (((200, 199 + steps),), steps / 50)


def test_an_alert_is_told_at_once() -> None:
    finding = only(planted("servo_error", (300, FOLLOWER_LEFT, GRIPPER), ALERT_BIT), "servo_error")
    assert (finding.where, finding.severity, finding.spans) == (
        "follower_left",
        "warn",
        ((300, 300),),
    )
    assert "alert of servo 9 gripper" in finding.text


def test_other_errors_are_told_if_they_last() -> None:
    checksum_error = 0x03
    assert found(planted("servo_error", (300, FOLLOWER_LEFT, ELBOW), checksum_error)) == []
    where = (slice(300, 308), FOLLOWER_LEFT, ELBOW)
    finding = only(planted("servo_error", where, checksum_error), "servo_error")
    assert (finding.severity, finding.spans) == ("warn", ((300, 307),))
    assert "errors of servo 4 elbow" in finding.text


@pytest.mark.parametrize(
    ("error", "severity", "said"),
    [(OVERLOAD, "reject", "overloaded"), (VOLTAGE, "warn", "supply voltage out of range")],
)
def test_what_a_servo_says_is_wrong_with_it(error: int, severity: str, said: str) -> None:
    """Register 70 is looked at once a second: the third look is at step 150."""
    finding = only(
        planted("hardware_error", (slice(3, 5), FOLLOWER_LEFT, ELBOW), error), "hardware_error"
    )
    assert (finding.where, finding.severity) == ("follower_left", severity)
    assert finding.spans == ((150, 150), (200, 200))
    assert (finding.value, finding.unit) == (2.0, "reports")
    assert f"servo 4 elbow reported: {said} at steps 150, 200" in finding.text


@pytest.mark.parametrize(("steps", "severity"), [(1, "warn"), (10, "reject")])
def test_a_bus_that_is_gone_is_told_once(steps: int, severity: str) -> None:
    where = np.s_[200 : 200 + steps]
    streams = counting("retries", where)
    gone = replace(
        streams,
        connected=put(streams.connected, (where, FOLLOWER_LEFT), 0),
        held=put(streams.held, (where, FOLLOWER_LEFT), 1),
    )
    finding = only(gone, "unplugged")
    assert (finding.where, finding.severity) == ("follower_left", severity)
    assert (finding.spans, finding.value) == (((200, 199 + steps),), steps / 50)
