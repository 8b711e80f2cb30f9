"""How far something long is: a bar on a terminal, a line now and then elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

Progress = Callable[[int], None]
"""Told how much more is done, from one thread at a time; the more often, the smoother it looks."""
EVERY_S: Final = 30.0


@contextlib.contextmanager
def progress_bar(what: str, total: int) -> Iterator[Progress]:
    """Tell it on standard error while the block runs; of a bar nothing stays.

    Args:
        what: is done, e.g. "exporting".
    """
    if not sys.stderr.isatty():
        yield plain_lines(what, total, sys.stderr.write)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # What goes to standard output stays there.
    with Bar(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


def plain_lines(
    what: str, total: int, say: Callable[[str], object], clock: Callable[[], float] = time.monotonic
) -> Progress:
    """Says how far it is every `EVERY_S`; nothing of what is quicker."""
    done, said_s = 0, clock()

    def tell(more: int) -> None:
        nonlocal done, said_s
        done += more
        if (now_s := clock()) - said_s >= EVERY_S:
            said_s = now_s
            say(f"{what}: {done} of {total} ({done / max(total, 1):.0%})\n")

    return tell
