"""How far something long is, on a terminal; silence elsewhere."""

import contextlib
import sys
from collections.abc import Iterator

from replay.export.exporter import Progress


@contextlib.contextmanager
def progress_bar(what: str, total: int) -> Iterator[Progress]:
    """A bar on standard error while the block runs; nothing of it stays.

    Args:
        what: is done, e.g. "exporting".
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
