"""All keys, and the mouse."""

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from replay.viewer.keys import KEYS, MOUSE
from tui.dashboard.screens.help import SCROLLING
from tui.dashboard.screens.key_rows import key_rows

COLUMN: Final = 11


def help_text() -> Content:
    """Everything that can be done, in 19 lines of at most 78 columns."""
    rows = [(key.shown, key.sentence) for key in KEYS if key.sentence]
    return Content("\n").join([key_rows(rows, COLUMN), Content(MOUSE)])


class Help(ModalScreen[None]):
    """Lies over the viewer until a key is pressed."""

    CSS = """
    Help { align: center middle; background: transparent; }
    Help > VerticalScroll {
        width: 82; max-width: 100%; max-height: 100%; height: auto; padding: 0 1;
        background: $panel; color: $foreground;
    }
    Help .title { text-style: bold; margin-bottom: 1; }
    """

    def compose(self) -> ComposeResult:
        """One text, scrolled where the terminal is low."""
        with VerticalScroll():
            yield Static("KEYS (any key closes this)", classes="title", markup=False)
            yield Static(help_text())

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def on_key(self, event: events.Key) -> None:
        """Close it, except by keys that scroll."""
        if event.key not in SCROLLING:
            event.stop()
            self.dismiss()
