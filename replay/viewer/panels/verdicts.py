"""How verdicts, severities and outcomes are shown: word, symbol, style."""

from typing import Final, NamedTuple

from teleop.tick import Outcome


class VerdictLook(NamedTuple):
    """`style`: of the whole head line, as the dashboard's banner has its state's."""

    text: str
    style: str


VERDICTS: Final = {
    "ok": VerdictLook("✓ ok", "state.review"),
    "warn": VerdictLook("! WARN", "state.holding"),
    "reject": VerdictLook("✗ REJECT", "state.recording"),
    "unsound": VerdictLook("✗ UNSOUND", "state.recording"),
    "unusable": VerdictLook("✗ UNUSABLE", "state.fault"),
    "not checked": VerdictLook("? not checked", "state.moving"),
}
OUTCOMES: Final = {
    Outcome.SUCCESS: "✓ success",
    Outcome.FAILURE: "✗ failure",
    Outcome.UNLABELLED: "unlabelled",
}
SYMBOLS: Final = {"reject": "✗", "warn": "!", "event": "◆"}
