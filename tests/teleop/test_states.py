from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.commands import Hold, Home, Quit, Recover, Rest, Start, Stop
from teleop.states import Ending, Flow
from teleop.tick import NO_EPISODE, Outcome, State


def waiting() -> Any:
    flow = Flow()
    flow.checked()
    flow.arrived()
    return flow


def following(steps: Any = 100) -> Any:
    flow = waiting()
    assert flow.obey(Start(4, steps)) == ""
    return flow


def test_an_episode() -> None:
    flow = following()
    assert (flow.state, flow.episode, flow.step, flow.recording) == (State.FOLLOWING, 4, 0, True)
    flow.tick_done()
    assert flow.step == 1
    assert flow.obey(Stop(Outcome.SUCCESS)) == ""
    assert (flow.state, flow.last_episode, flow.outcome) == (State.HOLDING, 4, Outcome.SUCCESS)
    assert (flow.episode, flow.step) == (NO_EPISODE, -1)
    assert flow.obey(Home()) == ""
    flow.arrived()
    assert flow.state is State.WAITING


def test_it_ends_by_itself_after_its_last_step() -> None:
    flow = following(steps=2)
    assert flow.tick_done() == ""
    assert "2 steps" in flow.tick_done()
    assert (flow.state, flow.outcome) == (State.HOLDING, Outcome.UNLABELLED)


def test_what_is_played_ends_without_a_word_of_steps() -> None:
    """They are more than the recording has: the followers have to settle."""
    flow = Flow(playing=True)
    flow.checked()
    flow.arrived()
    flow.obey(Start(4, 1))
    assert flow.tick_done() == "Episode 4 is played to its end."


@pytest.mark.parametrize(
    ("flow", "command", "why"),
    [
        (Flow(), Start(1, 5), "checking"),
        (following(), Start(1, 5), "following"),
        (waiting(), Start(-2, 5), "cannot be"),
        (waiting(), Start(1, 0), "cannot be"),
        (waiting(), Stop(Outcome.SUCCESS), "no episode"),
        (following(), Home(), "hold first"),
    ],
)
def test_refusals_change_nothing(flow: Any, command: Any, why: Any) -> None:
    before = str(flow)
    assert why in flow.obey(command)
    assert str(flow) == before


def test_following_without_recording_lasts_until_something_ends_it() -> None:
    flow = waiting()
    assert flow.obey(Start(NO_EPISODE, 0)) == ""
    for _ in range(1000):
        assert flow.tick_done() == ""
    assert (flow.state, flow.recording, flow.idle) == (State.FOLLOWING, False, False)
    assert flow.obey(Stop(Outcome.SUCCESS)) == ""
    assert flow.state is State.HOLDING
    assert (flow.last_episode, flow.outcome) == (NO_EPISODE, Outcome.UNLABELLED)


def test_following_without_recording_keeps_the_last_verdict() -> None:
    flow = following()
    flow.obey(Stop(Outcome.SUCCESS))
    flow.obey(Home())
    flow.arrived()
    flow.obey(Start(NO_EPISODE, 0))
    flow.fault()
    assert (flow.last_episode, flow.outcome) == (4, Outcome.SUCCESS)


def test_recovering_changes_no_state() -> None:
    for flow in (Flow(), waiting(), following()):
        before = str(flow)
        assert flow.obey(Recover()) == ""
        assert str(flow) == before


@pytest.mark.parametrize("command", [Hold("key"), Rest(), Quit()])
def test_whatever_ends_an_episode_early_leaves_it_unlabelled(command: Any) -> None:
    flow = following()
    flow.obey(command)
    assert (flow.last_episode, flow.outcome, flow.recording) == (4, Outcome.UNLABELLED, False)


def test_stopping_holds_then_rests_then_ends() -> None:
    flow = following()
    flow.stop()
    flow.stop()
    assert flow.state is State.HOLDING
    assert "stopping" in flow.obey(Home())
    flow.tick_done()
    flow.stop()
    assert flow.state is State.RESTING
    flow.arrived()
    assert flow.ending is Ending.RESTED


def test_a_fault_on_the_way_to_rest_ends_holding() -> None:
    flow = waiting()
    flow.obey(Rest())
    flow.stop()
    flow.fault()
    assert (flow.state, flow.ending) == (State.HOLDING, Ending.FAULT)


commands = st.one_of(
    st.builds(Start, st.integers(-2, 5), st.integers(0, 3)),
    st.builds(Stop, st.sampled_from(Outcome)),
    st.sampled_from([Home(), Hold("x"), Recover(), Rest(), Quit()]),
)
happenings = st.sampled_from(["tick_done", "arrived", "fault", "stop", "lose"])
sequences = st.lists(commands | happenings, max_size=40)


def played(sequence: Any) -> Any:
    """Each thing that happened, with the state before it and the flow after it."""
    flow = Flow()
    flow.checked()
    for each in sequence:
        before = flow.state
        said = getattr(flow, each)() if isinstance(each, str) else flow.obey(each)
        yield each, before, said or "", flow
        if flow.ending is not None:  # the loop ends with it
            return


@given(sequences)
def test_only_following_records(sequence: Any) -> None:
    for _, _, _, flow in played(sequence):
        assert flow.recording == (flow.episode != NO_EPISODE) == (flow.step >= 0)
        assert not (flow.recording and flow.state is not State.FOLLOWING) or flow.ending


@given(sequences)
def test_following_begins_only_by_start_while_waiting(sequence: Any) -> None:
    for each, before, said, flow in played(sequence):
        if flow.state is State.FOLLOWING and before is not State.FOLLOWING:
            assert isinstance(each, Start)
            assert before is State.WAITING
            assert not said
            assert flow.episode == each.episode


@given(sequences)
def test_waiting_is_reached_only_by_homing(sequence: Any) -> None:
    for _, before, _, flow in played(sequence):
        if flow.state is State.WAITING:
            assert before in (State.WAITING, State.HOMING)


@given(sequences)
def test_what_is_refused_changes_nothing(sequence: Any) -> None:
    flow = Flow()
    flow.checked()
    for each in sequence:
        before = str(flow)
        if isinstance(each, str):
            getattr(flow, each)()
        elif flow.obey(each):
            assert str(flow) == before


@given(sequences)
def test_a_fault_holds_whatever_was_going_on(sequence: Any) -> None:
    for each, _, _, flow in played([*sequence, "fault"]):
        if each == "fault":
            assert flow.state is State.HOLDING
            assert not flow.recording


@given(sequences)
def test_once_stopping_nothing_moves_but_to_rest(sequence: Any) -> None:
    """And whatever happens in between, it ends."""
    flow = None
    for _, before, _, flow in played(sequence):
        if flow.stopping:
            assert flow.state is before or flow.state in (State.HOLDING, State.RESTING)
    if flow is None or flow.ending is not None:
        return
    flow.stop()
    for _ in range(3):
        if flow.ending is None:
            flow.tick_done()
            flow.arrived()
    assert flow.ending is Ending.RESTED


@given(sequences)
def test_arms_let_go_only_where_resting_has_arrived(sequence: Any) -> None:
    for each, before, _, flow in played(sequence):
        if flow.ending is Ending.RESTED:
            assert (each, before) == ("arrived", State.RESTING)
