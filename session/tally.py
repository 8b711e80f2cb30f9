"""What a session has recorded so far: its episodes, their verdicts, which are files by now."""

import contextlib
from collections import Counter
from pathlib import Path

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.numbering import episode_path, journal_path
from session.paths import replay_command
from teleop.tick import Outcome


class Tally:
    """Counts the demonstrations of one session.

    Attributes:
        over: demonstrations that have come to their end, whatever their verdict.
        faults: how many of those a fault has ended.
    """

    def __init__(self, folder: Path) -> None:
        self.over = 0
        self.faults = 0
        self._folder = folder
        self._numbers: list[int] = []
        self._told_saved: set[int] = set()
        self._outcomes: Counter[Outcome] = Counter()

    def begin(self, number: int) -> None:
        """An episode of this number is about to be recorded."""
        self._numbers.append(number)

    def end(self, outcome: Outcome, by_fault: bool) -> None:
        """The demonstration is over, with this verdict; `by_fault`: nobody wanted its end."""
        self.over += 1
        self.faults += by_fault
        self._outcomes[outcome] += 1

    def note_saved(self, number: int) -> None:
        """The recorder says that this episode is a file (its disk is not asked: it may hang)."""
        if number in self._numbers:
            self._told_saved.add(number)

    @property
    def saved_so_far(self) -> int:
        """How many the recorder has told of."""
        return len(self._told_saved)

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
        left = self._left()
        if not saved:
            return f"No episode was saved in {self._folder}.{left}"
        verdicts = ", ".join(f"{n} {o.name.lower()}" for o, n in self._outcomes.items())
        counted = f"{_episodes(len(saved))} ({verdicts})" if verdicts else _episodes(len(saved))
        broken = f" A fault ended {_episodes(self.faults)}." if self.faults else ""
        look = f"Look at the last one: {replay_command()} {saved[-1]}"
        return f"Saved {counted}.{broken}{_quality(saved)}{left} {look}"

    def _left(self) -> str:
        """Episodes of this session that could not become files yet."""
        journals = [journal_path(self._folder, number) for number in self._numbers]
        left = [path.name for path in journals if path.exists()]
        if not left:
            return ""
        return f" {', '.join(left)} could not become a file yet: mend that, then episodes recover."


def _quality(saved: list[Path]) -> str:
    """What the quality checks have said of these files."""
    found: Counter[str] = Counter()
    for path in saved:
        with contextlib.suppress(EpisodeError), EpisodeReader(path) as episode:
            found[episode.facts.verdict or "not judged"] += 1
    return (
        f" Quality: {', '.join(f'{n} {verdict}' for verdict, n in found.items())}." if found else ""
    )


def _episodes(count: int) -> str:
    return f"{count} episode{'' if count == 1 else 's'}"
