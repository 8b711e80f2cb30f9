"""What all panels are drawn from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tui.dashboard.drawing.rows import Row
from tui.facts.facts import Facts, Message


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the screen.

    Attributes:
        messages: oldest first.
        notice: what the dashboard itself has to say about the last key; "": nothing.
        keys: the key of every action, in words.
        clock: time of the day.
        shaded: pictures are drawn with characters: there are no colours.
    """

    facts: Facts
    messages: tuple[Message, ...] = ()
    notice: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    clock: str = ""
    shaded: bool = False


Draw = Callable[[Scene, int, int], list[Row]]
"""A panel: the rows for so many columns and rows; what is missing stays blank."""
