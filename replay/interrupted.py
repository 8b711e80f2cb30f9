"""What Ctrl-C has come to, where files were to be written."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recorder.printable import printable


@contextmanager
def interruption_told(*wanted: Path) -> Iterator[None]:
    """When Ctrl-C ends the block, say which of the files and folders that were wanted have been
    written in it; the interruption goes on its way. Where none is wanted, nothing is said.

    Each is whole or absent, and replaces what was there: so it has been written if another is there
    now.
    """
    before = [_there(path) for path in wanted]
    try:
        yield
    except KeyboardInterrupt:
        pairs = zip(wanted, before, strict=True)
        written = [path for path, was in pairs if _there(path) not in (None, was)]
        if wanted:
            sys.stderr.write(f"{_sentence(written)}\n")
        raise


def _there(path: Path) -> tuple[int, int] | None:
    """Which file or folder has that name; None: none, or nobody can tell."""
    try:
        there = os.stat(path)
    except (OSError, ValueError):
        return None
    return there.st_dev, there.st_ino


def _sentence(written: Sequence[Path]) -> str:
    if not written:
        return "Interrupted: nothing was written."
    names = " and ".join(printable(str(path)) for path in written)
    return f"Interrupted: {names} {'was' if len(written) == 1 else 'were'} written, nothing else."
