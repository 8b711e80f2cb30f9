"""What a training must not learn from: losses and gradients that are no number."""

import math
from pathlib import Path
from typing import Final

from act.errors import TrainingError

IN_A_ROW: Final = 10
"""Bad steps that end a training: it does not recover."""


class Guard:
    """Counts bad steps, and names the episodes that they were about."""

    def __init__(self, episodes: list[Path]) -> None:
        self._episodes = episodes
        self._in_a_row: list[set[int]] = []

    def fault(self, loss: float, norm: float, batch: list[int]) -> str:
        """A sentence about a bad step; empty: it was a good one.

        Args:
            norm: of the gradient.
            batch: the episodes of its samples.

        Raises:
            TrainingError: it was one too many.
        """
        if math.isfinite(loss) and math.isfinite(norm):
            self._in_a_row.clear()
            return ""
        self._in_a_row.append(set(batch))
        what = "the gradient" if math.isfinite(loss) else "the loss"
        if len(self._in_a_row) >= IN_A_ROW:
            raise TrainingError(
                f"{what.capitalize()} was no number {IN_A_ROW} times in a row, so the training "
                f"ended. Look at {self._named(set.intersection(*self._in_a_row))}; or try a "
                "smaller --lr. The last checkpoint is good."
            )
        return f"Skipped a step: {what} was no number with {self._named(self._in_a_row[-1])}."

    def _named(self, episodes: set[int]) -> str:
        """The episodes; all of the last step's, where no one was in each of them."""
        names = [str(self._episodes[each]) for each in sorted(episodes or self._in_a_row[-1])]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return ", ".join(names[:5]) + more
