"""Commands to control survive their socket, and nothing else passes as one."""

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.commands import (
    MAX_BYTES,
    Command,
    CommandError,
    Hold,
    Home,
    Quit,
    Recover,
    Rest,
    Start,
    Stop,
    decode,
    encode,
    pending,
)
from teleop.tick import NO_EPISODE, Outcome

ALL: list[Command] = [
    Start(7, 1400),
    Start(NO_EPISODE, 0),
    Stop(Outcome.SUCCESS),
    Home(),
    Hold("why"),
    Recover(),
    Rest(),
    Quit(),
]


def test_every_command_crosses_the_socket_in_order() -> None:
    session, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with session, control:
        assert list(pending(control)) == []
        for command in ALL:
            session.send(encode(command))
        assert list(pending(control)) == ALL
        session.close()
        with pytest.raises(ConnectionError):
            list(pending(control))


@given(
    st.text(st.characters(exclude_categories=()))
    | st.sampled_from("x\U0001f600\udcff\n").map(lambda character: character * 10_000)
)
def test_an_order_to_hold_arrives_whatever_its_reason(reason: str) -> None:
    sent = Hold(reason)
    assert len(encode(sent)) <= MAX_BYTES
    assert decode(encode(sent)) == sent
    assert sent.reason.encode().decode()[:1] == reason[:1].encode(errors="replace").decode()


@given(st.binary(max_size=200))
def test_bytes_are_a_command_or_an_error(datagram: bytes) -> None:
    with contextlib.suppress(CommandError):
        assert isinstance(decode(datagram), Command)


@pytest.mark.parametrize(
    "datagram",
    [b"[]", b'{"command": "start"}', b'{"command": "stop", "outcome": 9}', b'{"command": 3}'],
)
def test_malformed_commands_are_refused(datagram: bytes) -> None:
    with pytest.raises(CommandError, match="Not a command"):
        decode(datagram)
