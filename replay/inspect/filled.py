"""Lines that fit a terminal of 80 columns."""

from collections.abc import Iterable, Iterator
from typing import Final

WIDTH: Final = 80


def filled(label: str, clauses: Iterable[str], joint: str = ", ") -> Iterator[str]:
    """Clauses after a label, as many to a line as it takes; none is broken, however long."""
    first, *rest = [*clauses] or [""]
    line = f"{label}{first}"
    for clause in rest:
        if len(line) + len(joint) + len(clause) < WIDTH:
            line = f"{line}{joint}{clause}"
        else:
            yield f"{line}{joint}".rstrip()
            line = f"{' ' * len(label)}{clause}"
    yield line.rstrip()


def filled_words(label: str, text: str) -> Iterator[str]:
    """The words of a text after a label."""
    return filled(label, text.split(" "), " ")
