"""How long the episodes are: a histogram, by label."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from replay.pages import svg
from replay.pages.entry import LABELS, About
from replay.pages.markup import text

WIDTH: Final = 560.0
HEIGHT: Final = 184.0
LEFT: Final = 40.0
RIGHT: Final = 540.0
TOP: Final = 10.0
BOTTOM: Final = 160.0
MAX_BINS: Final = 24


def lengths_html(known: Sequence[About]) -> str:
    """A bar for each length, the labels on top of each other."""
    if not known:
        return ""
    seconds = np.array([each.seconds for each in known])
    low, high = svg.extent(seconds, least=2.0)
    edges = np.array(_edges(max(low, 0.0), high, len(known)))
    counts = np.array(
        [
            np.histogram(seconds[[each.label == label for each in known]], edges)[0]
            for label in LABELS
        ]
    )
    across = svg.Scale(float(edges[0]), float(edges[-1]), LEFT, RIGHT)
    up = svg.Scale(0, float(counts.sum(axis=0).max()) * 1.05, BOTTOM, TOP)
    content = _axes(across, up) + "".join(
        _bar(column, index, edges, across, up) for index, column in enumerate(counts.T)
    )
    median = float(np.median(seconds))
    told = f"from {seconds.min():.1f} to {seconds.max():.1f} s, the middle one {median:.1f} s"
    picture = svg.drawing(f"lengths of the episodes, {told}", WIDTH, HEIGHT, content)
    caption = f"<figcaption>{text(told.capitalize())}; colours as in Labels.</figcaption>"
    return f'<figure class="card"><h3>Lengths</h3>{picture}{caption}</figure>'


def _edges(low: float, high: float, count: int) -> list[float]:
    """Round borders that hold all; more bins for more episodes."""
    bins = min(MAX_BINS, 6 + count // 4)
    marks = svg.ticks(low, high, bins)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    first = np.floor(low / step) * step
    return [float(first + step * i) for i in range(int(np.ceil((high - first) / step)) + 1)]


def _bar(
    column: "np.ndarray[tuple[int, ...], np.dtype[np.int_]]",
    index: int,
    edges: svg.Floats,
    across: svg.Scale,
    up: svg.Scale,
) -> str:
    left, right = across(edges[index]), across(edges[index + 1])
    drawn, below = [], 0
    for label, count in zip(LABELS, column.tolist(), strict=True):
        if count:
            top, bottom = up(below + count), up(below)
            title = f"{edges[index]:g} to {edges[index + 1]:g} s: {count} {label}"
            drawn.append(
                svg.rect(f"bar {label}", left + 1, top, right - left - 2, bottom - top, title)
            )
            below += count
    return "".join(drawn)


def _axes(across: svg.Scale, up: svg.Scale) -> str:
    parts, path = [], f"M{LEFT} {BOTTOM}H{RIGHT}"
    for value in svg.ticks(0, up.high, 3):
        if value == int(value):
            path += f"M{LEFT} {up(value):.1f}H{RIGHT}"
            parts.append(svg.words(LEFT - 6, up(value) + 4, int(value), "end"))
    for second in svg.ticks(across.low, across.high, 7):
        path += f"M{across(second):.1f} {BOTTOM}v4"
        parts.append(svg.words(across(second), BOTTOM + 18, f"{svg.number(second)} s", "middle"))
    return f'<path class="axis" d="{path}"/>{"".join(parts)}'
