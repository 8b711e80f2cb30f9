"""Every key, what it does, and the words for it: said once for keys, key line and help."""

from typing import Final, NamedTuple


class Key(NamedTuple):
    """A row of the help.

    Attributes:
        shown: the keys as people read them.
        does: the action of each key by its name in the terminal.
        sentence: what they do.
        word: in the key line; "": they are not in it.
    """

    shown: str
    does: dict[str, str]
    sentence: str
    word: str = ""


def _cameras() -> dict[str, str]:
    return {str(number): f"camera_{number}" for number in range(1, 10)}


KEYS: Final = (
    Key("Space", {"space": "play"}, "Play, and pause.", "play"),
    Key("← →", {"left": "step_-1", "right": "step_1"}, "A step back, a step on.", "step"),
    Key(
        "Shift ← →",
        {"shift+left": "second_-1", "shift+right": "second_1"},
        "A second. Ctrl with the arrows, PgUp and PgDn: five.",
    ),
    Key(
        "",
        {
            **{"ctrl+left": "second_-5", "ctrl+right": "second_5"},
            **{"pageup": "second_-5", "pagedown": "second_5"},
        },
        "",
    ),
    Key("Home End", {"home": "begin", "end": "end"}, "The first step, the last one."),
    Key(
        "+ -",
        {"plus": "faster", "equals_sign": "faster", "minus": "slower"},
        "Faster, slower: 0.1, 0.25, 0.5, 1, 2, 4 times real time.",
        "speed",
    ),
    Key("g", {"g": "go"}, "Go to a step (617) or a time (12.3s, 1:05).", "go to"),
    Key(
        "n N",
        {
            **{"n": "mark_1", "N": "mark_-1"},
            **{"right_square_bracket": "mark_1", "left_square_bracket": "mark_-1"},
        },
        "The next finding or event, the one before. Also ] and [.",
        "next finding",
    ),
    Key("f", {"f": "findings"}, "All findings and events: Enter goes to one.", "findings"),
    Key("↑ ↓", {"up": "joint_-1", "down": "joint_1"}, "The joint that is plotted.", "joint"),
    Key("j", {"j": "layout"}, "One joint, all joints, or numbers.", "layout"),
    Key("z", {"z": "zoom"}, "Plot the whole time, or 10, 4 or 1 s around here.", "zoom"),
    Key("1 .. 9", _cameras(), "One camera, large. Again, or 0: all of them.", "camera"),
    Key("c", {"c": "camera_next", "0": "camera_all"}, "The next camera, large; then all."),
    Key(
        "Tab",
        {
            **{"tab": "episode_1", "greater_than_sign": "episode_1"},
            **{"shift+tab": "episode_-1", "less_than_sign": "episode_-1"},
        },
        "The next episode. Shift-Tab: the one before. Also > and <.",
        "next episode",
    ),
    Key("t", {"t": "theme"}, "Colours for a light terminal, or a dark one."),
    Key("q", {"q": "leave", "ctrl+c": "leave", "ctrl+q": "leave"}, "Leave. Also Ctrl-C.", "leave"),
    Key("Ctrl-Z", {"ctrl+z": "stop"}, "Back to the shell until fg."),
    Key("?", {"question_mark": "help"}, "This.", "keys"),
)
ACTIONS: Final = {key: action for row in KEYS for key, action in row.does.items()}
"""The action of every key."""


def key_name(key: str, character: str | None) -> str:
    """What people call a key that the terminal has told of."""
    shown = character is not None and character.isprintable() and not character.isspace()
    return character if shown and character else key.replace("_", " ").replace("+", "-")


MOUSE: Final = "Click on the time line or a plot: go there. On a camera: large, and back."
