"""Which key means what, and what keys are called: for every display, by the rig's ``[keys]``."""

import unicodedata
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from session.keys import KeysConfig


class Action(Enum):
    """What a key may mean: the fields of `KeysConfig`, and what no rig file can change."""

    GO_ON = "go_on"
    HOLD = "hold"
    SUCCESS = "success"
    FAILURE = "failure"
    DISCARD = "discard"
    REDO = "redo"
    UNDO = "undo"
    ACCEPT = "accept"
    NOTE = "note"
    PAUSE = "pause"
    REST = "rest"
    LEAD = "lead"
    DETACH = "detach"
    CAMERAS = "cameras"
    THEME = "theme"
    HELP = "help"


FIXED: Final = MappingProxyType({"f9": Action.HOLD, "question_mark": Action.HELP})
"""Whatever the rig file says."""

SENTENCES: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.GO_ON: "Start; end the episode; go on after a hold.",
        Action.HOLD: "Stop the arms where they are.",
        Action.SUCCESS: "End the episode as a success, or call the last one that.",
        Action.FAILURE: "End the episode as a failure, or call the last one that.",
        Action.DISCARD: "Move this episode, or the last one, to the trash.",
        Action.REDO: "The same, and record it again at once.",
        Action.UNDO: "Take back the last discard.",
        Action.ACCEPT: "Count the last episode, whatever its verdict.",
        Action.NOTE: "Write a note into this episode, or the last one.",
        Action.PAUSE: "Start nothing after this; once more: go on.",
        Action.REST: "Bring the arms to rest, and end.",
        Action.LEAD: "Where a policy leads: take over, or hand back.",
        Action.DETACH: "Leave the session running, or end it.",
        Action.CAMERAS: "Show the cameras, or hide them.",
        Action.THEME: "Light or dark.",
        Action.HELP: "Show the keys.",
    }
)

OF_TAKES: Final = (
    *(Action.SUCCESS, Action.FAILURE, Action.DISCARD, Action.REDO, Action.UNDO, Action.ACCEPT),
    *(Action.NOTE, Action.PAUSE, Action.LEAD, Action.CAMERAS),
)
"""Means nothing where nothing is recorded."""
WITHOUT_TAKES: Final = "Do what is asked for; end here what the arms are doing."

_WORDS: Final = {
    "enter": "Enter",
    "space": "Space",
    "escape": "Esc",
    "tab": "Tab",
    "backspace": "Backspace",
    "delete": "Del",
    "insert": "Ins",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
}
_SIGNS: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Signs whose names in terminals are not Unicode's."""
_UNICODE: Final = {ours: theirs for theirs, ours in _SIGNS.items()}


class Keymap:
    """The keys of one rig."""

    def __init__(self, keys: KeysConfig | None = None) -> None:
        keys = keys or KeysConfig()
        configured = [action for action in Action if action is not Action.HELP]
        self._actions = {
            key: action for action in configured for key in getattr(keys, action.value)
        } | dict(FIXED)

    def action(self, key: str) -> Action | None:
        """What the key of this name means; None: nothing."""
        return self._actions.get(key)

    def keys(self, action: Action) -> tuple[str, ...]:
        """The names of the keys that mean this, the rig file's first."""
        return tuple(key for key, means in self._actions.items() if means is action)

    def word(self, action: Action) -> str:
        """What its first key is called; "" where it has none."""
        return next((word_of(key) for key in self.keys(action)), "")

    def words(self, action: Action) -> str:
        """What all of its keys are called: "Space, F9"."""
        return ", ".join(map(word_of, self.keys(action)))

    def worded(self, question: str) -> str:
        """A question of the session, which says Enter, by the name of the key that answers here."""
        return question.replace("Enter", self.word(Action.GO_ON))

    def help(self, recording: bool = True, policy: bool = False) -> tuple[tuple[str, str], ...]:
        """Keys and sentence of every action that has a key.

        Args:
            recording: episodes are recorded: the keys for them are told, too.
            policy: one leads, and can be taken over from.
        """
        actions = [action for action in Action if recording or action not in OF_TAKES]
        actions = [action for action in actions if policy or action is not Action.LEAD]
        sentences = SENTENCES if recording else {**SENTENCES, Action.GO_ON: WITHOUT_TAKES}
        rows = ((self.words(action), sentences[action]) for action in actions)
        return tuple((words, sentence) for words, sentence in rows if words)


def word_of(key: str) -> str:
    """What an operator calls the key of this name: "Enter", "F9", "?", "Ctrl-A"."""
    *modifiers, base = key.split("+")
    if base in _WORDS:
        word = _WORDS[base]
    elif base[0] == "f" and base[1:].isdigit():
        word = base.upper()
    else:
        word = _sign(base)
    if modifiers and len(word) == 1:
        word = word.upper()
    return "-".join([*(each.capitalize() for each in modifiers), word])


def name_of(letter: str) -> str:
    """The name of the key that types this letter or sign: "a", "space", "question_mark".

    Control characters have the names of the keys that terminals send them for.
    """
    if letter in "\r\n":
        return "enter"
    if letter == "\x7f":
        return "backspace"
    if letter == "\t":
        return "tab"
    if letter == "\x1b":
        return "escape"
    if letter < " ":
        return f"ctrl+{chr(ord(letter) + 0x60)}" if "\0" < letter < "\x1b" else "unknown"
    if letter.isalnum():
        return letter
    name = unicodedata.name(letter, "unknown").lower().replace(" ", "_").replace("-", "_")
    return _SIGNS.get(name, name)


def _sign(name: str) -> str:
    """The sign that a name stands for; the name itself where there is none."""
    unicode_name = _UNICODE.get(name, name).replace("_", " ").upper()
    if name in ("minus", "hyphen_minus"):
        return "-"
    try:
        return unicodedata.lookup(unicode_name) if len(name) > 1 else name
    except KeyError:
        return name
