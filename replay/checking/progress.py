"""How far it is, on a terminal."""

import os
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Final, TypeVar

PERIOD_S: Final = 0.1
T = TypeVar("T")


def shown(results: Generator[T], total: int) -> Generator[T]:
    """The same results, with a bar on stderr where that is a terminal. Close it when done."""
    with closing(results):
        if not (sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"):
            yield from results
            return
        yield from _with_bar(results, total)


def _with_bar(results: Iterator[T], total: int) -> Iterator[T]:
    from rich.console import Console  # who sees no bar does not wait for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,  # there is no other thread: workers would die with it
        redirect_stdout=sys.stdout.isatty(),  # so that lines and bar do not write over each other
    )
    with bar:
        task = bar.add_task("", total=total)
        bar.refresh()
        drawn_s = time.monotonic()
        for result in results:
            yield result
            bar.advance(task)
            if time.monotonic() - drawn_s >= PERIOD_S:
                bar.refresh()
                drawn_s = time.monotonic()
