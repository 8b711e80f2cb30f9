"""The pictures on the screen: read, drawn, and remembered until another one takes their place."""

from typing import Final, NamedTuple

from replay.viewer.arrangement import Grid
from replay.viewer.film import Asked, Film
from replay.viewer.panels.cameras import Tile, cameras_rows, shown_cameras, tiles_of
from replay.viewer.view import View
from tui.dashboard.drawing.pictures import Drawn, drawn
from tui.dashboard.drawing.rows import Row, title

NO_ROOM: Final = "too many for this size: 1 to 9 show one"


class Shown(NamedTuple):
    """What a picture was drawn from, and as what it stands there."""

    step: int
    grid: Grid
    colours: bool
    tile: Tile


class Wall:
    """Draws the cameras of one episode after the other.

    Attributes:
        colours: pictures are drawn in colours; else with characters.
    """

    def __init__(self) -> None:
        self.colours = True
        self._film: Film | None = None
        self._of: object = None
        self._shown: dict[int, Shown] = {}

    def draw(self, view: View, width: int, height: int) -> list[Row]:
        """The cameras' panel."""
        if view.loaded is not self._of:
            self._of, self._film, self._shown = view.loaded, Film(view.loaded), {}
        cameras = shown_cameras(view)
        grid = tiles_of(len(cameras), width, height)
        if not grid.columns:
            return [title("CAMERAS", NO_ROOM, width)]
        tiles = {camera: self._tile(view, camera, grid) for camera in cameras}
        return cameras_rows(view, tiles, width, height)

    def _tile(self, view: View, camera: int, grid: Grid) -> Tile:
        before = self._shown.get(camera)
        if before is not None and before[:3] == (view.step, grid, self.colours):
            return before.tile
        tile = self._drawn(view, camera, grid, before.tile.drawn if before else None)
        self._shown[camera] = Shown(view.step, grid, self.colours, tile)
        return tile

    def _drawn(self, view: View, camera: int, grid: Grid, before: Drawn | None) -> Tile:
        assert self._film is not None
        asked = Asked(view.loaded.cameras[camera], view.step, grid.width, 2 * grid.rows)
        picture = self._film.picture(asked)
        if picture.image is None:
            return Tile(None, picture.fault)
        return Tile(drawn(before, picture.image, grid.width, grid.rows, self.colours))
