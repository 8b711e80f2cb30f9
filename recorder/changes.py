"""What has become of an episode, as the recorder's threads tell each other and the session."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recorder.episode.finalise import Saved
from recorder.status import NONE, SAVED_DTYPE, Change, Verdict
from recorder.verdict import verdict_of, worst_of
from teleop.tick import Outcome


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """A record of the ring `SAVED_RING` (meanings: `SAVED_DTYPE`)."""

    episode: int
    change: Change
    edit: int = NONE
    steps: int = 0
    size_bytes: int = 0
    outcome: Outcome = Outcome.UNLABELLED
    verdict: Verdict = Verdict.UNKNOWN
    reason: str = ""
    advice: str = ""

    def record(self) -> Any:
        """0-d record of SAVED_DTYPE; texts are cut to what it holds."""
        record: Any = np.zeros((), SAVED_DTYPE)
        for name in ("episode", "change", "edit", "steps", "outcome", "verdict"):
            record[name] = getattr(self, name)
        record["bytes"] = self.size_bytes
        for name in ("reason", "advice"):
            record[name] = _cut(getattr(self, name), SAVED_DTYPE[name].itemsize)
        return record


def change_of(saved: Saved) -> EpisodeChange:
    """What has become of a journal."""
    reason, advice = worst_of(saved.judgement)
    return EpisodeChange(
        saved.number,
        Change.SAVED if saved.path else Change.EMPTY,
        steps=saved.steps,
        size_bytes=saved.size_bytes,
        outcome=saved.outcome,
        verdict=verdict_of(saved.judgement),
        reason=reason or saved.note,
        advice=advice,
    )


def _cut(text: str, size: int) -> bytes:
    """UTF-8 of at most `size` bytes, no letter of it in halves."""
    return text.encode(errors="replace")[:size].decode(errors="ignore").encode()
