"""Keys move through an episode as one would expect, and never out of it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.material import Mark
from replay.viewer import state as go
from replay.viewer.go_to import moment_of
from replay.viewer.state import SPEEDS, ZOOMS_S, State
from replay.viewer.timeline import Timeline, timeline_of

EVEN = timeline_of(501, 50, None)
"""10 s."""
GAP = Timeline(np.array([0.0, 0.02, 0.04, 3.0, 3.02]))
"""Steps that were lost: time went on."""
MARKS = (
    Mark(0, 500, "warn", "skew", "all of it"),
    Mark(100, 120, "reject", "stale", "one"),
    Mark(100, 100, "event", "event", "at the same step"),
    Mark(300, 310, "warn", "stale", "two"),
)

moves = st.sampled_from(
    [
        lambda state, line: go.stepped(state, line, 1),
        lambda state, line: go.stepped(state, line, -7),
        lambda state, line: go.moved(state, line, 5.0),
        lambda state, line: go.moved(state, line, -1.0),
        lambda state, line: go.sought(state, line, 1e9),
        lambda state, line: go.gone_to(state, line, -3),
        lambda state, line: go.marked(state, line, MARKS, 1),
        lambda state, line: go.marked(state, line, MARKS, -1),
        lambda state, line: go.toggled(state, line),
        lambda state, line: go.faster(state, 1),
        lambda state, line: go.faster(state, -1),
        lambda state, line: go.with_zoom(state),
        lambda state, line: go.advanced(state, line, 0.35),
    ]
)


@given(st.lists(moves, max_size=40))
def test_whatever_is_pressed_it_stays_within_the_episode(
    pressed: list[Callable[[State, Timeline], State]],
) -> None:
    for line in (EVEN, GAP, Timeline()):
        state = State()
        for press in pressed:
            state = press(state, line)
            assert 0.0 <= state.at_s <= line.end_s or state.mark is not None
            first, last = go.window_of(state, line)
            assert 0 <= first <= line.step_at(state.at_s) <= last <= line.last
            assert state.speed in SPEEDS


@given(st.sampled_from(SPEEDS), st.lists(st.floats(0, 2), max_size=20))
def test_playing_keeps_the_time_however_rarely_it_is_looked_at(
    speed: float, looks: list[float]
) -> None:
    state = State(playing=True, speed=speed)
    for passed_s in looks:
        state = go.advanced(state, EVEN, passed_s)
    assert state.at_s == pytest.approx(min(sum(looks) * speed, EVEN.end_s))
    assert state.playing == (state.at_s < EVEN.end_s)


def test_it_plays_by_the_stamps_in_the_file() -> None:
    state = go.toggled(State(), GAP)
    assert GAP.step_at(go.advanced(state, GAP, 2.9).at_s) == 2
    assert GAP.step_at(go.advanced(state, GAP, 3.01).at_s) == 3
    state = go.advanced(state, GAP, 9.0)
    assert (state.at_s, state.playing) == (3.02, False)
    assert go.toggled(state, GAP).at_s == 0.0  # again, from the beginning


def test_stamps_that_are_no_times_are_replaced_by_the_rate() -> None:
    for seconds in (None, np.array([0.0, 5.0, 4.0]), np.array([1.0, 2.0, 3.0]), np.zeros(3)):
        assert timeline_of(3, 10, seconds).seconds.tolist() == [0.0, 0.1, 0.2]
    assert timeline_of(3, 0, None).end_s == 0.04
    assert timeline_of(0, 50, None).last == 0


def test_a_step_stops_playing_and_a_second_does_not() -> None:
    playing = State(at_s=2.0, playing=True)
    assert go.stepped(playing, EVEN, 1) == State(at_s=2.02)
    assert go.moved(playing, EVEN, -1.0) == State(at_s=1.0, playing=True)


def test_every_mark_has_its_turn_in_both_directions() -> None:
    state, seen = State(), []
    for _ in range(6):
        state = go.marked(state, EVEN, MARKS, 1)
        seen.append(state.mark)
    assert seen == [0, 1, 2, 3, 3, 3]
    back = []
    for _ in range(5):
        state = go.marked(state, EVEN, MARKS, -1)
        back.append((state.mark, EVEN.step_at(state.at_s)))
    assert back == [(2, 100), (1, 100), (0, 0), (0, 0), (0, 0)]
    between = State(at_s=4.0)
    assert go.marked(between, EVEN, MARKS, 1).mark == 3
    assert go.marked(between, EVEN, MARKS, -1).mark == 2
    assert go.marked(between, EVEN, (), 1) is between


def test_cameras_are_gone_through_and_those_that_are_not_there_are_not() -> None:
    state, seen = State(), []
    for _ in range(4):
        state = go.with_next_camera(state, 3)
        seen.append(state.camera)
    assert seen == [0, 1, 2, None]
    assert go.with_camera(state, 3, 3) is state


def test_another_episode_is_looked_at_in_the_same_way() -> None:
    state = State(3.0, True, 2.0, joint=12, layout=1, zoom=2, camera=3, mark=1)
    assert go.entered(state, 14, 4) == State(0.0, False, 2.0, 12, 1, 2, 3)
    assert go.entered(state, 7, 2) == State(0.0, False, 2.0, 6, 1, 2, None)
    assert go.entered(state, 0, 0).joint == 0


def test_a_plot_around_the_position_moves_with_it_up_to_the_ends() -> None:
    zoom = ZOOMS_S.index(4.0)
    windows = [go.window_of(State(at_s=at_s, zoom=zoom), EVEN) for at_s in (0.0, 5.0, 10.0)]
    assert windows == [(0, 200), (150, 350), (300, 500)]


@pytest.mark.parametrize(
    ("text", "at_s"),
    [
        ("250", 5.0),
        ("99999", math.inf),
        ("2.5", 2.5),
        ("12 s", 12.0),
        (".5s", 0.5),
        ("1:05", 65.0),
        ("0:02.5", 2.5),
        *((wrong, None) for wrong in ("", ".", "s", "-3", "1e3", "nan", "x", "1:2:3", "²")),
    ],
)
def test_a_step_or_a_time_can_be_written(text: str, at_s: float | None) -> None:
    assert moment_of(text, EVEN) == at_s


@given(st.text(max_size=20))
def test_whatever_is_written_is_a_moment_or_none(text: str) -> None:
    at_s = moment_of(text, EVEN)
    assert at_s is None or at_s >= 0.0
