"""When the bell rings: at what the operator, who looks at the arms, would want to look up for."""

from typing import Final

from recorder.status import Verdict
from session.status import Phase
from tui.dashboard.panels.state import NO_DATA, look_of
from tui.facts.facts import Facts

MOVING: Final = (Phase.RECORDING, Phase.MIRRORING, Phase.REPLAYING)
CALLING: Final = (*MOVING, Phase.READY, Phase.HOLDING, Phase.FAULT)
"""The others come and go by themselves, some within a moment."""


def rings(before: Facts, now: Facts) -> bool:
    """Whether something has begun or ended between two looks, a take was rejected, or the session
    fell silent."""
    was, is_ = before.session.phase, now.session.phase
    if was is not is_ and (is_ in CALLING or was in MOVING):
        return True
    if look_of(now.session) is NO_DATA is not look_of(before.session):
        return True
    return bool(_rejected(now) - _rejected(before))


def _rejected(facts: Facts) -> set[int]:
    return {take.episode for take in facts.takes if take.verdict is Verdict.REJECT}
