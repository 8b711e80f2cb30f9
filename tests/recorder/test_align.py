"""Which frame belongs to a tick, and what is said about it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recorder.align import NO_TIME, align
from recorder.cameras.camera import Frame
from tests.recorder.fake_rig import PERIOD_NS, make_tick, picture

CAMERA_NS = 33_333_333


def frame(number: int, capture_ns: int, delay_ns: int = 0) -> Frame:
    return Frame(picture(number), number, capture_ns, capture_ns + delay_ns)


def test_fresh_frame_has_its_age() -> None:
    step = align(make_tick(10), [frame(1, 10 * PERIOD_NS - 5)], [CAMERA_NS], None)
    (aligned,) = step.frames
    assert aligned.age_ns == 5
    assert not (aligned.repeat)
    assert not (aligned.stale)
    assert not (aligned.missing)


def test_a_slow_camera_repeats_without_being_stale() -> None:
    first = align(make_tick(10), [frame(1, 10 * PERIOD_NS)], [CAMERA_NS], None)
    second = align(make_tick(11), [frame(1, 10 * PERIOD_NS)], [CAMERA_NS], first)
    assert second.frames[0].repeat
    assert not second.frames[0].stale


def test_two_camera_periods_are_still_fresh_and_more_is_stale() -> None:
    for age, stale in ((2 * CAMERA_NS, False), (2 * CAMERA_NS + 1, True)):
        tick = make_tick(10)
        step = align(tick, [frame(1, int(tick["t_ns"]) - age)], [CAMERA_NS], None)
        assert step.frames[0].stale is stale


def test_a_new_frame_may_be_stale_and_is_no_repeat() -> None:
    first = align(make_tick(100), [frame(1, 100 * PERIOD_NS)], [CAMERA_NS], None)
    second = align(make_tick(110), [frame(2, 101 * PERIOD_NS)], [CAMERA_NS], first)
    assert second.frames[0].stale
    assert not second.frames[0].repeat


def test_a_camera_without_frames_is_missing_and_stale() -> None:
    (aligned,) = align(make_tick(10), [None], [CAMERA_NS], None).frames
    assert aligned.frame is None
    assert aligned.age_ns == NO_TIME
    assert aligned.missing
    assert aligned.stale
    assert not aligned.repeat


def test_one_picture_that_came_and_is_gone_drops_those_of_the_whole_step() -> None:
    periods = [CAMERA_NS] * 3
    early = [frame(1, 10 * PERIOD_NS), frame(5, 10 * PERIOD_NS - 7), None]
    first = align(make_tick(10), early, periods, None)
    assert not first.dropped
    later = align(
        make_tick(11), [None, frame(6, 11 * PERIOD_NS), frame(1, 11 * PERIOD_NS)], periods, first
    )
    assert later.dropped
    assert [each.frame and each.frame.number for each in later.frames] == [1, 5, None]
    assert [each.missing for each in later.frames] == [True] * 3
    assert later.skew_ns == 7
    after = align(make_tick(12), [frame(2, 12 * PERIOD_NS)] * 3, periods, later)
    assert not after.dropped


def test_a_step_may_be_dropped_whatever_its_frames_are() -> None:
    new = [frame(2, 11 * PERIOD_NS)]
    assert align(make_tick(11), new, [CAMERA_NS], None, dropped=True).frames[0].frame is None
    first = align(make_tick(10), [frame(1, 10 * PERIOD_NS)], [CAMERA_NS], None)
    (kept,) = align(make_tick(11), new, [CAMERA_NS], first, dropped=True).frames
    assert kept.frame is first.frames[0].frame


def test_skew_is_between_the_newest_and_the_oldest_capture() -> None:
    captures = (10 * PERIOD_NS, 10 * PERIOD_NS - 4_000_000, 10 * PERIOD_NS - 1)
    step = align(make_tick(10), [frame(1, each) for each in captures], [CAMERA_NS] * 3, None)
    assert step.skew_ns == 4_000_000
    alone = align(make_tick(10), [frame(1, captures[0]), None], [CAMERA_NS] * 2, None)
    assert alone.skew_ns == NO_TIME


def test_the_last_frame_stands_in_for_one_that_cannot_be_had() -> None:
    first = align(make_tick(10), [frame(1, 10 * PERIOD_NS), None], [CAMERA_NS] * 2, None)
    second = align(make_tick(11), [None, None], [CAMERA_NS] * 2, first)
    kept, never = second.frames
    assert kept.frame is first.frames[0].frame
    assert kept.missing
    assert kept.repeat
    assert kept.age_ns == PERIOD_NS
    assert never.frame is None
    assert not never.repeat


def test_the_tick_and_the_cameras_keep_their_order() -> None:
    tick = make_tick(10, episode=3, step=4)
    frames = [frame(7, 10 * PERIOD_NS), frame(9, 10 * PERIOD_NS)]
    step = align(tick, frames, [CAMERA_NS] * 2, None)
    assert step.tick is tick
    assert [aligned.frame.number for aligned in step.frames if aligned.frame] == [7, 9]


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(1, 10**9), st.booleans())
def test_flags_follow_their_definitions(
    t_ns: int, capture_ns: int, period_ns: int, again: bool
) -> None:
    tick = make_tick(0)
    tick["t_ns"] = t_ns
    before = align(tick, [frame(1, capture_ns)], [period_ns], None)
    new = frame(1 if again else 2, capture_ns)
    (aligned,) = align(tick, [new], [period_ns], before).frames
    assert aligned.age_ns == t_ns - capture_ns
    assert aligned.stale == (t_ns - capture_ns > 2 * period_ns)
    assert aligned.repeat == again
    assert np.array_equal(aligned.frame.image, new.image)  # type: ignore[union-attr]
