"""The takes of a session: every attempt at a demonstration, and what has become of it.

A take counts unless something speaks against it: it was discarded, nothing of it could be saved, a
fault or the operator's hold has ended it, or its quality verdict is reject. The operator may accept
it all the same. What is kept here are facts; the state they make is worked out when asked for, so
that taking one back leaves the others as they are.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from recorder.edits import Discard, Edit, Label, Restore
from recorder.status import Change, Verdict
from session.feed import text_of
from session.status import TakeState
from teleop.ring import Record
from teleop.tick import Outcome

NOT_COUNTED: Final = "not counted: the next take records it again; accept counts it all the same"


class Cause(Enum):
    """Why a take ended, in the words of its table; nothing is said of one that was done."""

    DONE = ""
    FAULT = "A fault has ended it."
    STOPPED = "The operator has stopped the arms."
    UNWATCHED = "No terminal was watching."
    LEFT = "The session was ended over it."
    RECORDER = "The recorder was lost over it."


CUT: Final = (Cause.LEFT, Cause.RECORDER)
"""Such a take is none, whoever made it."""


@dataclass(slots=True)
class Take:
    """One attempt at a demonstration.

    Attributes:
        strict: somebody works the rig, and can record a bad take again; else only one that was cut
            short does not count.
        cause: why it ended; None: it is being recorded. `why`: what control has said about that.
        outcome, label: the verdict on it, and why the operator gave it.
        filed: the verdict that its file has.
        verdict, found, advice: of the quality checks: the worst finding, and what to do about it.
        discards: the how-manieth discard of the session it was.
        insisted: the operator has accepted it, whatever speaks against it.
        saved, lost: it is a file; not even one step of it could be saved.
    """

    episode: int
    strict: bool
    cause: Cause | None = None
    why: str = ""
    outcome: Outcome = Outcome.UNLABELLED
    filed: Outcome = Outcome.UNLABELLED
    label: str = ""
    verdict: Verdict = Verdict.UNKNOWN
    steps: int = 0
    found: str = ""
    advice: str = ""
    discarded: bool = False
    discards: int = 0
    insisted: bool = False
    saved: bool = False
    lost: bool = False

    @property
    def over(self) -> bool:
        """It has come to its end."""
        return self.cause is not None

    @property
    def state(self) -> TakeState:
        """What has become of it."""
        if not self.over:
            return TakeState.RECORDING
        if self.discarded:
            return TakeState.DISCARDED
        if self.lost:
            return TakeState.LOST
        if self._is_bad() and not self.insisted:
            return TakeState.REJECTED
        return TakeState.ACCEPTED if self.saved else TakeState.SAVING

    @property
    def counts(self) -> bool:
        """It is one of those that were to be recorded: so is one whose verdict is still out."""
        return self.state in (TakeState.SAVING, TakeState.ACCEPTED)

    @property
    def reason(self) -> str:
        """What there is to say about it."""
        return " ".join(filter(None, (self.cause and self.cause.value, self.why, self.found)))

    @property
    def filed_reason(self) -> str:
        """What its file is to say about its label: what the operator says, or else that it does not
        count, and why."""
        if (
            self.label
            or self.state is not TakeState.REJECTED
            or not (self.cause and self.cause.value)
        ):
            return self.label
        return f"not counted: {self.cause.value.rstrip('.').lower()}"

    @property
    def what_to_do(self) -> str:
        """About that."""
        return NOT_COUNTED if self.state is TakeState.REJECTED else self.advice

    def _is_bad(self) -> bool:
        spoilt = self.cause is not Cause.DONE or self.verdict is Verdict.REJECT
        return self.cause in CUT or (self.strict and spoilt)


class Takes:
    """Takes in the order they were made.

    Args:
        strict: as takes have it; else every one that came to its end counts.
        done: episodes of this collection that earlier sessions have recorded.
    """

    def __init__(self, strict: bool, done: int = 0) -> None:
        self._strict = strict
        self._done = done
        self._takes: list[Take] = []

    def __len__(self) -> int:
        return len(self._takes)

    def begin(self, episode: int) -> None:
        """An attempt is about to be made."""
        self._takes.append(Take(episode, self._strict))

    def end(self, outcome: Outcome, cause: Cause) -> Take:
        """It is over, with this verdict."""
        take = self._takes[-1]
        take.outcome = take.filed = outcome
        take.cause = cause
        return take

    def withdraw(self) -> None:
        """It never began: there is not a step of it."""
        if self.open is not None:
            self._takes.pop()

    @property
    def open(self) -> Take | None:
        """The one being recorded."""
        return self._takes[-1] if self._takes and not self._takes[-1].over else None

    @property
    def last(self) -> Take | None:
        """The newest one that is over."""
        return next((take for take in reversed(self._takes) if take.over), None)

    @property
    def over(self) -> int:
        """How many have come to their end."""
        return sum(take.over for take in self._takes)

    @property
    def accepted(self) -> int:
        """How many of the collection there are, those of earlier sessions included."""
        return self._done + sum(take.counts for take in self._takes)

    @property
    def rejected(self) -> int:
        """How many of this session do not count, without having been discarded."""
        return self.count(TakeState.REJECTED)

    @property
    def faults(self) -> int:
        """How many a fault has ended."""
        return sum(take.cause is Cause.FAULT for take in self._takes)

    @property
    def successes(self) -> int:
        """How many that count succeeded."""
        return sum(take.counts and take.outcome is Outcome.SUCCESS for take in self._takes)

    @property
    def undecided(self) -> bool:
        """Of some it is not known yet whether they count."""
        return self.count(TakeState.SAVING) > 0

    def count(self, state: TakeState) -> int:
        """How many are in this state."""
        return sum(take.state is state for take in self._takes)

    def newest(self, count: int) -> list[Take]:
        """The last ones, newest first."""
        return self._takes[::-1][:count]

    def all(self) -> list[Take]:
        """All of them, in order."""
        return list(self._takes)

    def find(self, episode: int) -> Take | None:
        """The take that was recorded under this number."""
        return next((take for take in self._takes if take.episode == episode), None)

    def note(self, change: Record) -> Take | None:
        """The recorder has told of an episode (`SAVED_DTYPE`).

        Returns:
            Its take, or None: it is none of this session.
        """
        take = self.find(int(change["episode"]))
        if take is None:
            return None
        match Change(int(change["change"])):
            case Change.SAVED:
                take.saved, take.lost = True, False
                take.steps, take.filed = int(change["steps"]), Outcome(int(change["outcome"]))
                take.verdict = Verdict(int(change["verdict"]))
                take.found, take.advice = text_of(change, "reason"), text_of(change, "advice")
            case Change.EMPTY:
                take.lost = True
            case Change.LABELLED:
                take.filed = Outcome(int(change["outcome"]))
            case _:
                pass
        return take

    def refused(self, edit: Edit) -> None:
        """The recorder could not do this: its take is what it was."""
        take = self.find(edit.episode)
        if take is None:
            return
        match edit:
            case Discard():
                take.discarded = False
            case Restore():
                take.discarded = take.saved  # of what never was a file nothing is in the trash
            case Label():
                take.outcome, take.label = take.filed, ""
