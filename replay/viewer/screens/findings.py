"""All findings and events, to go to one of them."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from recorder.printable import printable
from replay.viewer.panels.note import when
from replay.viewer.panels.verdicts import SYMBOLS
from replay.viewer.view import View

HOW: Final = "Enter: go there. Esc: back."


class Findings(ModalScreen[int | None]):
    """A list; its result is the number of a mark, None: none was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,f,q", "dismiss(None)", "back")]
    CSS = """
    Findings { align: center middle; background: transparent; }
    Findings > Vertical {
        width: 110; max-width: 100%; height: auto; max-height: 90%; padding: 0 1;
        background: $panel; color: $foreground;
    }
    Findings .title { text-style: bold; }
    Findings OptionList { height: auto; max-height: 100%; border: none; background: $panel; }
    """

    def __init__(self, view: View, chosen: int | None) -> None:
        super().__init__()
        self._prompts = [_prompt(view, number) for number in range(len(view.loaded.marks))]
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """One option a mark."""
        with Vertical():
            yield Static(f"FINDINGS AND EVENTS   {HOW}", classes="title", markup=False)
            yield OptionList(*(Option(prompt) for prompt in self._prompts), markup=False)

    def on_mount(self) -> None:
        """Arrow keys move at once, from the mark that is told of."""
        options = self.query_one(OptionList)
        options.focus()
        options.highlighted = self._chosen or 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click."""
        self.dismiss(event.option_index)


def _prompt(view: View, number: int) -> Content:
    """When, what, and what to do about it."""
    mark = view.loaded.marks[number]
    kind = "" if mark.severity == "event" else f"{mark.kind.replace('_', ' ')}: "
    head = f"{SYMBOLS[mark.severity]} {mark.severity:<6}  {when(view, mark)}  "
    advice = f"\n           → {printable(mark.advice)}" if mark.advice else ""
    return Content.assemble(
        (head, "bold"), printable(f"{kind}{mark.text}"), Content.styled(advice, "dim")
    )
