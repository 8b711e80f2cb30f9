"""The key line: the keys that are needed most, as many as there is room for."""

from replay.viewer.keys import KEYS, Key
from replay.viewer.view import View
from tui.dashboard.drawing.rows import Row, fit, width_of

FIRST = ("keys", "leave", "play", "next finding", "findings", "step", "speed", "camera", "joint")
"""What must not be left out, the most important first; the others follow."""


def key_line_rows(view: View, width: int, height: int) -> list[Row]:
    """One row; in the order of the help."""
    useful = [key for key in KEYS if key.word and _is_useful(key, view)]
    chosen: list[Key] = []
    for key in sorted(useful, key=_rank):
        if width_of(_line([*chosen, key])) <= width:
            chosen.append(key)
    return [fit(_line([key for key in useful if key in chosen]), width, "key.word")]


def _rank(key: Key) -> int:
    return FIRST.index(key.word) if key.word in FIRST else len(FIRST)


def _is_useful(key: Key, view: View) -> bool:
    if key.word == "next episode":
        return view.count > 1
    return key.word not in ("next finding", "findings") or bool(view.loaded.marks)


def _line(keys: list[Key]) -> Row:
    row: Row = []
    for key in keys:
        row += [(f" {key.shown} ", "key"), (f" {key.word} ", "key.word")]
    return row
