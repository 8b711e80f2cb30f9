"""The key line: what can be done just now, the likeliest first."""

from typing import Final

from session.status import Phase
from tui.dashboard.drawing.rows import Row, fit, width_of
from tui.dashboard.panels.scene import Scene

WORDS: Final = {
    "go_on": "go on",
    "hold": "hold",
    "success": "success",
    "failure": "failure",
    "discard": "discard",
    "redo": "again",
    "undo": "undo",
    "accept": "accept",
    "note": "note",
    "pause": "pause",
    "rest": "end",
    "detach": "leave",
    "cameras": "cameras",
    "theme": "colours",
    "help": "keys",
}
AFTER: Final = ("redo", "discard", "success", "failure", "accept", "undo", "note")
"""What can be done about the last take."""
ALWAYS: Final = ("cameras", "theme", "detach")
ORDER: Final = {
    Phase.STARTING: ("hold", "rest"),
    Phase.PREPARING: ("hold", "pause", *AFTER, "rest"),
    Phase.READY: ("go_on", "hold", "pause", *AFTER, "rest"),
    Phase.RECORDING: ("go_on", "hold", "success", "failure", "redo", "discard", "note", "pause"),
    Phase.SAVING: ("hold", "pause", *AFTER, "rest"),
    Phase.HOLDING: ("go_on", "rest", "note"),
    Phase.FAULT: ("go_on", "rest", "note"),
    Phase.PAUSED: ("go_on", "pause", *AFTER, "rest"),
    Phase.REVIEWING: ("go_on", *AFTER, "rest"),
    Phase.MIRRORING: ("hold", "rest", "go_on"),
    Phase.RESTING: ("hold",),
    Phase.ENDED: (),
}
GO_ON: Final = {
    Phase.READY: "start",
    Phase.RECORDING: "end episode",
    Phase.REVIEWING: "finish",
    Phase.MIRRORING: "finish",
}


def key_line_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """One row; the key that shows all others stands at its end, whatever else there is room for."""
    last = _entry(scene.keys.get("help", "?"), WORDS["help"])
    row: Row = []
    for action in (*ORDER[scene.facts.session.phase], *ALWAYS):
        if action not in scene.keys:
            continue
        entry = _entry(scene.keys[action], _word(action, scene.facts.session.phase))
        if width_of([*row, *entry, *last]) <= width:
            row += entry
    return [fit([*row, *last], width, "key.word")]


def _word(action: str, phase: Phase) -> str:
    return GO_ON.get(phase, WORDS["go_on"]) if action == "go_on" else WORDS.get(action, action)


def _entry(key: str, word: str) -> Row:
    return [(f" {key} ", "key"), (f" {word} ", "key.word")]
