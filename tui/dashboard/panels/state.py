"""The state of a session as an operator knows it: a word, a symbol and a colour."""

from typing import Final, NamedTuple

from session.status import Phase
from tui.facts.facts import SessionFacts

SILENT_S: Final = 1.0
"""A session that says nothing for so long: what is shown may not be true any more."""


class StateLook(NamedTuple):
    """How a state is shown. `style`: of the whole banner."""

    word: str
    symbol: str
    style: str


NO_DATA: Final = StateLook("NO DATA", "?", "state.silent")
LOOKS: Final = {
    Phase.STARTING: StateLook("STARTING", "○", "state.moving"),
    Phase.PREPARING: StateLook("HOMING", "»", "state.moving"),
    Phase.RECORDING: StateLook("RECORDING", "●", "state.recording"),
    Phase.SAVING: StateLook("SAVING", "▼", "state.saving"),
    Phase.HOLDING: StateLook("HOLDING", "■", "state.holding"),
    Phase.RESTING: StateLook("RESTING", "«", "state.moving"),
    Phase.ENDED: StateLook("ENDED", "□", "state.moving"),
    Phase.FAULT: StateLook("FAULT", "✗", "state.fault"),
    Phase.READY: StateLook("WAITING", "◇", "state.waiting"),
    Phase.MIRRORING: StateLook("MIRRORING", "⇄", "state.mirroring"),
    Phase.REPLAYING: StateLook("REPLAY", "▶", "state.mirroring"),
    Phase.PAUSED: StateLook("PAUSED", "‖", "state.paused"),
    Phase.REVIEWING: StateLook("REVIEW", "◆", "state.review"),
}


def look_of(session: SessionFacts) -> StateLook:
    """The look of what the session is about, or of its silence."""
    if session.silent_s > SILENT_S and session.phase is not Phase.ENDED:
        return NO_DATA
    return LOOKS[session.phase]
