"""Which key does what, as ``[keys]`` of a rig file has it: a foot pedal sends keys, too."""

import re
from dataclasses import dataclass, fields
from typing import Final

NAME: Final = re.compile(
    r"((ctrl|alt)\+)?([a-z0-9]|[a-z]+(_[a-z]+)+)|[A-Z]|f([1-9]|1[0-2])|(shift\+)?(up|down|left|right)"
    r"|enter|space|backspace|delete|insert|home|end|pageup|pagedown|comma|minus|colon|semicolon"
    r"|slash|backslash|apostrophe|asterisk|ampersand|tilde|at|plus|underscore"
)
"""What terminals, and what lies between them and us, let through."""
RESERVED: Final = ("ctrl+c", "f9", "question_mark", "escape", "tab")
"""Ctrl-C: to rest, and again: end; F9 holds, even while a text is typed; ?: all keys."""


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """Keys by action, by the names that terminals know them by: ``enter``, ``space``, ``b``,
    ``f5``, ``pageup``, ``ctrl+a``.

    Attributes:
        go_on: start, end the episode, go on after a hold. The one key that a single pedal needs.
        hold: stop the arms where they are.
        success, failure: end the episode with this label; or label the last take.
        rest: bring the arms to rest, and end.
        lead: where a policy leads: take over from it, or hand back.
    """

    go_on: tuple[str, ...] = ("enter",)
    hold: tuple[str, ...] = ("space",)
    success: tuple[str, ...] = ("s",)
    failure: tuple[str, ...] = ("f",)
    discard: tuple[str, ...] = ("d",)
    redo: tuple[str, ...] = ("r",)
    undo: tuple[str, ...] = ("u",)
    accept: tuple[str, ...] = ("a",)
    note: tuple[str, ...] = ("n",)
    pause: tuple[str, ...] = ("p",)
    rest: tuple[str, ...] = ("e",)
    lead: tuple[str, ...] = ("l",)
    detach: tuple[str, ...] = ("q",)
    cameras: tuple[str, ...] = ("c",)
    theme: tuple[str, ...] = ("t",)

    def __post_init__(self) -> None:
        if not self.go_on:
            raise ValueError("go_on needs a key: nothing could be started or gone on with.")
        taken = {key: "the program" for key in RESERVED}
        for action in fields(self):
            for key in getattr(self, action.name):
                if not NAME.fullmatch(key):
                    raise ValueError(
                        f"{action.name} has {key!r}, which is no key that gets through a "
                        "terminal: write enter, space, b, f1-f12, pageup, ctrl+a."
                    )
                if key in taken:
                    raise ValueError(
                        f"{key!r} cannot be {action.name}: {taken[key]} has it. Give one of "
                        "the two another key."
                    )
                taken[key] = action.name
