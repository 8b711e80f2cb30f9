"""A captured camera's frames: numbers, stamps and bounds, for whatever a device says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.cameras.camera import UNKNOWN, Frame
from recorder.cameras.history import OLDEST_NS, History, Numbers, sound_capture_ns
from recorder.cameras.source import Grab

IMAGE = np.zeros((6, 8, 3), np.uint8)
PERIOD_NS = 20_000_000
times = st.integers(-(10**18), 10**18)


def grab(number: int = UNKNOWN, capture_ns: int = 0, arrival_ns: int = 0) -> Grab:
    return Grab(IMAGE, number, capture_ns, arrival_ns)


def everything(history: History) -> list[Frame]:
    """All frames that can still be had, the newest first."""
    frames = []
    frame = history.newest_arrived_before(10**19)
    while frame is not None:
        frames.append(frame)
        frame = history.newest_arrived_before(frame.arrival_ns - 1)
    return frames


# ---- numbers ------------------------------------------------------------------------------------


def test_a_devices_gaps_are_kept() -> None:
    numbers = Numbers()
    assert [numbers.next(number) for number in (100, 101, 104, 105)] == [0, 1, 4, 5]


def test_what_does_not_count_is_counted() -> None:
    numbers = Numbers()
    assert [numbers.next(UNKNOWN) for _ in range(4)] == [0, 1, 2, 3]


def test_a_counter_that_begins_anew_leaves_a_gap() -> None:
    numbers = Numbers()
    assert [numbers.next(number) for number in (7, 8, 0, 1, 1)] == [0, 1, 3, 4, 6]


def test_so_does_a_device_that_is_opened_again() -> None:
    for first, second in ((UNKNOWN, UNKNOWN), (5, 6), (5, 0)):
        numbers = Numbers()
        numbers.interrupt()
        assert numbers.next(first) == 0
        numbers.interrupt()
        assert numbers.next(second) == 2


@given(st.lists(st.one_of(st.none(), st.just(UNKNOWN), st.integers(0, 2**64))))
def test_numbers_always_increase(said: list[int | None]) -> None:
    """None: the device is opened again."""
    numbers, given_ = Numbers(), []
    for number in said:
        if number is None:
            numbers.interrupt()
        else:
            given_.append(numbers.next(number))
    assert given_ == sorted(set(given_))


# ---- stamps -------------------------------------------------------------------------------------


def test_a_true_capture_time_stays() -> None:
    assert sound_capture_ns(5_000_000_000, 5_030_000_000, 4_980_000_000) == 5_000_000_000


def test_a_capture_after_arrival_is_at_arrival() -> None:
    assert sound_capture_ns(6_000_000_000, 5_000_000_000, 4_000_000_000) == 5_000_000_000


def test_a_capture_long_ago_is_one_second_old_and_so_stale() -> None:
    assert sound_capture_ns(0, 5_000_000_000, 0) == 5_000_000_000 - OLDEST_NS


def test_a_capture_before_the_last_one_is_at_the_last_one() -> None:
    assert sound_capture_ns(4_500_000_000, 5_000_000_000, 4_900_000_000) == 4_900_000_000


@given(st.lists(st.tuples(times, times), min_size=1))
def test_stamps_are_in_order_and_possible_whatever_is_said(said: list[tuple[int, int]]) -> None:
    history, now_ns, frames = History(PERIOD_NS), 10**12, []
    for capture_ns, arrival_ns in said:
        now_ns += PERIOD_NS
        history.add(grab(capture_ns=capture_ns, arrival_ns=arrival_ns), now_ns)
        frame = history.newest_arrived_before(now_ns)
        assert frame is not None
        assert now_ns - OLDEST_NS <= frame.arrival_ns <= now_ns
        assert frame.arrival_ns - OLDEST_NS <= frame.capture_ns <= frame.arrival_ns
        frames.append(frame)
    assert [frame.number for frame in frames] == list(range(len(said)))
    assert sorted(frames, key=lambda frame: frame.capture_ns) == frames


def test_moved_stamps_are_counted_but_not_what_two_clocks_differ_by() -> None:
    history = History(PERIOD_NS)
    for capture_ns in (10**12 - PERIOD_NS, 10**12 + 2_000_000, 10**12 + 10**9):
        history.add(grab(capture_ns=capture_ns, arrival_ns=10**12), 10**12)
    assert history.moved == 1


# ---- what is kept -------------------------------------------------------------------------------


def test_what_had_arrived_by_a_tick_is_found_so_long_as_a_recorder_may_lag() -> None:
    history = History(PERIOD_NS)
    arrivals = [10**12 + number * PERIOD_NS for number in range(100)]
    assert history.newest_arrived_before(arrivals[0]) is None
    for arrival_ns in arrivals:
        history.add(grab(arrival_ns=arrival_ns, capture_ns=arrival_ns), arrival_ns)
    for lag_ns in range(0, 400_000_000, 7_000_000):
        frame = history.newest_arrived_before(arrivals[-1] - lag_ns)
        assert frame is not None
        assert 0 <= arrivals[-1] - lag_ns - frame.arrival_ns < PERIOD_NS
    assert history.newest_arrived_before(arrivals[-1] - 600_000_000) is None


@pytest.mark.parametrize("rate_hz", [17, 50, 60, 200])
def test_so_much_is_kept_of_a_camera_with_another_rate_than_configured(rate_hz: int) -> None:
    history = History(1_000_000_000 // 30)
    arrivals = [10**12 + number * 1_000_000_000 // rate_hz for number in range(500)]
    for arrival_ns in arrivals:
        history.add(grab(arrival_ns=arrival_ns, capture_ns=arrival_ns), arrival_ns)
    frame = history.newest_arrived_before(arrivals[-1] - 400_000_000)
    assert frame is not None
    assert arrivals[-1] - 400_000_000 - frame.arrival_ns < 1_000_000_000 // rate_hz


def test_who_comes_too_late_is_told_from_a_camera_that_has_given_nothing() -> None:
    history = History(PERIOD_NS)
    arrivals = [10**12 + number * PERIOD_NS for number in range(100)]
    assert not history.has_passed(arrivals[0])
    for arrival_ns in arrivals[:4]:
        history.add(grab(arrival_ns=arrival_ns, capture_ns=arrival_ns), arrival_ns)
    assert not history.has_passed(arrivals[0] - 1)  # there was none by then
    for arrival_ns in arrivals[4:]:
        history.add(grab(arrival_ns=arrival_ns, capture_ns=arrival_ns), arrival_ns)
    for arrival_ns in arrivals:
        assert history.has_passed(arrival_ns) == (history.newest_arrived_before(arrival_ns) is None)
    assert history.has_passed(arrivals[0])
    assert not history.has_passed(arrivals[-1])


@given(period_ns=st.integers(1_000_000, 10_000_000_000))
def test_what_is_kept_does_not_grow_with_time(period_ns: int) -> None:
    history = History(period_ns)
    for number in range(1000):
        now_ns = 10**12 + number * period_ns
        history.add(grab(arrival_ns=now_ns, capture_ns=now_ns), now_ns)
    assert len(everything(history)) == max(
        4, 400_000_000 // period_ns + 1, -(-400_000_000 // period_ns) + 1
    )
    assert len(history.arrivals_ns()) <= 2_000_000_000 // period_ns + 1
