"""Where every panel stands, for every size of the terminal."""

from typing import Final, NamedTuple

from tui.dashboard.panels.arrangement import LEAST_HEIGHT, LEAST_WIDTH, Place
from tui.dashboard.panels.cameras import ASPECT

HIGH: Final = 34
"""From so many rows on the time line has numbers, and a finding three lines."""
GAP: Final = 2
"""Columns between pictures."""
MARGIN: Final = 8
"""Columns left of everything that runs over time, so that one moment is one column."""
CAMERAS_SHARE: Final = 0.58
"""Of the middle, at most, for all cameras together."""
LARGE_SHARE: Final = 0.62
"""Of the columns, at most, for one of them."""
LEAST_PICTURE: Final = (8, 3)


class Grid(NamedTuple):
    """How pictures stand: columns of tiles, columns of cells in each, and rows of its picture. No
    columns: there is no room."""

    columns: int
    width: int
    rows: int


def grid_of(count: int, width: int, height: int) -> Grid:
    """The tiles, a caption each, in which pictures of 4:3 are largest."""
    best = Grid(0, 0, 0)
    for columns in range(1, count + 1):
        tile = (width - GAP * (columns - 1)) // columns
        rows = min(height // -(-count // columns) - 1, int(tile * ASPECT))
        if tile >= LEAST_PICTURE[0] and rows >= max(LEAST_PICTURE[1], best.rows + 1):
            best = Grid(columns, tile, rows)
    return best


def arrange(width: int, height: int, cameras: int, large: bool) -> dict[str, Place]:
    """The place of every panel that is shown, by its name.

    Args:
        cameras: how many pictures are shown.
        large: one camera is, and the joints stand beside it.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {"too_small": Place(0, 0, width, height)}
    note, timeline = (3, 3) if height >= HIGH else (2, 2)
    foot = height - 1 - timeline - 1 - note
    return {
        "head": Place(0, 0, width, 1),
        **_middle(Place(0, 1, width, foot - 1), cameras, large),
        "note": Place(0, foot, width, note),
        "transport": Place(0, foot + note, width, 1),
        "timeline": Place(0, foot + note + 1, width, timeline),
        "key_line": Place(0, height - 1, width, 1),
    }


def _middle(room: Place, cameras: int, large: bool) -> dict[str, Place]:
    """Pictures and joints: above each other, or beside each other where one camera is large."""
    if not cameras:
        return {"joints": room}
    if large:
        rows = min(room.height - 1, int(room.width * LARGE_SHARE * ASPECT))
        taken = int(rows / ASPECT)
        rest = room._replace(x=taken + 1, width=room.width - taken - 1)
        return {"cameras": room._replace(width=taken), "joints": rest}
    grid = grid_of(cameras, room.width, int(room.height * CAMERAS_SHARE))
    if not grid.columns:
        return {"joints": room}
    taken = -(-cameras // grid.columns) * (grid.rows + 1)
    return {
        "cameras": room._replace(height=taken),
        "joints": room._replace(y=room.y + taken, height=room.height - taken),
    }
