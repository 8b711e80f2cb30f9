"""All parts of the viewer, arranged for the size that the terminal has."""

from typing import Final

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Size
from textual.widget import Widget

from replay.viewer.arrangement import arrange
from replay.viewer.drawing.looks import DARK, LIGHT, PLAIN
from replay.viewer.panels.cameras import shown_cameras
from replay.viewer.panels.head import head_rows
from replay.viewer.panels.joints import joints_rows
from replay.viewer.panels.key_line import key_line_rows
from replay.viewer.panels.note import note_rows
from replay.viewer.panels.timeline import timeline_rows
from replay.viewer.panels.too_small import too_small_rows
from replay.viewer.panels.transport import transport_rows
from replay.viewer.part import Part
from replay.viewer.view import Draw, View
from replay.viewer.wall import Wall
from tui.dashboard.drawing.palette import Palette

DRAWS: Final[dict[str, Draw]] = {
    "head": head_rows,
    "joints": joints_rows,
    "note": note_rows,
    "transport": transport_rows,
    "timeline": timeline_rows,
    "key_line": key_line_rows,
    "too_small": too_small_rows,
}


class Board(Widget, can_focus=False):
    """All that is seen of an episode. Colours are as the app's theme is, dark or light, or none
    where that is asked for (NO_COLOR)."""

    DEFAULT_CSS = """
    Board { width: 1fr; height: 1fr; overflow: hidden; }
    Board > Part { position: absolute; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._wall = Wall()
        self._view: View | None = None
        self._arranged: tuple[Size, int, bool] | None = None
        draws = {**DRAWS, "cameras": self._wall.draw}
        self.parts = {name: Part(draw, DARK, name) for name, draw in draws.items()}

    def compose(self) -> ComposeResult:
        """Every part, those that are not shown as well."""
        yield from self.parts.values()

    def on_mount(self) -> None:
        """Take the app's colours, and whatever it changes them to."""
        self.watch(self.app, "theme", self._take_theme)

    def on_resize(self, event: Resize) -> None:
        """Arrange the parts anew."""
        self._arrange(event.size)

    def show(self, view: View) -> None:
        """Show this."""
        self._view = view
        self._arrange(self.size)
        for part in self.parts.values():
            part.show(view)

    def _take_theme(self, _theme: str) -> None:
        if self.app.no_color:
            self._repaint(PLAIN)
        else:
            self._repaint(DARK if self.app.current_theme.dark else LIGHT)

    def _repaint(self, palette: Palette) -> None:
        self.styles.background = palette.looks["ink"].ground or "transparent"
        self._wall.colours = palette.colours
        for part in self.parts.values():
            part.use(palette)
        if self._view is not None:
            self.show(self._view)

    def _arrange(self, size: Size) -> None:
        if self._view is None or not size:
            return
        cameras = len(shown_cameras(self._view))
        large = cameras == 1
        if self._arranged == (size, cameras, large):
            return
        self._arranged = size, cameras, large
        places = arrange(size.width, size.height, cameras, large)
        for name, part in self.parts.items():
            place = places.get(name)
            part.display = place is not None
            if place is not None:
                part.styles.offset = (place.x, place.y)
                part.styles.width = place.width
                part.styles.height = place.height
