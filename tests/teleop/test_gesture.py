"""The gestures, from what hands on two leaders may do."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.gesture import CLOSED, NEAR_RAD, OPEN, EndGesture, GripperGesture


def completed(*looks: Any) -> Any:
    """At which looks the gesture was complete."""
    gesture = GripperGesture()
    return [n for n, look in enumerate(looks) if gesture.update(np.array(look, float))]


def test_opened_then_closed_is_told_once() -> None:
    assert completed([0.1, 0.1], [1, 1], [0.5, 0.5], [0, 0], [0, 0], [0.1, 0]) == [3]


def test_it_can_be_made_again() -> None:
    assert completed([1, 1], [0, 0], [1, 1], [0, 0]) == [1, 3]


@pytest.mark.parametrize(
    "looks",
    [
        [[0, 0], [0, 0]],  # closed all the time
        [[1, 0], [0, 0]],  # one of them was never open
        [[1, 0], [0, 1], [0, 0]],  # never both at once
        [[1, 1], [0, 1], [1, 0]],  # never both closed
        [[1, 1], [0.5, 0.5]],  # not quite closed
        [[0.65, 0.65], [0, 0]],  # not quite open
        [[1, math.nan], [0, 0]],  # one cannot be read
        [[1, 1], [0, math.nan]],
    ],
)
def test_nothing_less_will_do(looks: Any) -> None:
    assert completed(*looks) == []


def test_they_need_not_close_together() -> None:
    assert completed([1, 1], [0, 1], [0, 0.6], [0, 0.1]) == [3]


def test_one_pair_of_arms_has_one_gripper() -> None:
    assert completed([1], [0]) == [1]


def test_without_a_gripper_there_is_no_gesture() -> None:
    assert completed([], [], []) == []


def test_a_look_that_failed_does_not_undo_it() -> None:
    assert completed([1, 1], [math.nan, 0.5], [0, 0]) == [2]


def test_trembling_at_a_threshold_starts_once() -> None:
    edge = [[CLOSED + 0.01 * (-1) ** n] * 2 for n in range(20)]
    assert len(completed([1, 1], *edge)) == 1


shares = st.floats(-0.5, 1.5) | st.sampled_from([OPEN, CLOSED, math.nan])


@given(st.lists(st.tuples(shares, shares), max_size=60))
def test_before_every_start_both_were_opened_and_then_both_closed(looks: Any) -> None:
    since = 0
    for end in completed(*looks):
        way = np.array(looks[since : end + 1])
        opened = (way >= OPEN).all(axis=1)
        assert opened.any()
        assert (way[-1] <= CLOSED).all()
        since = end + 1


PERIOD_S = 0.1
AWAY, BACK = 0.5, 0.1


def ended(*looks: Any) -> list[int]:
    """At which looks, ten a second, the end gesture was complete: (grippers, farthest joint)."""
    gesture = EndGesture()
    return [
        n
        for n, (grippers, farthest) in enumerate(looks)
        if gesture.update(np.array(grippers, float), np.array([0.0, farthest]), PERIOD_S)
    ]


def test_closed_for_a_second_back_at_the_start_ends_it_once() -> None:
    away, back = ([1, 1], AWAY), ([0, 0], BACK)
    assert ended(away, *[back] * 30) == [10]


def test_an_episode_that_has_just_begun_is_not_ended_by_the_gesture_that_began_it() -> None:
    assert ended(*[([0, 0], BACK)] * 50) == []


@pytest.mark.parametrize(
    "break_",
    [
        ([0, 1], BACK),  # one gripper opens
        ([0, 0], NEAR_RAD + 0.01),  # an arm moves off
        ([0, math.nan], BACK),  # one cannot be read
        ([0, 0], math.nan),
    ],
)
def test_the_second_is_whole(break_: Any) -> None:
    away, back = ([0, 0], AWAY), ([0, 0], BACK)
    assert ended(away, *[back] * 9, break_, *[back] * 9) == []
    assert ended(away, *[back] * 9, break_, *[back] * 10) == [20]


def test_grippers_that_stay_closed_far_from_the_start_end_nothing() -> None:
    assert ended(*[([0, 0], AWAY)] * 50) == []


def test_without_arms_nothing_ends() -> None:
    gesture = EndGesture(left=True)
    assert not any(gesture.update(np.array([]), np.array([]), 1.0) for _ in range(5))


@given(
    st.lists(
        st.tuples(st.tuples(shares, shares), st.floats(-1, 1) | st.just(math.nan)), max_size=80
    )
)
def test_before_every_end_the_arms_were_away_and_then_a_second_back(looks: Any) -> None:
    since = 0
    for end in ended(*looks):
        assert any(abs(away) > NEAR_RAD for _, away in looks[since : end - 9])
        for grippers, away in looks[end - 9 : end + 1]:
            assert max(grippers) <= CLOSED
            assert abs(away) <= NEAR_RAD
        since = end + 1
