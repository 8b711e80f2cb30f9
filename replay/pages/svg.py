"""A small writer of SVG: lines over time, ticks, dots, bars. Colours and fonts are the pages'.

A line is drawn from at most two points a pixel column, the least and the most there, so that it
costs what a screen shows and no spike is lost.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from replay.pages.markup import text

Floats = npt.NDArray[np.float64]
COLUMNS: Final = 400
"""Of a line. A joint's drawing is some 540 pixels wide; twice this many points are drawn."""
GOLDEN: Final = (math.sqrt(5) - 1) / 2
"""Its multiples, without what is before the point, never come close to each other."""
OFF: Final = 1e5
"""Tenths of a pixel: that far off a drawing it is all the same."""
FARTHEST: Final = 1e6
"""What a damaged file has beyond that is drawn there."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels: `low` is at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: Any) -> Any:
        """A number's place, or an array's."""
        return self.start + (value - self.low) * (self.end - self.start) / (self.high - self.low)


def extent(*series: Floats, least: float) -> tuple[float, float]:
    """Lowest and highest finite value, `least` apart at least; a little air around."""
    values = np.concatenate([each.ravel() for each in series]) if series else np.empty(0)
    finite = np.clip(values[np.isfinite(values)], -FARTHEST, FARTHEST)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    air = max((high - low) * 0.06, (least - (high - low)) / 2)
    return low - air, high + air


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between two, about so many."""
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((power * each for each in (1, 2, 5, 10)), key=lambda each: abs(each - rough))
    return [round(step * i, 9) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def number(value: float) -> str:
    """A tick's label: no more digits than it needs."""
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def decimate(x: Floats, y: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """The least and the most of each column, in the order of time; all if there are few."""
    if len(y) <= 2 * columns:
        return x, y
    edges = np.linspace(0, len(y), columns + 1).astype(int)
    kept: list[int] = []
    for first, end in pairwise(edges.tolist()):
        part = y[first:end]
        finite = np.flatnonzero(~np.isnan(part))
        if len(finite) < len(part):  # the gap is drawn too
            kept.append(first + int(np.isnan(part).argmax()))
        if len(finite):
            known = part[finite]
            kept += (first + int(finite[known.argmin()]), first + int(finite[known.argmax()]))
    order = np.unique(kept)
    return x[order], y[order]


def line(kind: str, x: Floats, y: Floats, across: Scale, up: Scale) -> str:
    """A line; where a value is no number there is a gap."""
    x, y = decimate(x, np.clip(y, -FARTHEST, FARTHEST))
    # Tenths of a pixel as whole numbers, so that relative steps do not add up rounding.
    columns = np.rint(10 * across(x)).tolist()
    places = np.clip(10 * up(y), -OFF, OFF).tolist()
    rows = [None if math.isnan(each) else round(each) for each in places]
    path = "".join(_steps(columns, rows))
    return f'<path class="line {kind}" d="{path}"/>' if path else ""


def _steps(columns: list[float], rows: list[int | None]) -> Iterator[str]:
    """The path: `M` after a gap, `h` along what stays the same, `l` else."""
    here: tuple[int, int] | None = None
    along = 0
    for column, row in zip(map(int, columns), rows, strict=True):
        if here and row == here[1]:
            along = column - here[0]
            continue
        if along and here:
            yield f"h{_tenths(along)}"
            here, along = (here[0] + along, here[1]), 0
        if row is None:
            here = None
            continue
        if here is None:
            yield f"M{_tenths(column)} {_tenths(row)}h0"
        else:
            down = _tenths(row - here[1])
            yield f"l{_tenths(column - here[0])}{down if down[0] == '-' else f' {down}'}"
        here = column, row
    if along:
        yield f"h{_tenths(along)}"


def _tenths(value: int) -> str:
    return f"{value / 10:g}"


def dots(x: Sequence[float], y: float, high: float) -> str:
    """Small discs around a height, as one path; strewn evenly, the same way each time."""
    strewn = ((index * GOLDEN) % 1 - 0.5 for index in range(1, len(x) + 1))
    return "".join(
        f"M{place:.1f} {y + high * up:.1f}h0" for place, up in zip(x, strewn, strict=True)
    )


def words(x: float, y: float, content: object, kind: str = "") -> str:
    """Text with its baseline at y."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{text(content)}</text>'


def rect(kind: str, x: float, y: float, width: float, height: float, title: str = "") -> str:
    """A rectangle, with a text that a pointer shows."""
    told = f"<title>{text(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{min(2.0, width / 2):.1f}">{told}</rect>'
    )


def drawing(label: str, width: float, height: float, content: str) -> str:
    """A drawing with the text that stands for it where it cannot be seen."""
    role = "group" if "<a " in content else "img"  # links in an image cannot be reached
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="{role}" aria-label="{text(label)}">'
        f"{content}</svg>"
    )
