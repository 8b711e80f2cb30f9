"""From what a terminal sends to the names of keys. Pure."""

import re
from typing import Final

from tui.keymap import name_of

_TOKEN: Final = re.compile(
    r"\x1b\[\[(?P<console>[A-E])"
    r"|\x1b\[(?P<number>\d+)(?:;(?P<modifier>\d+))?~"
    r"|\x1b(?:\[(?:1;(?P<shifted>\d+))?|O)(?P<final>[A-Z])"
    r"|\x1b\[[0-9;<>?]*[ -/]*[@-~]"  # some other sequence: no key of ours
    r"|(?P<letter>.)",
    re.DOTALL,
)
_UNFINISHED: Final = re.compile(r"\x1b(\[[0-9;\[]*|O)\Z")
_BY_NUMBER: Final = {
    **{1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pageup", 6: "pagedown"},
    **{11: "f1", 12: "f2", 13: "f3", 14: "f4", 15: "f5", 17: "f6", 18: "f7", 19: "f8"},
    **{20: "f9", 21: "f10", 23: "f11", 24: "f12"},
}
_BY_FINAL: Final = {
    **{"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"},
    **{"P": "f1", "Q": "f2", "R": "f3", "S": "f4"},
}
_MODIFIERS: Final = {"2": "shift+", "3": "alt+", "5": "ctrl+"}


def key_names(text: str) -> tuple[list[str], str]:
    """The keys in what a terminal has sent, and the beginning of a sequence that goes on.

    A lone escape is the key: an urgent key that follows it must not be taken for its tail.
    """
    unfinished = _UNFINISHED.search(text)
    rest = unfinished.group() if unfinished else ""
    tokens = _TOKEN.finditer(text[: len(text) - len(rest)])
    names = [_name(token) for token in tokens]
    return [name for name in names if name], rest


def _name(token: re.Match[str]) -> str:
    if token["letter"]:
        return name_of(token["letter"])
    if token["console"]:
        return f"f{ord(token['console']) - ord('A') + 1}"
    if token["number"]:
        return _modified(_BY_NUMBER.get(int(token["number"]), ""), token["modifier"])
    return _modified(_BY_FINAL.get(token["final"] or "", ""), token["shifted"])


def _modified(name: str, modifier: str | None) -> str:
    """The key with its modifier; "" where either is none that we know."""
    if modifier is None or not name:
        return name
    return f"{_MODIFIERS[modifier]}{name}" if modifier in _MODIFIERS else ""
