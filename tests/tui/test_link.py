"""A display's line to its session, through a real socket."""

import socket
from collections.abc import Iterator

import pytest

from teleop.lockstep import receive, send
from tui.facts.facts import Message
from tui.link import ALIVE_PERIOD_S, GONE, INTERRUPTED, Ended, Link


@pytest.fixture
def ends() -> Iterator[tuple[Link, socket.socket]]:
    """The display's link, and the session's end of its socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(5)
    yield Link(ours), theirs
    ours.close()
    theirs.close()


Ends = tuple[Link, socket.socket]


def test_what_is_asked_arrives_with_its_fields(ends: Ends) -> None:
    link, session = ends
    assert link.ask("end", outcome="success", text="clean")
    assert receive(session) == {"op": "end", "outcome": "success", "text": "clean"}


def test_messages_are_heard_in_order_and_silence_is_none(ends: Ends) -> None:
    link, session = ends
    assert link.hear() is None
    send(session, {"event": "log", "level": "warning", "text": "Hot.", "time": "12:00:01"})
    send(session, {"event": "log", "level": "info", "text": "Cool."})
    assert link.hear() == Message("Hot.", "warning", "12:00:01")
    second = link.hear()
    assert isinstance(second, Message)
    assert (second.text, len(second.time)) == ("Cool.", 8)
    assert link.hear() is None
    assert not link.gone


def test_the_last_words_end_it(ends: Ends) -> None:
    link, session = ends
    send(session, {"event": "ended", "status": 0, "text": "Saved 3 episodes."})
    assert link.hear() == Ended(0, "Saved 3 episodes.")
    assert link.gone
    assert link.hear() is None


@pytest.mark.parametrize("last", [b"", b"not json", b'{"event": "ended"}'])
def test_a_session_that_dies_or_talks_nonsense_has_ended(ends: Ends, last: bytes) -> None:
    link, session = ends
    if last:
        session.send(last)
    else:
        session.close()
    assert link.hear() == Ended(1, GONE)
    assert link.gone
    link.ask("hold")  # which tells nobody, and breaks nothing


def test_ctrl_c_once_ends_in_order_and_twice_at_once(ends: Ends) -> None:
    link, session = ends
    assert "Ctrl-C again" in link.interrupt()
    assert "holding" in link.interrupt()
    assert [receive(session)["op"], receive(session)["op"]] == ["stop", "quit"]
    send(session, {"event": "ended", "status": 0, "text": ""})
    assert link.hear() == Ended(INTERRUPTED, "")


def test_a_fault_matters_more_than_ctrl_c(ends: Ends) -> None:
    link, session = ends
    link.interrupt()
    send(session, {"event": "ended", "status": 1, "text": "broken"})
    assert link.hear() == Ended(1, "broken")


def test_alive_is_said_now_and_then(ends: Ends) -> None:
    link, session = ends
    for tenth in range(int(2 * ALIVE_PERIOD_S * 10) + 1):
        link.say_alive(100.0 + tenth / 10)
    session.settimeout(0)
    for _ in range(3):
        assert receive(session) == {"op": "alive"}
    with pytest.raises(BlockingIOError):
        session.recv(100)


def test_a_session_that_does_not_listen_makes_nobody_wait(ends: Ends) -> None:
    link, _ = ends
    sent = [link.ask("hold") for _ in range(5000)]
    assert sent[0]
    assert not sent[-1]
