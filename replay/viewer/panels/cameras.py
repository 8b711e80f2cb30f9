"""The cameras: all of them side by side, or one that is large. Captions say what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from replay.viewer.arrangement import GAP, Grid, grid_of
from replay.viewer.flags import PictureFlags
from replay.viewer.view import View
from tui.dashboard.drawing.pictures import Drawn
from tui.dashboard.drawing.rows import Row, Span, beside, cell, cut, fit, spread

CROSS: Final = ("▀▄ ▄▀", "  █  ", "▄▀ ▀▄")


@dataclass(frozen=True, slots=True)
class Tile:
    """A camera's picture as it stands on the screen, or why there is none."""

    drawn: Drawn | None
    fault: str = ""


def shown_cameras(view: View) -> Sequence[int]:
    """Their numbers: of all, or of the large one."""
    if view.state.camera is not None:
        return (view.state.camera,)
    return range(len(view.loaded.cameras))


def cameras_rows(view: View, tiles: Mapping[int, Tile], width: int, height: int) -> list[Row]:
    """Tiles of a caption and a picture each.

    Args:
        tiles: of the cameras that are shown, by number.
    """
    cameras = shown_cameras(view)
    grid = tiles_of(len(cameras), width, height)
    rows: list[Row] = []
    for start in range(0, len(cameras), grid.columns or len(cameras)):
        block: list[Row] = []
        for place, camera in enumerate(cameras[start : start + grid.columns]):
            tile = _tile(view, camera, tiles[camera], grid)
            taken = place * (grid.width + GAP) - GAP
            block = beside(block, tile, taken, GAP) if place else tile
        rows += block
    return rows


def tiles_of(count: int, width: int, height: int) -> Grid:
    """The tiles for so many cameras; a single one takes it all."""
    return Grid(1, width, height - 1) if count == 1 else grid_of(count, width, height)


def camera_at(view: View, x: int, y: int, width: int, height: int) -> int | None:
    """The number of the camera at a place of the panel; None: there is none."""
    cameras = shown_cameras(view)
    grid = tiles_of(len(cameras), width, height)
    if not grid.columns:
        return None
    number = y // (grid.rows + 1) * grid.columns + x // (grid.width + GAP)
    return cameras[number] if number < len(cameras) else None


def _tile(view: View, camera: int, tile: Tile, grid: Grid) -> list[Row]:
    """A caption and exactly so many rows of picture."""
    caption = _caption(view, camera, grid.width)
    if tile.drawn is None:
        return [caption, *_crossed(tile.fault, grid.width, grid.rows)]
    picture = tile.drawn
    room, spare = grid.width - picture.width, grid.rows - len(picture.rows)
    lines: list[Row] = [
        [(" " * (room // 2), "ink"), *row, (" " * (room - room // 2), "ink")]
        for row in picture.rows
    ]
    return [caption, *lines, *[[(" " * grid.width, "ink")] for _ in range(spare)]]


def _caption(view: View, camera: int, width: int) -> Row:
    """Number and name; age, or what is wrong with the picture of this step."""
    flags = view.loaded.flags
    right = flag_words(flags.of(view.step, camera)) if flags else [("flags unreadable", "warn")]
    key = f"{camera + 1} " if camera < 9 else ""
    room = width - sum(len(text) for text, _ in right) - 1
    left: Row = [(key, "dim"), (cut(view.loaded.cameras[camera], room - len(key)), "strong")]
    return fit(spread(left, right, width), width)


def flag_words(flags: PictureFlags) -> Row:
    """The worst that the file says of a picture, and how old it was."""
    word, style = _worst(flags)
    age = "" if flags.age_ms is None else f"{flags.age_ms:.0f} ms"
    said: list[Span] = [(word, style)] if word else []
    if age:
        said.append((f" {age}" if word else age, style if word else "dim"))
    return said


def _worst(flags: PictureFlags) -> Span:
    if flags.missing:
        return "MISSING", "warn"
    if flags.dropped:
        return "DROPPED", "warn"
    if flags.stale:
        return "STALE", "warn"
    return ("repeat", "dim") if flags.repeat else ("", "dim")


def _crossed(fault: str, width: int, rows: int) -> list[Row]:
    """A cross and a word in place of a picture."""
    lines = [*(CROSS if rows > len(CROSS) else CROSS[1:2]), fault]
    top = max((rows - len(lines)) // 2, 0)
    block = [""] * top + lines + [""] * rows
    return [[(cell(line.center(width), width), "absent")] for line in block[:rows]]
