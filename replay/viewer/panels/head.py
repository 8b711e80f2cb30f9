"""The head line: which episode this is, of which arms, and what it is worth."""

from typing import Final

from recorder.episode.history import is_trimmed
from replay.material import TRIMMED
from replay.viewer.panels.verdicts import OUTCOMES, VERDICTS
from replay.viewer.view import View
from tui.dashboard.drawing.palette import BADGES, badge_on
from tui.dashboard.drawing.rows import Row, Span, spread

RIGS: Final = {"simulated": "SIMULATED RIG", "emulated": "EMULATED ARMS"}


def head_rows(view: View, width: int, height: int) -> list[Row]:
    """One row, on the ground of the verdict's colour."""
    loaded = view.loaded
    look = VERDICTS[loaded.word]
    left: Row = [(" ", look.style)]
    right = [look.text]
    if facts := loaded.facts:
        left += [_badge(facts.arms_kind, facts.rig, look.style), (f" {facts.task} ", look.style)]
        right.insert(0, OUTCOMES[facts.outcome])
        right[:0] = [TRIMMED] if is_trimmed(loaded.path, facts.edits) else []
    name = f" {loaded.path.stem}"
    name += f"   {view.number} of {view.count}" if view.count > 1 else ""
    name += f"   {view.unreadable} unreadable" if view.unreadable else ""
    return [
        spread(
            [*left, (name, look.style)],
            [(f"  {'   '.join(right)} ", look.style)],
            width,
            look.style,
        )
    ]


def _badge(kind: str, rig: str, style: str) -> Span:
    """Which arms these were: the one thing that must never be mistaken."""
    known = kind if kind in BADGES else "real"
    return f" {RIGS.get(kind) or f'RIG {rig}'} ", badge_on(known, style)
