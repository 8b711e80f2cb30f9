"""How a training is getting on: a line that changes on a terminal, one now and then elsewhere."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from recorder.printable import printable

RECENT: Final = 50
"""Steps from which the speed is told."""
PLAIN_EVERY_S: Final = 10.0


class Progress:
    """Tells of steps; silent where another process does.

    Args:
        steps, batch: of the training, all processes together.
        first: step that it begins with.
        show: shows a line that replaces the last one; None: write lines, now and then.
    """

    def __init__(
        self,
        steps: int,
        batch: int,
        first: int,
        show: Callable[[str], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps, self._batch, self._show, self._clock = steps, batch, show, clock
        self._ends: deque[tuple[int, float]] = deque([(first, clock())], maxlen=RECENT + 1)
        self._told_s = clock()

    def step(self, done: int, facts: str) -> None:
        """So many are done."""
        now_s = self._clock()
        self._ends.append((done, now_s))
        if self._show is not None:
            self._show(self._line(facts))
        elif now_s - self._told_s >= PLAIN_EVERY_S or done == self._steps:
            self._told_s = now_s
            say(self._line(facts))

    def _line(self, facts: str) -> str:
        (first, began_s), (done, ended_s) = self._ends[0], self._ends[-1]
        steps_s = (done - first) / max(ended_s - began_s, 1e-9)
        left_s = (self._steps - done) / max(steps_s, 1e-9)
        speed = f"{steps_s * self._batch:.0f} samples/s"
        return f"step {done}/{self._steps}  {facts}  {speed}  {_time(left_s)} left"


@contextmanager
def one_line(wanted: bool) -> Iterator[Callable[[str], None] | None]:
    """What shows a changing line on standard output; None where that is no terminal, or it is not
    wanted."""
    console = Console(highlight=False)
    if not wanted or not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        yield lambda line: live.update(Text(line, no_wrap=True, overflow="ellipsis"))


def say(text: str) -> None:
    """A line for people, at once; whatever was read from files is fit for a terminal in it."""
    sys.stdout.write(printable(text) + "\n")
    sys.stdout.flush()


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
