"""Held keys, pasted text and slips: what of them is done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session.keys import KeysConfig
from tui.keymap import Action, Keymap
from tui.presses import AGAIN_S, JUST_STOPPED, QUIET_S, REPEAT_S, SEEN_S, TAP_S, Presses

DESTROYS = (Action.DISCARD, Action.REDO, Action.REST)
ACTIONS = st.sampled_from(list(Action))
TIMES = st.lists(st.tuples(ACTIONS, st.floats(0.0, 3.0)), max_size=40)


def presses() -> Presses:
    return Presses(Keymap())


def test_a_held_key_acts_once() -> None:
    operator = presses()
    acted = [operator.press(Action.GO_ON, 0.03 * n).act for n in range(100)]
    assert acted == [True] + [False] * 99
    assert operator.press(Action.GO_ON, 3.0 + REPEAT_S).act


def test_a_pause_key_that_is_held_pauses_once() -> None:
    operator = presses()
    times = (0.0, *(0.66 + 0.03 * n for n in range(50)))
    assert [operator.press(Action.PAUSE, at_s).act for at_s in times] == [True] + [False] * 50


def test_hold_always_acts() -> None:
    operator = presses()
    assert all(operator.press(Action.HOLD, 0.01 * n).act for n in range(50))


@pytest.mark.parametrize("action", DESTROYS)
def test_what_destroys_is_asked_about_first(action: Action) -> None:
    operator = presses()
    first = operator.press(action, 0.0, 12)
    assert not first.act
    assert first.notice.startswith(f"Press {Keymap().word(action)} again to ")
    assert not operator.press(action, 0.2, 12).act  # as fast as a finger is
    assert operator.due(0.2 + QUIET_S / 2) is None
    assert operator.due(0.21 + QUIET_S) is action
    assert operator.due(5.0) is None  # once
    assert operator.press(action, 1.6, 12).notice  # the next one is asked about again


def test_the_question_names_key_and_episode() -> None:
    assert presses().press(Action.DISCARD, 0.0, 12).notice == "Press d again to discard episode 12."
    pedal = Presses(Keymap(KeysConfig(redo=("f5",))))
    notice = pedal.press(Action.REDO, 0.0).notice
    assert notice == "Press F5 again to record the episode again."


def test_too_late_or_after_something_else_it_is_asked_anew() -> None:
    operator = presses()
    operator.press(Action.DISCARD, 0.0)
    assert operator.press(Action.DISCARD, AGAIN_S + 0.1).notice
    operator.press(Action.HOLD, 2.5)
    assert operator.press(Action.DISCARD, 3.0).notice


def test_the_second_press_is_about_the_same_episode() -> None:
    operator = presses()
    operator.press(Action.DISCARD, 0.0, 12)
    assert "episode 13" in operator.press(Action.DISCARD, 1.0, 13).notice  # it has just begun
    operator.press(Action.REST, 3.0, 13)
    operator.press(Action.REST, 4.0, 14)  # is about no episode
    assert operator.due(5.0) is Action.REST


def test_a_key_on_its_way_when_the_arms_stop_does_not_send_them_on() -> None:
    operator = presses()
    operator.see(False, 0.0)
    operator.see(True, 5.0)
    assert operator.press(Action.GO_ON, 5.1).notice == JUST_STOPPED
    operator.see(True, 5.2)
    assert operator.press(Action.GO_ON, 5.1 + REPEAT_S + SEEN_S).act
    operator.see(False, 7.0)
    assert operator.press(Action.GO_ON, 7.0).act


def test_a_key_that_is_held_down_confirms_nothing() -> None:
    for first_s in (0.2, 0.5, 0.66):  # after which a terminal begins to repeat
        for every_s in (0.03, 0.1):
            operator = presses()
            for at_s in (0.0, *(first_s + every_s * n for n in range(100))):
                assert operator.due(at_s) is None
                assert not operator.press(Action.DISCARD, at_s).act
            assert operator.due(at_s + 1.0) is None


@given(TIMES)
def test_no_sequence_of_presses_destroys_by_chance(sequence: list[tuple[Action, float]]) -> None:
    """Whatever destroys was asked for by two presses in a row, far enough apart and near enough."""
    operator, now_s = presses(), 0.0
    history: list[tuple[Action, float]] = []
    for action, wait_s in sequence:
        now_s += wait_s
        if (destroyed := operator.due(now_s)) is not None:
            (first, first_s), (second, second_s) = history[-2:]
            assert first is second is destroyed
            assert TAP_S <= second_s - first_s <= AGAIN_S
            assert now_s - second_s >= QUIET_S
        done = operator.press(action, now_s)
        assert not (done.act and action in DESTROYS)
        if action is Action.HOLD:
            assert done.act
        assert not (done.act and done.notice)
        history.append((action, now_s))
