"""What the operator asks about takes: carried out at once, and answered with a line."""

from collections.abc import Callable
from typing import Final

from recorder.edits import Discard, Label, Note, Restore
from session.countdown import Countdown
from session.edits import Edits
from session.requests import Request
from session.status import TakeState
from session.takes import Take, Takes

Log = Callable[[str, str], None]
ENDING: Final = ("end", "discard", "redo")
"""Operations that end the episode that is being recorded, unless they are about another one."""
REJECTED: Final = TakeState.REJECTED
GONE: Final = (TakeState.DISCARDED, TakeState.LOST)


class Wishes:
    """Changes takes, and has the recorder change their files. Moves no arm.

    Attributes:
        early: what is to end the episode that is being recorded; None: nothing.
        pausing: the next episode is to wait until the operator goes on.
        closed: the recorder has ended: nothing can be done any more.
    """

    def __init__(self, takes: Takes, edits: Edits, countdown: Countdown, log: Log) -> None:
        self._takes = takes
        self._edits = edits
        self._countdown = countdown
        self._log = log
        self.early: Request | None = None
        self.pausing = False
        self.closed = False
        self._discards = 0

    def hear(self, request: Request) -> None:
        """Do what is asked, or say why not."""
        if request.op == "redo":
            self._hurry()
        if self.closed:
            return self._say(f"The session has ended: {request.op} is not done any more.")
        if request.op in ENDING and self._is_about_the_open_one(request):
            if self.early is None or self.early.op == "end":  # what was discarded stays so
                self.early = request
            return
        match request.op:
            case "end" | "label":
                self._label(request)
            case "discard" | "redo":
                self._discard(request)
            case "undo":
                self._undo()
            case "accept":
                self._accept()
            case "note":
                self._note(request)
            case "pause":
                self._pause()

    def take_up(self, take: Take) -> None:
        """The take is over: what it was ended for is done to it."""
        early, self.early = self.early, None
        if early is None:
            return
        if early.op == "redo":
            self._hurry()
        if early.op in ("discard", "redo"):
            self._discard(early)
        elif early.text or take.outcome is not early.outcome:
            self._label(early)

    def _is_about_the_open_one(self, request: Request) -> bool:
        open_ = self._takes.open
        return open_ is not None and request.episode in (None, open_.episode)

    def _take_of(self, request: Request) -> Take | None:
        """The take that a request is about, of those that are over."""
        take = self._takes.last if request.episode is None else self._takes.find(request.episode)
        return take if take is not None and take.over else None

    def _label(self, request: Request) -> None:
        take = self._take_of(request)
        if request == Request("end"):
            return self._say("Nothing to end: no episode is being recorded.")
        if take is None or take.state in GONE:
            return self._say("Nothing to label.")
        take.outcome, take.label = request.outcome, request.text
        outcome = request.outcome.name.lower()
        self._edits.ask(Label(0, take.episode, outcome, take.filed_reason))
        self._say(f"Episode {take.episode}: {outcome}{request.text and f' ({request.text})'}.")

    def _discard(self, request: Request) -> None:
        take = self._take_of(request)
        if take is None or take.state in GONE:
            return self._say("Nothing to discard.")
        self._discards += 1
        take.discarded, take.discards = True, self._discards
        self._edits.ask(Discard(0, take.episode))
        then = "it is recorded again" if request.op == "redo" else "undo brings it back"
        self._say(f"Episode {take.episode} goes to the trash: {then}.")

    def _undo(self) -> None:
        discarded = [each for each in self._takes.all() if each.discarded]
        if not discarded:
            return self._say("Nothing to undo.")
        take = max(discarded, key=lambda each: each.discards)
        take.discarded = False
        self._edits.ask(Restore(0, take.episode))
        self._say(f"Episode {take.episode} comes back from the trash.")

    def _accept(self) -> None:
        rejected = (each for each in reversed(self._takes.all()) if each.state is REJECTED)
        take = next(rejected, None)
        if take is None:
            return self._say("Nothing to accept: no take was rejected.")
        if not take.saved:
            return self._say(f"Episode {take.episode} is not saved yet: wait for that.")
        take.insisted = True
        if not take.label:  # its file says that it does not count
            self._edits.ask(Label(0, take.episode, take.outcome.name.lower(), take.filed_reason))
        self._say(f"Episode {take.episode} counts.")

    def _note(self, request: Request) -> None:
        take = self._takes.open or self._takes.last
        if request.episode is not None:
            take = self._takes.find(request.episode)
        if take is None:
            return self._say("Nothing to note: no such episode was recorded yet.")
        self._edits.ask(Note(0, take.episode, request.text))
        self._say(f"Note on episode {take.episode}: {request.text}")

    def _pause(self) -> None:
        self.pausing = not self.pausing
        if self._takes.open is not None:
            self._say("Pausing after this episode." if self.pausing else "Not pausing.")

    def _hurry(self) -> None:
        self.pausing = False
        self._countdown.clear()

    def _say(self, text: str) -> None:
        self._log(text, "info")
