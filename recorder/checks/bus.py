"""Whether the servos answered, and what they said of themselves."""

import math
from typing import Final

import numpy as np

from recorder.checks.finding import Finding, Findings, Measure, finding
from recorder.checks.grading import Rule, by_length_and_share, marked, marked_each
from recorder.checks.kinds import Severity
from recorder.checks.streams import Array, Mask, Streams
from recorder.limits import QualityLimits
from teleop.alarms import ALERT_BIT, in_words, shut_down
from teleop.servos import FOLLOWER

SERVO_NAMES: Final = tuple(f"{spec.servo_id} {spec.joint}" for spec in FOLLOWER)
"""Of the nine servos of a bus, leaders' too."""
MAX_NAMED: Final = 3


def held_readings(streams: Streams, limits: QualityLimits) -> Findings:
    """Values that are only repeated. Where the bus was gone or the reading was not believed, that
    is told instead."""
    told = ~_connected(streams) | _counted(streams.rejected, streams)
    held = (np.asarray(streams.held) != 0) & ~told[:, :, None]
    rule = by_length_and_share(limits.held_warn_s, limits.held_reject_s, limits)
    return [
        each
        for bus, name in enumerate(streams.bus_names)
        for each in marked(
            streams,
            "held_readings",
            name,
            held[:, bus].any(axis=1),
            rule,
            f"no answer of {_servos(held[:, bus])}",
        )
    ]


def retries(streams: Streams, limits: QualityLimits) -> Findings:
    """Replies that came only when asked for again."""
    again = _counted(streams.retries, streams) & _connected(streams)
    rule = Rule(math.inf, warn_share=limits.retries_share)
    what = "replies asked for again"
    return marked_each(streams, "retries", streams.bus_names, again, rule, what)


def rejected_readings(streams: Streams, limits: QualityLimits) -> Findings:
    """Readings that control did not believe."""
    if streams.rejected is None:
        return None
    rejected = _counted(streams.rejected, streams)
    rule = by_length_and_share(limits.rejected_warn_s, limits.rejected_reject_s, limits)
    what = "impossible readings"
    return marked_each(streams, "rejected_readings", streams.bus_names, rejected, rule, what)


def servo_error(streams: Streams, limits: QualityLimits) -> Findings:
    """Error bytes of replies. An alert is told at its first step, anything else if it lasts."""
    errors = np.asarray(streams.servo_error)
    found = []
    for bus, name in enumerate(streams.bus_names):
        alert = bool((errors[:, bus] & ALERT_BIT).any())
        rule = Rule(0.0 if alert else limits.servo_error_s, warn_share=limits.warn_share)
        what = f"{'alert' if alert else 'errors'} of {_servos(errors[:, bus] != 0)}"
        mask = (errors[:, bus] != 0).any(axis=1)
        found += marked(streams, "servo_error", name, mask, rule, what)
    return found


def hardware_error(streams: Streams, limits: QualityLimits) -> Findings:
    """Register 70, which is looked at once a second; the steps are those of the looks."""
    errors = np.asarray(streams.hardware_error)
    return [
        _hardware_error(streams, name, errors[:, bus])
        for bus, name in enumerate(streams.bus_names)
        if errors[:, bus].any()
    ]


def unplugged(streams: Streams, limits: QualityLimits) -> Findings:
    """Buses whose adapter was gone."""
    if streams.connected is None:
        return None
    rule = Rule(limits.unplugged_warn_s, limits.unplugged_reject_s)
    gone, what = ~_connected(streams), "the adapter was gone"
    return marked_each(streams, "unplugged", streams.bus_names, gone, rule, what)


def _connected(streams: Streams) -> Mask:
    """(T, B) the bus was there, as far as is known."""
    if streams.connected is None:
        return np.ones(streams.lost.shape, bool)
    return np.asarray(streams.connected != 0)


def _counted(counter: Array | None, streams: Streams) -> Mask:
    """(T, B) the counter has gone on since the step before."""
    gone_on = np.zeros(streams.lost.shape, bool)
    if counter is not None:
        gone_on[1:] = np.diff(counter.astype(np.int64), axis=0) > 0
    return gone_on


def _servos(mask: Mask) -> str:
    """The servos of a bus (T, 9) that are marked at any step."""
    names = [SERVO_NAMES[servo] for servo in np.flatnonzero(mask.any(axis=0))]
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{'servo' if len(names) == 1 else 'servos'} {', '.join(names[:MAX_NAMED])}{more}"


def _hardware_error(streams: Streams, name: str, errors: Array) -> Finding:
    """The finding about a bus's errors (M, 9), some of which are not 0."""
    mask = np.isin(np.arange(streams.steps), streams.second_step[(errors != 0).any(axis=1)])
    severity: Severity = "reject" if shut_down(errors).any() else "warn"
    said = in_words(int(np.bitwise_or.reduce(errors, axis=None)))
    measure = Measure(float(np.count_nonzero(errors)), 0.0, "reports")
    what = f"{_servos(errors != 0)} reported: {said}"
    return finding("hardware_error", severity, name, mask, measure, what)
