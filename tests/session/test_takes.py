"""What becomes of takes: by the recorder's word, and by the operator's."""

from typing import Any

import numpy as np
import pytest

from recorder.edits import Discard, Edit, Label, Note, Restore
from recorder.status import NONE, SAVED_DTYPE, Change, Verdict
from session.bookkeeping import Bookkeeping
from session.countdown import Countdown
from session.edits import Edits
from session.requests import Request
from session.status import TakeState
from session.takes import Cause, Takes
from session.wishes import Wishes
from teleop.tick import Outcome

SUCCESS, FAILURE, UNLABELLED = Outcome.SUCCESS, Outcome.FAILURE, Outcome.UNLABELLED


class Desk:
    """Takes with everything that changes them; the recorder is whoever calls `told`."""

    def __init__(self, strict: bool = True, done: int = 0) -> None:
        self.lines: list[str] = []
        self.sent: list[Edit] = []
        self.listens = True
        self.takes = Takes(strict, done)
        self.edits = Edits(self._send)
        self.countdown = Countdown(10.0)
        self.wishes = Wishes(self.takes, self.edits, self.countdown, self._log)
        self.books = Bookkeeping(self.takes, self.edits, self._log)

    def _send(self, edit: Edit) -> bool:
        if self.listens:
            self.sent.append(edit)
        return self.listens

    def _log(self, text: str, level: str) -> None:
        self.lines.append(text)

    def ask(
        self,
        op: str,
        outcome: Outcome = UNLABELLED,
        text: str = "",
        episode: int | None = None,
    ) -> None:
        self.wishes.hear(Request(op, outcome, text, episode))

    def record(self, episode: int, cause: Cause = Cause.DONE) -> None:
        self.takes.begin(episode)
        self.end(cause)

    def end(self, cause: Cause = Cause.DONE) -> None:
        self.wishes.take_up(self.takes.end(UNLABELLED, cause))

    def told(self, episode: int, change: Change, edit: int = NONE, **fields: Any) -> None:
        record = np.zeros((), SAVED_DTYPE)
        values = {"episode": episode, "change": change, "edit": edit, **fields}
        for name, value in values.items():
            record[name] = value
        self.books.take_in([record])

    @property
    def states(self) -> list[TakeState]:
        return [take.state for take in self.takes.all()]


def test_a_take_counts_until_its_verdict_says_otherwise() -> None:
    desk = Desk()
    desk.record(7)
    assert desk.states == [TakeState.SAVING]
    assert desk.takes.accepted == 1
    desk.told(7, Change.SAVED, verdict=Verdict.REJECT, reason=b"too_short: The episode is short.")
    assert desk.states == [TakeState.REJECTED]
    assert desk.takes.accepted == 0
    assert desk.lines == [
        "Episode 7 is rejected (too_short: The episode is short), not counted: the next take "
        "records it again; accept counts it all the same."
    ]
    desk.ask("accept")
    assert desk.states == [TakeState.ACCEPTED]
    assert desk.takes.accepted == 1


def test_where_nobody_works_the_rig_every_take_that_is_over_counts() -> None:
    desk = Desk(strict=False)
    desk.record(0, Cause.FAULT)
    desk.record(1)
    desk.told(1, Change.SAVED, verdict=Verdict.REJECT)
    desk.record(2, Cause.STOPPED)
    desk.record(3, Cause.LEFT)  # but for one that the end of the session has cut short
    assert desk.takes.accepted == 3
    assert desk.lines == []
    assert desk.takes.faults == 1


@pytest.mark.parametrize("cause", [Cause.FAULT, Cause.STOPPED, Cause.UNWATCHED, Cause.RECORDER])
def test_a_take_that_was_not_done_counts_if_the_operator_says_so(cause: Cause) -> None:
    desk = Desk(done=3)
    desk.record(0, cause)
    desk.told(0, Change.SAVED, verdict=Verdict.OK)
    take = desk.takes.last
    assert take is not None
    assert (take.state, take.reason) == (TakeState.REJECTED, cause.value)
    assert desk.takes.accepted == 3
    desk.ask("accept")
    assert desk.takes.accepted == 4


def test_what_was_discarded_comes_back_as_what_it_was() -> None:
    desk = Desk()
    desk.record(0)
    desk.told(0, Change.SAVED)
    desk.record(1, Cause.FAULT)
    desk.told(1, Change.SAVED)
    for op in ("discard", "undo", "undo"):
        desk.ask(op)
    assert desk.states == [TakeState.ACCEPTED, TakeState.REJECTED]
    assert desk.sent == [Discard(1, 1), Restore(2, 1)]
    assert desk.lines[-1] == "Nothing to undo."


def test_what_the_recorder_refuses_is_as_it_was() -> None:
    desk = Desk()
    desk.record(0)
    desk.told(0, Change.SAVED, outcome=FAILURE)
    desk.ask("discard")
    desk.told(0, Change.REFUSED, edit=1, reason=b"The disk is full.")
    assert desk.states == [TakeState.ACCEPTED]
    desk.ask("label", SUCCESS, "well done")
    desk.told(0, Change.REFUSED, edit=2)
    take = desk.takes.last
    assert take is not None
    assert (take.outcome, take.label) == (FAILURE, "")


def test_an_episode_that_is_ended_early_gets_its_label_and_its_reason() -> None:
    desk = Desk()
    desk.takes.begin(4)
    desk.ask("note", text="a fly")
    desk.ask("end", FAILURE, "dropped")
    assert desk.wishes.early == Request("end", FAILURE, "dropped")
    assert desk.sent == [Note(1, 4, "a fly")]
    desk.end()
    assert desk.wishes.early is None
    assert desk.sent[1:] == [Label(2, 4, "failure", "dropped")]
    assert desk.states == [TakeState.SAVING]


def test_recording_again_waits_for_nothing() -> None:
    desk = Desk()
    desk.takes.begin(0)
    desk.ask("pause")
    desk.ask("redo")
    desk.countdown.begin()
    desk.end()
    assert desk.states == [TakeState.DISCARDED]
    assert not desk.wishes.pausing
    desk.record(1)
    desk.countdown.begin()
    desk.ask("redo")
    assert desk.countdown.until_ns == 0
    assert desk.sent == [Discard(1, 0), Discard(2, 1)]


@pytest.mark.parametrize(
    ("op", "said"),
    [
        ("discard", "Nothing to discard."),
        ("redo", "Nothing to discard."),
        ("undo", "Nothing to undo."),
        ("label", "Nothing to label."),
        ("end", "Nothing to end: no episode is being recorded."),
        ("accept", "Nothing to accept: no take was rejected."),
        ("note", "Nothing to note: no such episode was recorded yet."),
    ],
)
def test_what_cannot_be_done_is_answered(op: str, said: str) -> None:
    desk = Desk()
    desk.ask(op)
    assert desk.lines == [said]
    assert desk.sent == []


def test_a_label_that_comes_just_after_the_end_is_one_all_the_same() -> None:
    desk = Desk()
    desk.record(0)
    desk.ask("end", SUCCESS)
    assert desk.sent == [Label(1, 0, "success", "")]
    assert desk.takes.successes == 1


def test_the_file_of_a_take_that_was_cut_short_says_that_it_does_not_count() -> None:
    desk = Desk()
    desk.record(3, Cause.UNWATCHED)
    desk.books.mark(desk.takes.all()[0])
    assert desk.sent == [Label(1, 3, "unlabelled", "not counted: no terminal was watching")]
    desk.told(3, Change.SAVED)
    desk.ask("label", FAILURE)
    assert desk.sent[-1] == Label(2, 3, "failure", "not counted: no terminal was watching")
    desk.ask("accept")
    assert desk.sent[-1] == Label(3, 3, "failure", "")


def test_a_wish_about_one_take_never_hits_the_next_that_has_begun_meanwhile() -> None:
    desk = Desk()
    desk.record(0)
    desk.takes.begin(1)
    desk.ask("label", FAILURE, "it slipped", episode=0)
    desk.ask("note", text="a fly", episode=0)
    desk.ask("discard", episode=0)
    assert desk.sent == [Label(1, 0, "failure", "it slipped"), Note(2, 0, "a fly"), Discard(3, 0)]
    assert desk.wishes.early is None
    assert desk.states == [TakeState.DISCARDED, TakeState.RECORDING]
    desk.ask("label", SUCCESS)  # of the last one that is over, which is in the trash
    assert desk.lines[-1] == "Nothing to label."
    desk.ask("redo", episode=1)
    assert desk.wishes.early == Request("redo", episode=1)
    desk.ask("discard", episode=5)
    assert desk.lines[-1] == "Nothing to discard."


def test_a_take_without_a_file_is_neither_accepted_nor_found_in_the_trash() -> None:
    desk = Desk()
    desk.record(0, Cause.STOPPED)
    desk.ask("accept")
    assert desk.lines[-1] == "Episode 0 is not saved yet: wait for that."
    desk.ask("discard")
    desk.ask("undo")
    desk.told(0, Change.REFUSED, edit=1)
    desk.told(0, Change.REFUSED, edit=2)
    assert desk.states == [TakeState.REJECTED]
    desk.told(0, Change.SAVED)
    desk.ask("accept")
    assert desk.takes.accepted == 1


def test_the_last_discard_is_undone_first_whichever_take_it_was() -> None:
    desk = Desk()
    for episode in range(3):
        desk.record(episode)
        desk.told(episode, Change.SAVED)
    desk.ask("discard", episode=2)
    desk.ask("discard", episode=0)
    desk.ask("undo")
    assert desk.sent[-1] == Restore(3, 0)
    desk.ask("undo")
    assert desk.sent[-1] == Restore(4, 2)
    desk.ask("undo")
    assert desk.lines[-1] == "Nothing to undo."


def test_what_is_discarded_while_it_is_recorded_is_not_kept_by_a_later_end() -> None:
    desk = Desk()
    desk.takes.begin(0)
    desk.ask("discard")
    desk.ask("end", SUCCESS)
    desk.end()
    assert desk.states == [TakeState.DISCARDED]


def test_when_the_recorder_has_ended_nothing_is_promised() -> None:
    desk = Desk()
    desk.record(0)
    desk.told(0, Change.SAVED)
    desk.wishes.closed = True
    for op in ("discard", "label", "accept", "undo"):
        desk.ask(op)
        assert desk.lines[-1] == f"The session has ended: {op} is not done any more."
    assert desk.states == [TakeState.ACCEPTED]
    assert desk.sent == []


def test_edits_that_a_dead_recorder_has_not_done_go_to_the_next_in_order() -> None:
    desk = Desk()
    desk.record(0)
    desk.ask("label", SUCCESS)
    desk.ask("note", text="first")
    desk.told(0, Change.LABELLED, edit=1, outcome=SUCCESS)
    desk.listens = False
    desk.ask("discard")
    desk.sent.clear()
    desk.edits.ask_again()
    desk.listens = True
    desk.edits.flush()
    assert desk.sent == [Note(2, 0, "first"), Discard(3, 0)]


def test_what_no_recorder_will_do_any_more_is_told() -> None:
    desk = Desk()
    desk.record(0)
    desk.told(0, Change.SAVED)
    desk.ask("discard")
    desk.books.lose()
    assert desk.states == [TakeState.ACCEPTED]
    assert desk.lines[-1] == "Episode 0: the recorder could not discard it."


def test_a_take_of_which_nothing_could_be_saved_does_not_count() -> None:
    desk = Desk()
    desk.record(0)
    desk.told(0, Change.EMPTY)
    assert desk.states == [TakeState.LOST]
    assert desk.takes.accepted == 0
    desk.takes.begin(1)
    desk.takes.withdraw()
    assert len(desk.takes) == 1
