"""The last takes: what has become of each, why, and what to do about it."""

from dataclasses import replace
from typing import Final

from recorder.status import Verdict
from session.status import TakeState
from teleop.tick import Outcome
from tui.dashboard.drawing.rows import Row, cell, cut, fit, lines_of, title
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import TakeFacts

STATES: Final = {
    TakeState.RECORDING: ("● recording", "strong"),
    TakeState.SAVING: ("▼ saving", "strong"),
    TakeState.ACCEPTED: ("✓ accepted", "good"),
    TakeState.REJECTED: ("✗ REJECTED", "alarm"),
    TakeState.DISCARDED: ("↺ discarded", "gone"),
    TakeState.LOST: ("! LOST", "severe"),
}
OUTCOMES: Final = {Outcome.UNLABELLED: "", Outcome.SUCCESS: "success", Outcome.FAILURE: "failure"}
UNDER_WAY: Final = (TakeState.RECORDING, TakeState.SAVING)
"""Nothing is to be said about such a take yet: what was said about the last one counts."""
STATE_COLUMNS: Final = 13
INDENT: Final = 5


def takes_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """The newest take that there is something to say about in full, the others in a line each."""
    takes = scene.facts.takes
    rows = [title("EPISODES", _summary(scene), width)]
    if not takes:
        return [*rows, fit([(" none yet", "dim")], width)]
    newest, *older = takes
    elapsed_s = scene.facts.session.elapsed_s
    if newest.state is TakeState.RECORDING and elapsed_s is not None:
        newest = replace(newest, length_s=elapsed_s)
    if older and newest.state in UNDER_WAY:
        rows.append(take_row(newest, width))
        newest, *older = older
    rows += newest_rows(newest, width, max(height - len(rows), 1))
    return [*rows, *(take_row(take, width) for take in older)][:height]


def newest_rows(take: TakeFacts, width: int, most: int) -> list[Row]:
    """What it is and its label; then the reason, whole, and the advice in what room is left."""
    rows = [_head(take, width, f"{OUTCOMES[take.outcome]} {_quoted(take.label)}".strip())]
    room = width - INDENT - 1
    reason = lines_of(take.reason, room, max(most - 1 - bool(take.advice), 1))
    advice = lines_of(f"→ {take.advice}" if take.advice else "", room, most - 1 - len(reason))
    indent = " " * INDENT
    rows += [fit([(indent, "ink"), (line, "ink")], width) for line in reason]
    rows += [fit([(indent, "ink"), (line, "strong")], width) for line in advice]
    return rows[:most]


def take_row(take: TakeFacts, width: int) -> Row:
    """One take in a line: the reason where there is one, else the label."""
    label = f"{OUTCOMES[take.outcome]} {_quoted(take.label)}".strip()
    return _head(take, width, take.reason or label)


def _head(take: TakeFacts, width: int, text: str) -> Row:
    state, style = _state(take)
    room = width - INDENT - STATE_COLUMNS - 9
    return fit(
        [
            (f"{take.episode:>4} ", "strong"),
            (cell(state, STATE_COLUMNS - 1), style),
            (f" {take.length_s:>5.1f} s ", "ink"),
            (cut(text, max(room, 0)), "dim"),
        ],
        width,
    )


def _state(take: TakeFacts) -> tuple[str, str]:
    text, style = STATES[take.state]
    if take.state is TakeState.ACCEPTED and take.verdict in (Verdict.WARN, Verdict.REJECT):
        return f"{text} !", "warn"
    return text, style


def _summary(scene: Scene) -> str:
    session = scene.facts.session
    return f"{session.successes} success of {session.saved} saved" if session.saved else ""


def _quoted(label: str) -> str:
    return f"“{label}”" if label else ""
