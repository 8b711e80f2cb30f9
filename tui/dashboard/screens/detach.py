"""The way out of the dashboard: it alone goes, or the session ends, or neither."""

from enum import Enum
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.dashboard.screens.key_rows import key_rows

COLUMN: Final = 4


class Leaving(Enum):
    """What the operator wants."""

    DETACH = "detach"
    END = "end"
    BACK = "back"


class Detach(ModalScreen[Leaving]):
    """Asks which of the three. Enter, the key of pedals, means none of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("d", "leave('detach')", "detach"),
        ("e", "leave('end')", "end"),
        ("escape,q,b", "leave('back')", "back"),
    ]
    CSS = """
    Detach { align: center middle; background: transparent; }
    Detach > Vertical {
        width: 74; max-width: 100%; height: auto; padding: 1;
        background: $panel; color: $foreground;
    }
    Detach .title { text-style: bold; margin-bottom: 1; }
    """

    def __init__(self, patience_s: float) -> None:
        super().__init__()
        self._patience_s = patience_s

    def compose(self) -> ComposeResult:
        """The three of them."""
        with Vertical():
            yield Static("Leave?", classes="title")
            yield Static(key_rows(self._ways(), COLUMN))

    def _ways(self) -> list[tuple[str, str]]:
        return [
            ("d", "Detach: if nobody else watches, an open episode ends and does"),
            ("", f"not count; the arms hold, and rest after {self._patience_s:.0f} s."),
            ("", "Back: python collect.py --attach"),
            ("", ""),
            ("e", "End the session: close the episode, bring the arms to rest."),
            ("", ""),
            ("Esc", "Back."),
        ]

    def action_leave(self, how: str) -> None:
        """One of the three was chosen."""
        self.dismiss(Leaving(how))
