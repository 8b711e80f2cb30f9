"""How far the pages are, on a terminal's standard error; nothing elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[], object]]:
    """A bar for so many episodes; call what it gives after each."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    shown = sys.stderr.isatty()
    # What goes to standard output stays there.
    with Progress(
        *columns, console=console, disable=not shown, transient=True, redirect_stdout=False
    ) as bar:
        task = bar.add_task("pages", total=total)
        yield lambda: bar.advance(task)
