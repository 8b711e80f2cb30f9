"""The widget that shows rows, and has only what has changed in them drawn again."""

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.dashboard.drawing.palette import Palette
from tui.dashboard.drawing.rows import Row, fit
from tui.dashboard.panels.scene import Draw, Scene

BLANK: Final = "ink"


class Panel(Widget, can_focus=False):
    """One part of the screen.

    Textual itself draws and sends whatever it is told to, changed or not. So rows are compared
    here, and only the columns between the first and the last difference are drawn again.

    Args:
        draw: makes the rows; it is called with the size that the panel has.
    """

    def __init__(self, draw: Draw, palette: Palette, name: str) -> None:
        super().__init__(name=name)
        self._draw = draw
        self._palette = palette
        self._scene: Scene | None = None
        self._drawn: list[Row] = []
        self._strips: list[Strip] = []
        self._drawn_size = (0, 0)

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._drawn

    def put(self, scene: Scene) -> None:
        """Show this scene."""
        self._scene = scene
        width, height = self.size
        if not (width and height and self.display):
            return
        drawn = self._draw(scene, width, height)[:height]
        rows = [row if row else [(" " * width, BLANK)] for row in drawn]
        rows += [[(" " * width, BLANK)]] * (height - len(rows))
        if self._drawn_size != (width, height):
            self._drawn_size = (width, height)
            self._drawn = [fit(row, width) for row in rows]
            self._strips = [self._strip(row, width) for row in self._drawn]
            self.refresh()
            return
        regions = [
            region
            for y, row in enumerate(rows)
            if row is not self._drawn[y] and (region := self._replace(y, row, width)) is not None
        ]
        if regions:
            self.refresh(*regions)

    def use(self, palette: Palette) -> None:
        """Other colours, from the next scene on."""
        self._palette = palette
        self._drawn_size = (0, 0)

    def on_resize(self) -> None:
        """The same scene in another size."""
        if self._scene is not None:
            self.put(self._scene)

    def render_line(self, y: int) -> Strip:
        """Of Textual's line API: one row in exactly the panel's width."""
        if y < len(self._strips) and self._drawn_size == tuple(self.size):
            return self._strips[y]
        return Strip.blank(self.size.width, self._palette.style(BLANK))

    def _replace(self, y: int, row: Row, width: int) -> Region | None:
        """Take in a row; the part of it that differs, None where nothing does."""
        old = self._drawn[y]
        row = fit(row, width)
        if row == old:
            return None
        self._drawn[y], self._strips[y] = row, self._strip(row, width)
        first, last = differing(old, row)
        return Region(first, y, max(width - last - first, 1), 1)

    def _strip(self, row: Row, width: int) -> Strip:
        style = self._palette.style
        return Strip([Segment(text, style(name)) for text, name in row], width)


def differing(old: Row, new: Row) -> tuple[int, int]:
    """How many columns two rows have in common at the left, and at the right, span by span."""
    first = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        first += cell_len(one[0])
    last = 0
    for one, other in zip(reversed(old), reversed(new), strict=False):
        if one != other:
            break
        last += cell_len(one[0])
    return first, last
