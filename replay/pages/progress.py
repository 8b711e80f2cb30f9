"""How far the pages are, on standard error: a bar on a terminal, a line now and then elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from replay.export.progress import plain_lines


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[], object]]:
    """For so many episodes; call what it gives after each."""
    if not sys.stderr.isatty():
        tell = plain_lines("pages", total, sys.stderr.write)
        yield lambda: tell(1)
        return
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # What goes to standard output stays there.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("pages", total=total)
        yield lambda: bar.advance(task)
