"""Where commands begin: Ctrl-C ends them without a word while all they need is imported."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_quietly() -> Iterator[None]:
    """By Ctrl-C, as a program is that does not know of it. Nothing has been done by then."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # and not a script's background, which ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
