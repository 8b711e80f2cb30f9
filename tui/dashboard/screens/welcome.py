"""The first run: there is no rig yet."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Middle
from textual.widgets import Static

from tui.dashboard.screens.key_rows import key_rows
from tui.dashboard.terminal import TerminalApp

COLUMN: Final = 7
GO_ON, LEAVE = 0, 1


class Welcome(TerminalApp):
    """Offers the simulated rig. Its result: `GO_ON`, `LEAVE`, or the status of a signal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter", "exit_with(0)", "simulate"),
        ("q,escape,ctrl+c", "exit_with(1)", "leave"),
    ]
    CSS = """
    Screen { align: center middle; }
    Middle { width: 74; max-width: 100%; height: auto; max-height: 100%; }
    Static { height: auto; }
    .title { text-style: bold; margin-bottom: 1; }
    """

    def __init__(self, task: str) -> None:
        super().__init__()
        self._demonstration = task

    def compose(self) -> ComposeResult:
        """One text."""
        with Middle():
            yield Static("There is no rig here yet: no rig.toml.", classes="title")
            yield Static(key_rows(self._ways(), COLUMN))

    def _ways(self) -> list[tuple[str, str]]:
        return [
            ("Enter", f"Record task {self._demonstration!r} on the simulated rig."),
            ("", "Nothing real moves. --rig sim skips this question."),
            ("", ""),
            ("q", "Leave, and set up a real rig: teleop scan finds its arms and"),
            ("", "cameras, writes rig.toml and says what comes next."),
        ]

    def on_ready(self) -> None:
        """Notice a terminal that goes."""
        self.set_interval(0.5, self.leave_if_closed)

    def action_exit_with(self, status: int) -> None:
        """A key has answered."""
        self.exit(status)
