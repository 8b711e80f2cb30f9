"""Which readings are believed, as a sequence of ticks tells."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.plausible import IMPOSSIBLE_RAD, UNSEEN_RAD_PER_TICK, believable

JUMP_RAD = 0.5
angles = st.floats(-math.pi, math.pi)
steps = st.floats(-0.49, 0.49)
"""24 rad/s at 50 Hz: faster than any hand."""


def is_believed(now_rad: float, last_rad: float, unseen_ticks: int = 0) -> Any:
    unseen = np.array([unseen_ticks])
    return believable(np.array([now_rad]), np.array([last_rad]), unseen, JUMP_RAD)[0]


def walk(start: float, by: Any) -> Any:
    """Angles that a joint between its ends goes through, one a tick."""
    way = [start]
    for step in by:
        way.append(float(np.clip(way[-1] + step, -math.pi, math.pi)))
    return way


@given(angles, st.lists(steps, max_size=50))
def test_a_fast_smooth_motion_is_always_believed(start: Any, by: Any) -> None:
    way = walk(start, by)
    assert all(is_believed(now, last) for last, now in itertools.pairwise(way))


@given(angles, st.lists(steps, min_size=1, max_size=30), st.data())
def test_a_single_glitch_never_passes_and_costs_only_itself(start: Any, by: Any, data: Any) -> None:
    way = walk(start, by)
    at = data.draw(st.integers(1, len(way) - 1))
    last = way[at - 1]
    away = st.floats(-100, 100).filter(lambda glitch: abs(glitch - last) > JUMP_RAD)
    glitch = data.draw(away | st.sampled_from([math.nan, math.inf, -math.inf]))
    assert not is_believed(glitch, last)
    if abs(way[at] - last) <= JUMP_RAD:  # the joint was there all the time
        assert is_believed(way[at], last)


@given(angles, st.integers(0, 100), st.data())
def test_ticks_without_an_answer_widen_what_is_believed(last: Any, unseen: Any, data: Any) -> None:
    """A hand goes on while a reply is lost: as far as 10 rad/s, and no farther."""
    reach = JUMP_RAD + UNSEEN_RAD_PER_TICK * unseen
    inside = reach - 1e-6
    within = max(-IMPOSSIBLE_RAD, last - inside), min(IMPOSSIBLE_RAD, last + inside)
    assert is_believed(data.draw(st.floats(*within)), last, unseen)
    beyond = last + math.copysign(reach + 1e-6, data.draw(st.sampled_from([-1, 1])))
    assert not is_believed(beyond, last, unseen)
    assert is_believed(beyond, last, unseen + 1) == (abs(beyond) <= IMPOSSIBLE_RAD)


@given(st.floats(), st.integers(0, 1000))
def test_nothing_impossible_is_ever_believed_not_even_first(angle: Any, unseen: Any) -> None:
    possible = abs(angle) <= 2 * math.pi
    assert is_believed(angle, math.nan, unseen) == possible
    assert possible or not is_believed(angle, 0.0, unseen)


@given(st.lists(st.tuples(angles, angles), min_size=9, max_size=9))
def test_each_servo_is_judged_by_itself(pairs: Any) -> None:
    now, last = np.array(pairs).T
    unseen = np.zeros(9, np.int64)
    together = believable(now, last, unseen, JUMP_RAD)
    assert together.tolist() == [is_believed(*pair) for pair in pairs]


@pytest.mark.parametrize("jump_rad", [0.1, 0.5, 2.0])
def test_the_rig_file_says_what_a_jump_is(jump_rad: float) -> None:
    now, last, unseen = np.array([0.3]), np.zeros(1), np.zeros(1, np.int64)
    assert believable(now, last, unseen, jump_rad).tolist() == [jump_rad >= 0.3]
