"""What a verb of `episodes` is: its arguments, what it does, and what its exit status means."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from replay.printer import Printer

WELL: Final = 0
NOT_ALL: Final = 1
"""Some of it could not be done, or is not as it should be."""
UNUSABLE: Final = 2
"""A wrong command line, a path that is not there, a file that is no episode."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What ``episodes`` can do.

    Attributes:
        run: does it; returns the exit status.
        what: one line for the list of verbs, e.g. "one line an episode".
        statuses: what the exit status means, beside `UNUSABLE`.
        add_arguments: what it is told on the command line, beside --json.
        aliases: other names that people know it by.
    """

    run: Callable[[argparse.Namespace, Printer], int]
    what: str
    statuses: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    aliases: tuple[str, ...] = ()
