"""Bars and histograms from eighth blocks."""

import math
from collections.abc import Sequence
from typing import Final

from tui.dashboard.drawing.rows import Row

ACROSS: Final = " ▏▎▍▌▋▊▉█"
UPWARDS: Final = " ▁▂▃▄▅▆▇█"
MARKER: Final = "┃"


def bar(share: float, width: int) -> str:
    """A share 0-1 as a bar in exactly so many columns."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (ACROSS[rest] if rest else "")).ljust(width)


def marked_bar(share: float | None, mark: float | None, width: int, warn: bool) -> Row:
    """A share as a bar, and another one as a mark in the same row; None: not known."""
    text = "?".center(width) if share is None and mark is None else bar(share or 0.0, width)
    style = "bar.warn" if warn else "bar"
    if mark is None:
        return [(text, style)]
    at = min(max(int(mark * width), 0), width - 1)
    over = "leader.on.warn" if warn else "leader.on"
    marker = (MARKER, over if text[at] == "█" else "leader")
    spans = [(text[:at], style), marker, (text[at + 1 :], style)]
    return [span for span in spans if span[0]]


def histogram(counts: Sequence[int], width: int, height: int, late_from: int) -> list[Row]:
    """Counts as columns, logarithmic: a single outlier can be seen beside thousands.

    The bins share the width; where there are more of them than columns neighbours are added up.
    From bin `late_from` on they are marked.
    """
    each = max(-(-len(counts) // max(width, 1)), 1)
    groups = [sum(counts[start : start + each]) for start in range(0, len(counts), each)]
    late = first_column(late_from // each, len(groups), width)
    most = math.log1p(max(groups, default=0)) or 1.0
    levels = [
        max(round(math.log1p(count) / most * height * 8), 1) if count else 0 for count in groups
    ]
    rows: list[Row] = []
    for row in reversed(range(height)):
        blocks = [UPWARDS[min(max(level - 8 * row, 0), 8)] for level in levels]
        line = "".join(blocks[column * len(groups) // width] for column in range(width))
        rows.append([(line[:late], "counts"), (line[late:], "counts.late")])
    return rows


def first_column(index: int, count: int, width: int) -> int:
    """Where the bin of that index begins, of so many that share a width."""
    return -(-index * width // count)


def axis(edges: Sequence[float], marks: Sequence[float], width: int) -> str:
    """What stands below a histogram: those of `marks` at the bins that begin with them, in ms."""
    line = ""
    for mark in marks:
        index = next((i for i, edge in enumerate(edges) if edge >= mark), None)
        if index is None:
            continue
        at = first_column(index, len(edges), width)
        room = width - len(f"{mark:g} ms")
        if len(line) + bool(line) <= at <= room:
            line = f"{line.ljust(at)}{mark:g}"
    return f"{line} ms"
