"""What the recorder tells of episodes, put down in the takes."""

from collections.abc import Callable, Iterable

from recorder.edits import Label
from recorder.status import Change, Verdict
from session.edits import Edits
from session.status import TakeState
from session.takes import NOT_COUNTED, Take, Takes
from teleop.ring import Record

Log = Callable[[str, str], None]


class Bookkeeping:
    """Keeps takes and edits as the recorder says that they are."""

    def __init__(self, takes: Takes, edits: Edits, log: Log) -> None:
        self._takes = takes
        self._edits = edits
        self._log = log

    def take_in(self, changes: Iterable[Record]) -> None:
        """Records of `recorder.status.SAVED_RING`, oldest first."""
        for change in changes:
            edit = self._edits.settle(int(change["edit"]))
            if edit is not None and change["change"] == Change.REFUSED:
                self._takes.refused(edit)  # why, the recorder has said
            take = self._takes.note(change)
            if take is not None and self._is_rejected(change):
                self.tell(take)

    def mark(self, take: Take) -> None:
        """Of a take that does not count although its verdict may be good, its file says so."""
        if take.state is TakeState.REJECTED and not take.label:
            self._edits.ask(Label(0, take.episode, take.outcome.name.lower(), take.filed_reason))

    def lose(self) -> None:
        """The recorder has ended, and no other comes: what it has not done is not done."""
        for edit in self._edits.undone:
            self._edits.settle(edit.serial)
            self._takes.refused(edit)
            what = type(edit).__name__.lower()
            self._log(f"Episode {edit.episode}: the recorder could not {what} it.", "warning")

    @staticmethod
    def _is_rejected(change: Record) -> bool:
        return bool(change["change"] == Change.SAVED and change["verdict"] == Verdict.REJECT)

    def tell(self, take: Take) -> None:
        """Where a take does not count: that, why, and what can be done about it."""
        if take.state is not TakeState.REJECTED:
            return
        rejected = take.verdict is Verdict.REJECT
        why = f"rejected ({take.found.rstrip('.')}), " if rejected else ""
        self._log(f"Episode {take.episode} is {why}{NOT_COUNTED}.", "warning")
