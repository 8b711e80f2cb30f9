"""What a key wishes for, given what the session is about. It is the session that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from session.status import Phase
from teleop.tick import Outcome
from tui.facts.facts import Facts
from tui.keymap import Action

RECORDS_NOTHING: Final = "This session records nothing."
NOTHING_YET: Final = "Nothing has been recorded yet."
ENTER_OR_ESCAPE: Final = "Enter: done. Esc: leave it as it is."

_PLAIN: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.GO_ON: "go_on",
        Action.HOLD: "hold",
        Action.DISCARD: "discard",
        Action.REDO: "redo",
        Action.UNDO: "undo",
        Action.ACCEPT: "accept",
        Action.PAUSE: "pause",
        Action.LEAD: "lead",
        Action.REST: "stop",
    }
)
_OF_A_TAKE: Final = (Action.DISCARD, Action.REDO)
"""It is said which: by the time that the session hears of it, another may be under way."""
_ALWAYS: Final = (Action.GO_ON, Action.HOLD, Action.REST)
"""Makes sense where nothing is recorded, too."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this of the session (`session.requests`)."""

    op: str
    fields: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """Have the operator write a line first; it is asked for with this `text`.

    `title`: what the line is about. `needed`: an empty line asks for nothing.
    """

    title: str
    ask: Ask
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Ask nothing, and say why."""

    text: str


def wish_of(action: Action, facts: Facts) -> Ask | Write | Refuse:
    """What the key of `action` wishes for. Not for the actions of the display itself."""
    if facts.session.purpose != "record" and action not in _ALWAYS:
        return Refuse(RECORDS_NOTHING)
    if action is Action.SUCCESS:
        return _label(Outcome.SUCCESS, facts)
    if action is Action.FAILURE:
        return _label(Outcome.FAILURE, facts)
    if action is Action.NOTE:
        return _note(facts)
    episode = about(facts)
    if action in _OF_A_TAKE and episode is not None:
        return Ask(_PLAIN[action], {"episode": episode})
    return Ask(_PLAIN[action])


def about(facts: Facts) -> int | None:
    """The episode that labels, notes and discards are about; None: there is none."""
    if facts.session.phase is Phase.RECORDING:
        return facts.session.episode
    return facts.takes[0].episode if facts.takes else None


def _label(outcome: Outcome, facts: Facts) -> Ask | Write | Refuse:
    """The hands are busy while recording: the reason can be given afterwards."""
    word, episode = outcome.name.lower(), about(facts)
    if facts.session.phase is Phase.RECORDING:
        return Ask("end", {"outcome": word})
    if episode is None:
        return Refuse(NOTHING_YET)
    title = f"Episode {episode} is a {word}. Why? (May be empty.)"
    return Write(title, Ask("label", {"outcome": word, "episode": episode}))


def _note(facts: Facts) -> Write | Refuse:
    episode = about(facts)
    if episode is None:
        return Refuse(NOTHING_YET)
    return Write(f"Note for episode {episode}.", Ask("note", {"episode": episode}), needed=True)
