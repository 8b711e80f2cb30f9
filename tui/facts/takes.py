"""What has become of the newest takes, from the session's status."""

from recorder.status import Verdict
from session.status import TakeState
from teleop.ring import Record
from teleop.tick import Outcome
from tui.facts.facts import TakeFacts
from tui.facts.rings import words


class Takes:
    """Reads the table; one that has not changed since the last look costs nothing."""

    def __init__(self) -> None:
        self._bytes = b""
        self._takes: tuple[TakeFacts, ...] = ()

    def look(self, status: Record, period_s: float) -> tuple[TakeFacts, ...]:
        """The takes in a record of `session.status.SESSION_DTYPE`, newest first."""
        table = status["take"][: int(status["takes"])]
        if table.tobytes() != self._bytes:
            self._bytes = table.tobytes()
            self._takes = tuple(_take(row, period_s) for row in table)
        return self._takes


def _take(row: Record, period_s: float) -> TakeFacts:
    return TakeFacts(
        episode=int(row["episode"]),
        state=TakeState(int(row["state"])),
        outcome=Outcome(int(row["outcome"])),
        verdict=Verdict(int(row["verdict"])),
        length_s=int(row["steps"]) * period_s,
        reason=words(row["reason"]),
        advice=words(row["advice"]),
        label=words(row["label"]),
    )
