"""The cameras: live pictures side by side, or a list where there are many or little room."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from recorder.cameras.camera import CameraState
from tui.dashboard.drawing.font import large
from tui.dashboard.drawing.pictures import Drawn, drawn
from tui.dashboard.drawing.rows import Row, cell, lines_of, title
from tui.dashboard.drawing.traffic import CELLS, FULL_COLOUR, Budget, Cost, bytes_of
from tui.dashboard.panels.camera_list import GAP, in_trouble, joined, list_rows, named
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import CameraFacts, RecordingFacts, Thumbnail

MAX_PICTURES: Final = 4
LEAST_WIDTH, LEAST_ROWS = 12, 4
"""A smaller picture shows nothing."""
ASPECT: Final = 3 / 8
"""Rows to columns of a 4:3 picture of cells that are twice as high as wide."""


class Shown(NamedTuple):
    """A camera's picture on the screen, and what it was drawn from: the box, and the number of its
    frame."""

    box: tuple[int, int, bool]
    number: int
    picture: Drawn


class CameraWall:
    """Draws the cameras; it remembers their pictures between two looks.

    Pictures in which much moves come less often: what is sent for them has an upper limit.

    Attributes:
        cost: what the terminal is sent for pictures, and may be.
    """

    def __init__(self) -> None:
        self.cost: Cost = FULL_COLOUR
        self._thumbnails: dict[str, Thumbnail] = {}
        self._shown: dict[str, Shown] = {}
        self._next: dict[str, Shown] = {}
        self._budget = Budget()

    def take(self, thumbnails: Sequence[Thumbnail]) -> None:
        """New pictures, of some or all cameras."""
        self._thumbnails.update((each.camera, each) for each in thumbnails)

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """A title, then the pictures, or else the list."""
        recording = scene.facts.recording
        if recording is None or not recording.cameras:
            return [title("CAMERAS", "nothing known yet", width)]
        head = cameras_title(recording, width)
        cameras = recording.cameras
        columns, box, rows = grid_of(len(cameras), width, height - 1)
        if not columns:
            return [head, *list_rows(cameras, width, height - 1)]
        self._look(cameras, columns, (box, rows, scene.shaded), scene.facts.now_s)
        tiles = [self._tile(each, box, rows) for each in cameras]
        body: list[Row] = []
        for start in range(0, len(tiles), columns):
            group = tiles[start : start + columns]
            body += [joined([tile[y] for tile in group], width) for y in range(rows + 1)]
        return [head, *body]

    def _look(
        self,
        cameras: Sequence[CameraFacts],
        columns: int,
        box: tuple[int, int, bool],
        now_s: float,
    ) -> None:
        """Have new frames shown, as far as the budget goes: those of cameras beside each other at
        once, as the terminal is sent whole rows."""
        names = ["" if absence_of(each) else each.name for each in cameras]
        rows = (names[start : start + columns] for start in range(0, len(names), columns))
        groups = {row[0]: row for each in rows if (row := [name for name in each if name])}
        wanted = {
            first: size for first, group in groups.items() if (size := self._renew(group, box))
        }
        cells = sum(each.picture.pixels.size // 6 for each in self._shown.values())
        rate = self.cost.budget * max(1.0, cells / CELLS)
        for first in self._budget.grant(wanted, rate, now_s):
            self._shown.update(
                (name, self._next[name]) for name in groups[first] if name in self._next
            )

    def _renew(self, side_by_side: Sequence[str], box: tuple[int, int, bool]) -> int:
        """Have new frames of cameras in one row of the screen shown where a picture has another
        box; else what showing them would send, in bytes, 0: there are none."""
        coming = {name: each for name in side_by_side if (each := self._coming(name, box))}
        shown = {name: self._shown[name] for name in coming if name in self._shown}
        if all(shown.get(name) is each for name, each in coming.items()):
            return 0
        size = bytes_of(_lines(shown.values()), _lines(coming.values()), self.cost)
        if all(name in shown and shown[name].box == box for name in coming):
            return size
        self._shown.update(coming)
        self._budget.spend(side_by_side[0], size)
        return 0

    def _coming(self, name: str, box: tuple[int, int, bool]) -> Shown | None:
        """The newest frame as it is to be shown; drawn once, whether or not it is waiting."""
        thumbnail, known = self._thumbnails.get(name), self._next.get(name)
        if thumbnail is None or not thumbnail.image.size:
            return None
        if known is None or (known.box, known.number) != (box, thumbnail.number):
            width, rows, shaded = box
            shown = self._shown.get(name)
            picture = drawn(shown and shown.picture, thumbnail.image, width, rows, not shaded)
            known = self._next[name] = Shown(box, thumbnail.number, picture)
        return known

    def _tile(self, camera: CameraFacts, width: int, rows: int) -> list[Row]:
        """A caption and exactly so many rows of picture."""
        head = named(camera, width)
        absent, shown = absence_of(camera), self._shown.get(camera.name)
        if absent or shown is None:
            return [head, *_message(absent or "no picture yet", width, rows)]
        picture = shown.picture
        blank: Row = [(" " * width, "ink")]
        room = width - picture.width
        lines = [
            [(" " * (room // 2), "ink"), *row, (" " * (room - room // 2), "ink")]
            for row in picture.rows
        ]
        return [head, *lines, *[blank] * (rows - len(lines))]


def _lines(pictures: Iterable[Shown]) -> list[Row]:
    """The rows of pictures that stand beside each other."""
    rows = zip_longest(*(each.picture.rows for each in pictures), fillvalue=())
    return [[span for part in parts for span in part] for parts in rows]


def grid_of(count: int, width: int, height: int) -> tuple[int, int, int]:
    """Columns of tiles, columns of cells in each, and rows of its picture; 0 columns: a list."""
    best = (0, 0, 0)
    if count > MAX_PICTURES:
        return best
    for columns in range(1, count + 1):
        tile_rows = height // -(-count // columns) - 1
        tile_width = (width - GAP * (columns - 1)) // columns
        rows = min(tile_rows, int(tile_width * ASPECT))
        if rows > best[2]:
            best = (columns, tile_width, rows)
    return best if best[1] >= LEAST_WIDTH and best[2] >= LEAST_ROWS else (0, 0, 0)


def cameras_title(recording: RecordingFacts, width: int) -> Row:
    """How many are well, and how far apart their pictures are."""
    cameras = recording.cameras
    troubled = sum(1 for each in cameras if in_trouble(each))
    skew = "" if recording.skew_ms is None else f"skew {recording.skew_ms:.0f} ms"
    well = f"{troubled} of {len(cameras)} in trouble" if troubled else f"{len(cameras)} live"
    both = "  ".join(filter(None, (well, skew)))
    fits = len(both) + len(" CAMERAS  !  ") <= width
    return title("CAMERAS", both if fits else well, width, troubled > 0)


def absence_of(camera: CameraFacts) -> str:
    """Why there is no picture to be shown; "": there is one."""
    match camera.state:
        case CameraState.LOST:
            return "LOST: look at its plug. It is tried again by itself."
        case CameraState.OPENING:
            return "opening"
        case _:
            return ""


def _message(text: str, width: int, rows: int) -> list[Row]:
    """A text in the middle of where a picture would be; what comes before a colon in large."""
    word, _, rest = text.rpartition(": ")
    lines = [*(large(word) if word else ()), *lines_of(rest, width - 2, rows)]
    top = max((rows - len(lines)) // 2, 0)
    block = [""] * top + lines + [""] * rows
    style = "absent" if word else "absent.calm"
    return [[(cell(line.center(width), width), style)] for line in block[:rows]]
