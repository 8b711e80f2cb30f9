"""Limits: what a task file may say, and that each of them decides on either side."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

from recorder.checks.kinds import Kind
from recorder.checks.streams import PictureNumbers, Streams
from recorder.limits import QualityLimits
from session.config import CameraPolicy, TaskConfig
from teleop.config import ConfigError, build
from tests.recorder.quality_streams import STEPS, clean, every, found, put

LEFT_ELBOW, LEFT_GRIPPER = 2, 6
FOLLOWER = 2
TASK = {"name": "a", "prompt": "b", "max_steps": 100}


def test_a_task_file_sets_limits() -> None:
    table = {"stale_reject_s": 2, "ignore": ["idle_tail", "skew"]}
    limits = build(TaskConfig, {**TASK, "quality": table}, "task").quality
    assert limits == QualityLimits(stale_reject_s=2.0, ignore=("idle_tail", "skew"))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"stale_reject": 1}, "unknown key 'stale_reject'. Did you mean 'stale_reject_s'?"),
        ({"ignore": ["blured"]}, "'blured'. Did you mean 'blurred'?"),
        ({"stale_warn_s": -1}, "stale_warn_s must be 0-3600, not -1."),
        ({"warn_share": 1.5}, "warn_share must be 0-1, not 1.5."),
        ({"drift_percent": 0}, "drift_percent must be 0.01-100, not 0."),
        ({"stale_warn_s": 1.2}, "stale_warn_s must not be higher than stale_reject_s."),
        ({"short_warn_s": 0.5}, "short_warn_s must not be lower than short_reject_s."),
        ({"slow_warn_ratio": 0.4}, "slow_warn_ratio must not be lower than slow_reject_ratio."),
        ({"warn_share": 0.3}, "warn_share must not be higher than reject_share."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(table: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build(TaskConfig, {**TASK, "quality": table}, "task.toml")
    assert str(refused.value).startswith("task.toml quality")
    assert text in str(refused.value)


def test_equal_limits_leave_no_warning_in_between() -> None:
    assert QualityLimits(stale_warn_s=1.0, short_warn_s=1.0).stale_reject_s == 1.0


def test_what_a_session_lets_pass_is_no_reject() -> None:
    pause_after_s = CameraPolicy().pause_after_s
    limits = QualityLimits()
    assert limits.stale_reject_s >= pause_after_s
    assert limits.missing_reject_s >= pause_after_s


@dataclass(frozen=True)
class Edge:
    """A fault of a known size, and its finding with a limit on either side of that size."""

    limit: str
    kind: Kind
    fault: Callable[[], Streams]
    hit: float
    miss: float
    severity: str
    otherwise: str | None
    others: tuple[tuple[str, Any], ...] = ()

    def severity_at(self, value: float) -> str | None:
        limits = QualityLimits(**{**dict(self.others), self.limit: value})
        severities = [
            each.severity for each in found(self.fault(), limits) if each.check == self.kind
        ]
        assert len(severities) <= 1
        return severities[0] if severities else None


def rows(name: str, index: Any, value: Any) -> Callable[[], Streams]:
    """A value put into a column at steps 100-..."""

    def planted() -> Streams:
        streams = clean()
        return replace(streams, **{name: put(getattr(streams, name), index, value)})

    return planted


def picture(**changes: tuple[Any, float]) -> Callable[[], Streams]:
    def planted() -> Streams:
        streams = clean()
        numbers = streams.pictures
        assert numbers
        changed = {name: put(getattr(numbers, name), *at) for name, at in changes.items()}
        return replace(streams, pictures=PictureNumbers(**{**_numbers(numbers), **changed}))

    return planted


def _numbers(numbers: PictureNumbers) -> dict[str, Any]:
    return {each.name: getattr(numbers, each.name) for each in fields(PictureNumbers)}


def stretch(steps: int) -> slice:
    """Steps in a row."""
    return slice(100, 100 + steps)


def scattered(steps: int) -> slice:
    """Every third step, so that no stretch is long."""
    return slice(100, 100 + 3 * steps, 3)


def late(where: slice, ms: float = 15.0) -> Callable[[], Streams]:
    def planted() -> Streams:
        streams = clean(deadline_ns=clean().tick_ns)
        tick_ns = streams.tick_ns.copy()
        tick_ns[where] += round(ms * 1e6)
        return replace(streams, tick_ns=tick_ns)

    return planted


def gap(column: str, steps: int, also: str | None = None) -> Callable[[], Streams]:
    """Numbers that jump before step 100."""

    def planted() -> Streams:
        streams = clean()
        jumped = {
            name: getattr(streams, name) + steps * (np.arange(STEPS) >= 100)
            for name in (column, also)
            if name
        }
        return replace(streams, **jumped)

    return planted


def old(where: slice) -> Callable[[], Streams]:
    """Pictures of the fast camera that are far too old."""

    def planted() -> Streams:
        streams = clean()
        return replace(
            streams,
            frame_stale=put(streams.frame_stale, (where, 0), 1),
            frame_capture_ns=put(streams.frame_capture_ns, (where, 0), 0),
        )

    return planted


def frozen(steps: int) -> Callable[[], Streams]:
    def planted() -> Streams:
        streams = clean()
        same = put(streams.frame_crc32, (stretch(steps), 0), streams.frame_crc32[99, 0])
        return replace(streams, frame_crc32=same)

    return planted


def slow(rate_hz: float, length_s: float = 4.0) -> Callable[[], Streams]:
    """The fast camera takes its pictures too slowly for a while, from the second second on."""

    def planted() -> Streams:
        parts = every(50, -1, 2), every(rate_hz, 2, 2 + length_s), every(50, 2 + length_s)
        return clean(taken_s={0: np.concatenate(parts)})

    return planted


def off(rate_hz: float) -> Callable[[], Streams]:
    """The fast camera runs at a rate of its own all the time."""
    return lambda: clean(taken_s={0: every(rate_hz)})


def drifting(share: float) -> Callable[[], Streams]:
    """The stamps of the fast camera run against the clock: 12 s of that."""

    def planted() -> Streams:
        streams = clean()
        since_ns = streams.frame_capture_ns[:, 0] - streams.frame_capture_ns[0, 0]
        stamps_ns = streams.frame_capture_ns[:, 0] + np.rint(share * since_ns).astype("i8")
        return replace(
            streams, frame_capture_ns=put(streams.frame_capture_ns, np.s_[:, 0], stamps_ns)
        )

    return planted


def apart(where: slice, ms: float) -> Callable[[], Streams]:
    return rows("frame_skew_ns", where, round(ms * 1e6))


def jump(size: float, joint: int, where: slice, column: str = "qpos") -> Callable[[], Streams]:
    """A joint that is elsewhere at these steps; it stays where it was before and after."""

    def planted() -> Streams:
        streams = clean()
        values = put(getattr(streams, column), np.s_[:, joint], 0.5)
        return replace(streams, **{column: put(values, (where, joint), 0.5 + size)})

    return planted


def delayed(ticks: int) -> Callable[[], Streams]:
    """Followers that do everything so many ticks after the command."""
    late = np.maximum(np.arange(STEPS) - ticks, 0)
    return lambda: clean(qpos=clean().action[late])


def lifted(rad: float, steps: int) -> Callable[[], Streams]:
    """The left elbow is away from its command."""

    def planted() -> Streams:
        streams = clean(qpos=clean().action)
        return replace(
            streams,
            qpos=put(streams.qpos, (stretch(steps), 2), streams.action[100 : 100 + steps, 2] + rad),
        )

    return planted


def gripper(way: float, told: float, arm_way: float = 1.0) -> Callable[[], Streams]:
    """The left gripper and its arm move only so far."""

    def planted() -> Streams:
        streams = clean()
        wave = (1 + np.sin(np.arange(STEPS) / 20)[:, None]) / 2
        qpos, action = streams.qpos.copy(), streams.action.copy()
        qpos[:, :6], qpos[:, 6:7], action[:, 6:7] = arm_way * wave, way * wave, told * wave
        action[:, :6] = qpos[:, :6]
        return replace(streams, qpos=qpos, action=action)

    return planted


def waiting(head: int, tail: int, sway_rad: float = 0.0) -> Callable[[], Streams]:
    """Commands that only sway for so many steps at the beginning and at the end."""

    def planted() -> Streams:
        action = np.zeros((STEPS, 14), "f4")
        action[head : STEPS - tail] = 1.0
        action[1:head] += sway_rad
        action[STEPS - tail : -1] += sway_rad
        return clean(action=action)

    return planted


def repeated_requests(where: slice, column: str) -> Callable[[], Streams]:
    """A counter of the left follower's bus goes on at these steps."""

    def planted() -> Streams:
        counted = np.zeros((STEPS, 4), "i8")
        counted[where, FOLLOWER] = 1
        streams = clean()
        return replace(streams, **{column: getattr(streams, column) + np.cumsum(counted, axis=0)})

    return planted


def strained(share: float, where: slice) -> Callable[[], Streams]:
    return rows("effort", (where, LEFT_ELBOW), 1150.0 * share)


W, R, NO = "warn", "reject", None
SHARE = 60 / STEPS
EDGES = [
    Edge("warn_share", "late_ticks", late(scattered(60)), SHARE, SHARE + 0.01, W, NO),
    Edge("reject_share", "late_ticks", late(scattered(60)), SHARE, SHARE + 0.01, R, W),
    Edge("short_warn_s", "too_short", lambda: clean(100), 2.1, 2.0, W, NO),
    Edge("short_reject_s", "too_short", lambda: clean(100), 2.1, 2.0, R, W),
    Edge("late_ms", "late_ticks", late(stretch(10), 15.0), 14.9, 15.1, W, NO),
    Edge("late_warn_s", "late_ticks", late(stretch(10)), 0.2, 0.22, W, NO),
    Edge("late_reject_s", "late_ticks", late(stretch(10)), 0.2, 0.22, R, W),
    Edge("missed_warn_s", "missed_ticks", gap("tick", 5), 0.1, 0.12, W, NO),
    Edge("missed_reject_s", "missed_ticks", gap("tick", 5), 0.1, 0.12, R, W),
    Edge("lost_warn_s", "lost_steps", gap("step", 5, "tick"), 0.1, 0.12, W, NO),
    Edge("lost_reject_s", "lost_steps", gap("step", 5, "tick"), 0.1, 0.12, R, W),
    Edge(
        "dropped_warn_s", "dropped_pictures", rows("frame_dropped", stretch(5), 1), 0.1, 0.12, W, NO
    ),
    Edge(
        "dropped_reject_s",
        "dropped_pictures",
        rows("frame_dropped", stretch(5), 1),
        0.1,
        0.12,
        R,
        W,
    ),
    Edge("stale_warn_s", "stale", old(stretch(10)), 0.2, 0.22, W, NO),
    Edge("stale_reject_s", "stale", old(stretch(10)), 0.2, 0.22, R, W),
    Edge("missing_warn_s", "missing", rows("frame_missing", (stretch(5), 0), 1), 0.1, 0.12, W, NO),
    Edge("missing_reject_s", "missing", rows("frame_missing", (stretch(5), 0), 1), 0.1, 0.12, R, W),
    Edge("frozen_warn_s", "frozen", frozen(11), 0.22, 0.24, W, NO),
    Edge("frozen_reject_s", "frozen", frozen(11), 0.22, 0.24, R, W),
    Edge("slow_s", "slow_camera", slow(35), 3.9, 4.1, W, NO),
    Edge("slow_warn_ratio", "slow_camera", slow(35), 0.71, 0.69, W, NO),
    Edge("slow_reject_ratio", "slow_camera", slow(35), 0.71, 0.69, R, W),
    Edge("drift_percent", "clock_drift", off(49.5), 0.99, 1.02, W, NO),
    Edge("drift_reject_ms", "clock_drift", drifting(0.01), 119, 121, R, W),
    Edge("skew_ms", "skew", apart(stretch(30), 60), 59, 61, W, NO),
    Edge("skew_periods", "skew", apart(stretch(30), 60), 1.79, 1.81, W, NO),
    Edge("skew_s", "skew", apart(stretch(11), 60), 0.22, 0.24, W, NO),
    Edge("black_level", "black", picture(brightness=((stretch(10), 0), 9.0)), 9.1, 8.9, W, NO),
    Edge("black_warn_s", "black", picture(brightness=((stretch(10), 0), 2.0)), 0.2, 0.22, W, NO),
    Edge("black_reject_s", "black", picture(brightness=((stretch(10), 0), 2.0)), 0.2, 0.22, R, W),
    Edge(
        "overexposed_share",
        "over_exposed",
        picture(clipped=((stretch(10), 0), 0.6)),
        0.59,
        0.61,
        W,
        NO,
    ),
    Edge(
        "overexposed_warn_s",
        "over_exposed",
        picture(clipped=((stretch(10), 0), 0.6)),
        0.2,
        0.22,
        W,
        NO,
    ),
    Edge(
        "overexposed_reject_s",
        "over_exposed",
        picture(clipped=((stretch(10), 0), 0.6)),
        0.2,
        0.22,
        R,
        W,
    ),
    Edge(
        "blurred_ratio", "blurred", picture(sharpness=((stretch(60), 0), 60.0)), 0.12, 0.08, W, NO
    ),
    Edge("blurred_sharpness", "blurred", picture(sharpness=(np.s_[:, 0], 60.0)), 61, 59, W, NO),
    Edge("blurred_s", "blurred", picture(sharpness=((stretch(60), 0), 30.0)), 1.2, 1.22, W, NO),
    Edge("jump_rad_s", "position_jump", jump(0.2, LEFT_ELBOW, stretch(1)), 9.9, 10.1, W, NO),
    Edge(
        "jump_gripper_per_s",
        "position_jump",
        jump(0.5, LEFT_GRIPPER, stretch(1)),
        24.9,
        25.1,
        W,
        NO,
    ),
    Edge(
        "jump_reject_s",
        "action_jump",
        jump(0.2, LEFT_ELBOW, slice(100, 106, 2), "action"),
        0.12,
        0.14,
        R,
        W,
    ),
    Edge("limited_s", "limited", rows("limited", (stretch(60), LEFT_ELBOW), 2), 1.2, 1.22, W, NO),
    Edge("effort_share", "effort", strained(0.9, stretch(60)), 0.89, 0.91, W, NO),
    Edge("effort_s", "effort", strained(1.1, stretch(60)), 1.2, 1.22, W, NO),
    Edge("lag_warn_ms", "tracking_lag", delayed(10), 199, 200, W, NO),
    Edge("lag_reject_ms", "tracking_lag", delayed(10), 199, 200, R, W),
    Edge("error_rad", "tracking_error", lifted(0.4, 20), 0.39, 0.41, W, NO),
    Edge("error_warn_s", "tracking_error", lifted(0.4, 20), 0.4, 0.42, W, NO),
    Edge("error_reject_s", "tracking_error", lifted(0.4, 20), 0.4, 0.42, R, W),
    Edge("gripper_move", "gripper_still", gripper(0.1, 0.1), 0.11, 0.09, W, NO),
    Edge("idle_rad", "idle_head", waiting(200, 200, 0.05), 0.06, 0.04, W, NO),
    Edge("idle_head_s", "idle_head", waiting(200, 0), 4.0, 4.02, W, NO),
    Edge("idle_tail_s", "idle_tail", waiting(0, 200), 4.0, 4.02, W, NO),
    Edge(
        "held_warn_s",
        "held_readings",
        rows("held", (stretch(8), FOLLOWER, 3), 1),
        0.16,
        0.18,
        W,
        NO,
    ),
    Edge(
        "held_reject_s",
        "held_readings",
        rows("held", (stretch(8), FOLLOWER, 3), 1),
        0.16,
        0.18,
        R,
        W,
    ),
    Edge(
        "retries_share",
        "retries",
        repeated_requests(scattered(60), "retries"),
        SHARE,
        SHARE + 0.01,
        W,
        NO,
    ),
    Edge(
        "rejected_warn_s",
        "rejected_readings",
        repeated_requests(stretch(5), "rejected"),
        0.1,
        0.12,
        W,
        NO,
    ),
    Edge(
        "rejected_reject_s",
        "rejected_readings",
        repeated_requests(stretch(5), "rejected"),
        0.1,
        0.12,
        R,
        W,
    ),
    Edge(
        "servo_error_s",
        "servo_error",
        rows("servo_error", (stretch(8), FOLLOWER, 3), 1),
        0.16,
        0.18,
        W,
        NO,
    ),
    Edge(
        "unplugged_warn_s",
        "unplugged",
        rows("connected", (stretch(8), FOLLOWER), 0),
        0.16,
        0.18,
        W,
        NO,
    ),
    Edge(
        "unplugged_reject_s",
        "unplugged",
        rows("connected", (stretch(8), FOLLOWER), 0),
        0.16,
        0.18,
        R,
        W,
    ),
]
"""One a limit at least."""


def test_every_limit_has_its_edge() -> None:
    limits = {each.name for each in fields(QualityLimits)} - {"ignore"}
    assert {edge.limit for edge in EDGES} == limits


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.limit)
def test_a_limit_decides_on_either_side(edge: Edge) -> None:
    assert edge.severity_at(edge.hit) == edge.severity
    assert edge.severity_at(edge.miss) == edge.otherwise
