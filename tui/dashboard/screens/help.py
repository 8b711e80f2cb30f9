"""All keys, the gestures, and what a key of a terminal is not."""

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.dashboard.screens.key_rows import key_rows
from tui.facts.facts import SessionFacts
from tui.keymap import Action, Keymap

SCROLLING: Final = ("up", "down", "pageup", "pagedown", "home", "end")
COLUMN: Final = 10
ALWAYS: Final = (
    ("Ctrl-C", "Bring the arms to rest, and end. Again: end at once, arms holding."),
    ("Ctrl-Z", "Back to the shell until fg; the arms hold."),
)
GESTURES: Final = (
    "Open and close both leader grippers: start.",
    "Both closed for a second, both arms near the start pose: end the episode.",
)
LIMITS: Final = (
    "No key of a terminal is a safety device. Only cutting the power stops the arms",
    "for certain, and then they drop.",
)


def help_text(
    keymap: Keymap, by_grippers: bool, recording: bool = True, policy: bool = False
) -> Content:
    """Everything that the operator can do, in 22 lines of at most 78 columns.

    Args:
        recording: episodes are recorded; else the keys for them are left out.
        policy: one leads.
    """
    twice = (Action.DISCARD, Action.REDO, Action.REST) if recording else (Action.REST,)
    lines = [
        f"{', '.join(map(keymap.word, twice))}: press twice within two seconds.",
        *((GESTURES if recording and not policy else GESTURES[:1]) if by_grippers else ()),
        *LIMITS,
    ]
    keys = key_rows([*keymap.help(recording, policy), *ALWAYS], COLUMN)
    return Content("\n").join([keys, *map(Content, lines)])


class Help(ModalScreen[None]):
    """Lies over the board until a key is pressed."""

    CSS = """
    Help { align: center middle; background: transparent; }
    Help > VerticalScroll {
        width: 82; max-width: 100%; max-height: 100%; height: auto; padding: 0 1;
        background: $panel; color: $foreground;
    }
    Help .title { text-style: bold; margin-bottom: 1; }
    """

    def __init__(self, keymap: Keymap, session: SessionFacts) -> None:
        super().__init__()
        recording = session.purpose == "record"
        self._text = help_text(keymap, session.by_grippers, recording, bool(session.policy))

    def compose(self) -> ComposeResult:
        """One text, scrolled where the terminal is low."""
        with VerticalScroll():
            yield Static("KEYS (any key closes this)", classes="title", markup=False)
            yield Static(self._text)

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def on_key(self, event: events.Key) -> None:
        """Close it, except by keys that scroll."""
        if event.key not in SCROLLING:
            event.stop()
            self.dismiss()
