"""What a session has recorded so far: its episodes, their verdicts, which are files by now."""

from collections import Counter
from pathlib import Path

from recorder.numbering import episode_path
from session.paths import replay_command
from teleop.tick import Outcome


class Tally:
    """Counts the demonstrations of one session.

    Attributes:
        over: demonstrations that have come to their end, whatever their verdict.
    """

    def __init__(self, folder: Path) -> None:
        self.over = 0
        self._folder = folder
        self._numbers: list[int] = []
        self._outcomes: Counter[Outcome] = Counter()

    def begin(self, number: int) -> None:
        """An episode of this number is about to be recorded."""
        self._numbers.append(number)

    def end(self, outcome: Outcome) -> None:
        """The demonstration is over, with this verdict."""
        self.over += 1
        self._outcomes[outcome] += 1

    @property
    def successes(self) -> int:
        """Demonstrations that succeeded."""
        return self._outcomes[Outcome.SUCCESS]

    def saved(self) -> list[Path]:
        """The episodes that are files by now."""
        paths = [episode_path(self._folder, number) for number in self._numbers]
        return [path for path in paths if path.exists()]

    def summary(self) -> str:
        """The session's last words, for the operator."""
        if not self._numbers:
            return "Nothing was recorded."
        saved = self.saved()
        if not saved:
            return f"No episode was saved in {self._folder}."
        verdicts = ", ".join(f"{n} {o.name.lower()}" for o, n in self._outcomes.items())
        files = f"{len(saved)} episode{'' if len(saved) == 1 else 's'}"
        counted = f"{files} ({verdicts})" if verdicts else files
        return f"Saved {counted}. Look at the last one: {replay_command()} {saved[-1]}"
