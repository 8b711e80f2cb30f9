from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.commands import Hold, Home, Quit, Rest, Start, Stop
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


@pytest.mark.parametrize(
    ("flow", "command", "why"),
    [
        (Flow(), Start(1, 5), "checking"),
        (following(), Start(1, 5), "following"),
        (waiting(), Start(-1, 5), "cannot be"),
        (waiting(), Start(1, 0), "cannot be"),
        (waiting(), Stop(Outcome.SUCCESS), "no episode"),
        (following(), Home(), "hold first"),
    ],
)
def test_refusals_change_nothing(flow: Any, command: Any, why: Any) -> None:
    before = str(flow)
    assert why in flow.obey(command)
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
    st.builds(Start, st.integers(-1, 5), st.integers(0, 3)),
    st.builds(Stop, st.sampled_from(Outcome)),
    st.sampled_from([Home(), Hold("x"), Rest(), Quit()]),
)
happenings = st.sampled_from(["tick_done", "arrived", "fault", "stop", "lose"])


@given(st.lists(commands | happenings, max_size=40))
def test_only_following_records(sequence: Any) -> None:
    flow = Flow()
    flow.checked()
    for each in sequence:
        getattr(flow, each)() if isinstance(each, str) else flow.obey(each)
        assert flow.recording == (flow.episode != NO_EPISODE) == (flow.step >= 0)
        assert not (flow.recording and flow.state is not State.FOLLOWING)
        assert flow.recording or flow.state is not State.FOLLOWING or flow.ending is not None
