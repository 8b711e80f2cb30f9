"""Edits on the wire, the inbox that takes them, and the count of those that are done."""

import json
import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.edit_ledger import EditLedger
from recorder.edits import MAX_BYTES, Discard, Edit, EditError, Label, Note, Restore, decode, encode
from recorder.folder.numbering import MAX_NUMBER
from recorder.inbox import MOST_AT_ONCE, Inbox

serials = st.integers(1, 2**63 - 1)
numbers = st.integers(0, MAX_NUMBER - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=400)
edits = st.one_of(
    st.builds(Label, serials, numbers, st.sampled_from(["success", "failure"]), texts),
    st.builds(Note, serials, numbers, texts),
    st.builds(Discard, serials, numbers),
    st.builds(Restore, serials, numbers),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
fields = st.sampled_from(["edit", "serial", "episode", "outcome", "reason", "text"])
kinds = st.sampled_from(["label", "note", "discard", "restore"])


@given(edits)
def test_there_and_back(edit: Edit) -> None:
    assert decode(encode(edit)) == edit


@given(st.one_of(st.binary(), anything.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_an_edit_or_refused(datagram: bytes) -> None:
    with pytest.raises(EditError, match="Not an edit"):
        decode(datagram)


@given(st.dictionaries(fields, anything), kinds)
def test_any_fields_are_an_edit_that_can_be_told_or_refused(
    table: dict[str, object], kind: str
) -> None:
    try:
        edit = decode(json.dumps({**table, "edit": kind}).encode())
    except EditError:
        return
    assert decode(encode(edit)) == edit
    assert 0 < edit.serial < 2**63
    assert 0 <= edit.episode < MAX_NUMBER


@pytest.mark.parametrize(
    "wrong",
    [
        {"serial": 2**63},
        {"serial": 0},
        {"episode": -1},
        {"episode": MAX_NUMBER},
        {"text": "\ud800"},
        {"text": None},
        {"more": 1},
    ],
)
def test_what_nobody_could_carry_out_is_refused(wrong: dict[str, object]) -> None:
    table = {"edit": "note", "serial": 1, "episode": 0, "text": "x"}
    assert decode(json.dumps(table).encode()) == Note(1, 0, "x")
    with pytest.raises(EditError):
        decode(json.dumps({**table, **wrong}).encode())


def test_a_label_that_is_none_is_refused() -> None:
    with pytest.raises(EditError, match="outcome must be one of"):
        decode(
            encode(Discard(1, 2)).replace(b"discard", b"label").replace(b"}", b', "outcome":"x"}')
        )


def test_the_inbox_never_waits_and_goes_on_after_garbage() -> None:
    said: list[str] = []
    session, recorder = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    inbox = Inbox(recorder.detach(), said.append)
    assert inbox.new() == []
    wanted = [Note(number + 1, 0, "x") for number in range(MOST_AT_ONCE + 3)]
    session.send(b"{garbage")
    session.send(b"[" * 2 * MAX_BYTES)
    for edit in wanted:
        session.send(encode(edit))
    got = inbox.new()
    assert len(got) == MOST_AT_ONCE - 2
    assert [*got, *inbox.new()] == wanted
    assert [text[:11] for text in said] == ["Not an edit", "Not an edit"]
    session.send(encode(wanted[0]))
    session.close()
    assert inbox.new() == wanted[:1]
    assert inbox.new() == inbox.new() == []
    inbox.close()


def test_without_a_socket_nothing_comes() -> None:
    inbox = Inbox(None, print)
    assert inbox.new() == []
    inbox.close()


def test_done_counts_up_to_the_first_that_is_open() -> None:
    ledger = EditLedger()
    assert ledger.done == 0
    for serial in (3, 4, 5):
        ledger.receive(serial)
    assert ledger.done == 2
    ledger.settle(4)
    assert ledger.done == 2
    ledger.settle(3)
    assert ledger.done == 4
    ledger.settle(5)
    assert ledger.done == 5
    ledger.receive(4)  # once more, as after the death of a recorder
    assert ledger.done == 3
    ledger.settle(4)
    assert ledger.done == 5


def test_an_edit_may_be_as_long_as_a_note_of_the_longest_letters() -> None:
    longest = Note(2**63 - 1, MAX_NUMBER - 1, "\U0001f600" * 400)
    assert len(encode(longest)) <= MAX_BYTES
    assert decode(encode(replace(longest, text="\U0001f600"))).episode == MAX_NUMBER - 1
