"""Where to go: a line to write into."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from replay.viewer.go_to import HOW

MAX_TEXT = 20


class GoTo(ModalScreen[str | None]):
    """Two lines at the foot of the screen. Its result is the text; None: it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "leave")]
    CSS = """
    GoTo { background: transparent; align: left bottom; }
    GoTo > Vertical { height: 2; background: $panel; padding: 0 1; }
    GoTo Static { height: 1; color: $foreground; text-style: bold; }
    GoTo Input, GoTo Input:focus { height: 1; border: none; padding: 0; }
    """

    def compose(self) -> ComposeResult:
        """What may be written, and the line."""
        with Vertical():
            yield Static(f"Go to: {HOW} Enter: go. Esc: stay.", markup=False)
            yield Input(max_length=MAX_TEXT, placeholder="write here")

    def on_mount(self) -> None:
        """Write at once."""
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value.strip())
