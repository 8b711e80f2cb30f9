"""What clients may ask, and what becomes of nonsense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session.errors import RequestError
from session.requests import MAX_TEXT, OPERATIONS, Request, request_of
from teleop.tick import Outcome


def test_a_request_is_taken_as_it_is_meant() -> None:
    asked = request_of({"op": "label", "outcome": "success", "text": " in\none \x1b[31m go "})
    assert asked == Request("label", Outcome.SUCCESS, "in one [31m go")
    assert request_of({"op": "go_on"}) == Request("go_on")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, "Unknown request 'None'"),
        ({"op": "discrad"}, "Did you mean 'discard'"),
        ({"op": "label", "outcome": "great"}, "success, failure or unlabelled"),
        ({"op": "note", "text": "\n\t"}, "A note without words"),
        ({"op": "discard", "episode": "7"}, "episode must be a number"),
        ({"op": "discard", "episode": True}, "episode must be a number"),
    ],
)
def test_nonsense_is_answered(message: dict[str, object], why: str) -> None:
    with pytest.raises(RequestError, match=why):
        request_of(message)


anything = st.none() | st.integers() | st.text() | st.lists(st.text())


@given(
    st.fixed_dictionaries(
        {"op": st.sampled_from(OPERATIONS) | anything},
        optional={
            "outcome": st.sampled_from(["success", "FAILURE"]) | anything,
            "text": anything,
            "episode": anything,
        },
    )
)
def test_any_message_is_a_request_or_refused(message: dict[str, object]) -> None:
    try:
        request = request_of(message)
    except RequestError:
        return
    assert request.op in OPERATIONS
    assert len(request.text) <= MAX_TEXT
    assert request.text.isprintable()
