"""What all panels are drawn from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from replay.viewer.loaded import Loaded
from replay.viewer.state import State, window_of
from tui.dashboard.drawing.rows import Row


@dataclass(frozen=True, slots=True)
class View:
    """One moment of the screen.

    Attributes:
        number, count: the episode is the number-th (from 1) of so many.
        unreadable: files that were meant too, but cannot be shown.
        notice: what the last key came to, as long as it is to be read.
    """

    loaded: Loaded
    state: State = field(default_factory=State)
    number: int = 1
    count: int = 1
    unreadable: int = 0
    notice: str = ""

    @property
    def step(self) -> int:
        """Where it stands."""
        return self.loaded.timeline.step_at(self.state.at_s)

    @property
    def window(self) -> tuple[int, int]:
        """The first and the last step that are plotted."""
        return window_of(self.state, self.loaded.timeline)


Draw = Callable[[View, int, int], list[Row]]
"""A panel: the rows for so many columns and rows; what is missing stays blank."""
