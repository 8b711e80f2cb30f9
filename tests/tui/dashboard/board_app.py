"""The board in an app of its own, and what it shows as text."""

from typing import Any

from textual.app import App, ComposeResult

from tests.tui.dashboard.fake_facts import CLOCK, KEYS
from tui.dashboard.board import Board
from tui.dashboard.drawing.palette import Palette
from tui.dashboard.panels.panel import Panel

PATIENCE = 200


class BoardApp(App[None]):
    """Nothing but the board."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, palette: Palette | None = None) -> None:
        super().__init__()
        self.board = Board(KEYS, palette, clock=lambda: CLOCK)

    def compose(self) -> ComposeResult:
        yield self.board


async def settle(app: BoardApp, pilot: Any) -> None:
    """Until every panel is as large as it is meant to be, and drawn in that size."""
    for _ in range(PATIENCE):
        await pilot.pause()
        if app.board.size == app.size and all(map(_is_drawn, _shown(app.board))):
            await pilot.pause()
            return
    raise AssertionError("The board does not come to rest.")


def _shown(board: Board) -> list[Panel]:
    return [panel for panel in board.panels.values() if panel.display] or [*board.panels.values()]


def _is_drawn(panel: Panel) -> bool:
    width, height = panel.styles.width, panel.styles.height
    meant = (width and width.value, height and height.value)
    return meant == tuple(panel.size) and len(panel.rows) == panel.size.height


def strips_of(app: App[Any]) -> list[list[Any]]:
    """The segments of every line of the screen."""
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def screen_text(app: App[Any]) -> list[str]:
    """The lines of the screen."""
    return ["".join(segment.text for segment in strip) for strip in strips_of(app)]
