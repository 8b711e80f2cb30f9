"""The key line: what can be done just now, the likeliest first."""

from typing import Final

from session.status import Phase, TakeState
from tui.dashboard.drawing.rows import Row, fit, width_of
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import Facts, SessionFacts

WORDS: Final = {
    "go_on": "go on",
    "hold": "hold",
    "success": "success",
    "failure": "failure",
    "discard": "discard",
    "redo": "redo",
    "undo": "undo",
    "accept": "accept",
    "note": "note",
    "pause": "pause",
    "rest": "end",
    "lead": "take over",
    "detach": "leave",
    "cameras": "cameras",
    "theme": "colours",
    "help": "keys",
}
SHORT: Final = {"success": "good", "failure": "fail", "cameras": "cam", "end episode": "end"}
"""Words where there is little room."""
AFTER: Final = ("redo", "discard", "success", "failure", "accept", "undo", "note")
"""What can be done about the last take."""
ALWAYS: Final = ("cameras", "theme", "detach")
ORDER: Final = {
    Phase.STARTING: ("hold", "rest"),
    Phase.PREPARING: ("hold", "pause", "rest", *AFTER),
    Phase.READY: ("go_on", "hold", "pause", "rest", *AFTER),
    Phase.RECORDING: (
        *("lead", "go_on", "hold", "success", "failure", "redo", "discard", "note"),
        *("cameras", "pause"),
    ),
    Phase.SAVING: ("hold", "pause", "rest", *AFTER),
    Phase.HOLDING: ("go_on", "rest", "accept", "note", "undo", "discard"),
    Phase.FAULT: ("go_on", "rest", "note"),
    Phase.PAUSED: ("go_on", "pause", "rest", *AFTER),
    Phase.REVIEWING: ("go_on", "rest", *AFTER),
    Phase.MIRRORING: ("hold", "rest", "go_on"),
    Phase.REPLAYING: ("hold", "rest", "go_on"),
    Phase.RESTING: ("hold",),
    Phase.ENDED: (),
}
GO_ON: Final = {
    Phase.READY: "start",
    Phase.RECORDING: "end episode",
    Phase.REVIEWING: "finish",
    Phase.MIRRORING: "finish",
    Phase.REPLAYING: "finish",
}
AS_ASKED: Final = "as asked"
"""After a playback the arms do not go on: they go to rest."""
FORMS: Final = ((True, False), (False, False), (False, True))
"""Roomy and short, the easiest to read first."""


def key_line_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """One row; the key that shows all others stands at its end, whatever else there is room for."""
    asked = actions(scene.facts)
    row: Row = []
    for roomy, short in FORMS:
        row, left_out = _line(scene, (*asked, *ALWAYS), width, roomy, short)
        if not left_out & {*asked, "cameras"}:
            break
    return [fit(row, width, "key.word")]


def actions(facts: Facts) -> list[str]:
    """What makes sense just now: nothing about the last take where there is none."""
    phase, takes = facts.session.phase, facts.takes
    useless: set[str] = set()
    if facts.session.purpose != "record":
        useless |= {"cameras", "pause"}
    if not facts.session.policy:
        useless.add("lead")
    if not takes and phase is not Phase.RECORDING:
        useless |= set(AFTER)
    if phase is Phase.HOLDING and takes and takes[0].state is not TakeState.REJECTED:
        useless.add("accept")
    return [action for action in ORDER[phase] if action not in useless]


def _line(
    scene: Scene, wanted: tuple[str, ...], width: int, roomy: bool, short: bool
) -> tuple[Row, set[str]]:
    """The keys in one form, and the actions that there was no room for."""
    last = _entry(scene.keys.get("help", "?"), WORDS["help"], roomy)
    if not roomy:
        last = [(text.rstrip(), style) for text, style in last]
    row: Row = []
    left_out: set[str] = set()
    for action in dict.fromkeys(each for each in wanted if each in scene.keys):
        word = _word(action, scene.facts.session)
        entry = _entry(scene.keys[action], SHORT.get(word, word) if short else word, roomy)
        if width_of([*row, *entry, *last]) <= width:
            row += entry
        else:
            left_out.add(action)
    return [*row, *last], left_out


def _word(action: str, session: SessionFacts) -> str:
    phase = session.phase
    if action == "go_on" and phase is Phase.HOLDING and session.purpose == "replay":
        return AS_ASKED
    if action == "go_on":
        return GO_ON.get(phase, WORDS["go_on"])
    if action == "pause" and phase is Phase.PAUSED:
        return WORDS["go_on"]
    return WORDS.get(action, action)


def _entry(key: str, word: str, roomy: bool) -> Row:
    return [(f" {key} " if roomy else key, "key"), (f" {word} ", "key.word")]
