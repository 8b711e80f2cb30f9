"""A line that the operator writes: the reason of a label, or a note."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from session.requests import MAX_TEXT

HOW = "Enter: send. Esc: send nothing. F9 stops the arms."


class TextEntry(ModalScreen[str | None]):
    """Two lines at the foot of the board. Its result is the text; None: it was left.

    Every letter, the space included, is text here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "leave")]
    CSS = """
    TextEntry { background: transparent; align: left bottom; }
    TextEntry > Vertical { height: 3; background: $panel; padding: 0 1; }
    TextEntry Static { height: 1; color: $foreground; text-style: bold; }
    TextEntry #how { color: $foreground; text-style: none; }
    TextEntry Input, TextEntry Input:focus { height: 1; border: none; padding: 0; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title_line = title

    def compose(self) -> ComposeResult:
        """What it is about, the line, and the two ways out."""
        with Vertical():
            yield Static(self._title_line, markup=False)
            yield Input(max_length=MAX_TEXT, placeholder="write here")
            yield Static(HOW, id="how", markup=False)

    def on_mount(self) -> None:
        """Write at once."""
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value.strip())
