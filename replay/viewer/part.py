"""A panel of the viewer: the dashboard's, drawn from a view, and pointed at by a mouse."""

from typing import Final

from textual import events
from textual.message import Message

from replay.viewer.view import Draw, View
from tui.dashboard.drawing.palette import Palette
from tui.dashboard.drawing.rows import Row
from tui.dashboard.panels.panel import Panel
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import Facts

NO_SESSION: Final = Scene(Facts(0.0))
"""A panel asks for one; what it draws here comes from the view."""


class Part(Panel):
    """One part of the screen.

    Args:
        draw: makes the rows; it is called with the size that the part has.
    """

    class Pointed(Message):
        """The mouse button is down at a column and a row of a part; `dragged`: still."""

        def __init__(self, part: "Part", x: int, y: int, dragged: bool) -> None:
            super().__init__()
            self.part, self.x, self.y, self.dragged = part, x, y, dragged

    def __init__(self, draw: Draw, palette: Palette, name: str) -> None:
        super().__init__(self._rows_now, palette, name)
        self._draw_view = draw
        self._view: View | None = None

    def show(self, view: View) -> None:
        """Show this view."""
        self._view = view
        self.put(NO_SESSION)

    def _rows_now(self, _scene: Scene, width: int, height: int) -> list[Row]:
        return self._draw_view(self._view, width, height) if self._view else []

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Of any button."""
        self.capture_mouse()
        self.post_message(self.Pointed(self, event.x, event.y, dragged=False))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """With the button held down."""
        if self.app.mouse_captured is self:
            self.post_message(self.Pointed(self, event.x, event.y, dragged=True))

    def on_mouse_up(self) -> None:
        """The button is let go."""
        self.release_mouse()
