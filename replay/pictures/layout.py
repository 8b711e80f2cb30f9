"""Where pictures of any number and size go. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Size = tuple[int, int]
"""Width and height in pixels."""
MOST_SLENDER: Final = 0.25
"""A place is at least this high for its width, and as wide for its height, whatever its picture."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle, in pixels."""

    left: int
    top: int
    width: int
    height: int


def arrange(sizes: Sequence[Size], width: int, height: int, gap: int, head: int) -> list[Place]:
    """Places for pictures in rows, in their order, as large as they go into the area.

    Pictures of a row are equally high, and the rows are in the middle.

    Args:
        gap: between pictures, in pixels.
        head: room above every row, for names.
    """
    aspects = [min(max(w / h, MOST_SLENDER), 1 / MOST_SLENDER) for w, h in sizes]
    tried = [_in_rows(aspects, rows, width, height, gap, head) for rows in range(1, len(sizes) + 1)]
    return max(tried, key=lambda places: sum(place.width * place.height for place in places))


def fit(size: Size, place: Place) -> Place:
    """The part of a place that a picture fills, undistorted, in its middle."""
    scale = min(place.width / size[0], place.height / size[1])
    width = min(place.width, max(1, round(size[0] * scale)))
    height = min(place.height, max(1, round(size[1] * scale)))
    left = place.left + (place.width - width) // 2
    return Place(left, place.top + (place.height - height) // 2, width, height)


def _in_rows(
    aspects: Sequence[float], rows: int, width: int, height: int, gap: int, head: int
) -> list[Place]:
    groups = _split(aspects, rows)
    highest = max((height - rows * head - (rows - 1) * gap) / rows, 1)
    places, top = [], 0
    for group in groups:
        row_height = int(max(1, min(highest, (width - (len(group) - 1) * gap) / sum(group))))
        widths = [max(1, int(row_height * aspect)) for aspect in group]
        left = (width - sum(widths) - (len(group) - 1) * gap) // 2
        for each in widths:
            places.append(Place(left, top + head, each, row_height))
            left += each + gap
        top += head + row_height + gap
    return places


def _split(aspects: Sequence[float], rows: int) -> list[Sequence[float]]:
    """As evenly as possible, the longer rows first."""
    short, longer = divmod(len(aspects), rows)
    ends = [row * short + min(row, longer) for row in range(rows + 1)]
    return [aspects[first:end] for first, end in pairwise(ends)]
