"""Publishes the session's status block (`session.status`)."""

import time
from pathlib import Path

from session.config import SessionConfig
from session.kind import RigKind
from session.status import MAX_TAKES, PROMPT_BYTES, REASON_BYTES, SESSION_DTYPE, STATUS_RING, Phase
from session.takes import Take, Takes
from teleop.ring import Record, RingWriter


class StatusBoard:
    """The one writer of the status of a session."""

    def __init__(self, config: SessionConfig, kind: RigKind) -> None:
        self._goal = config.episodes if config.purpose == "record" else 0
        self._kind = kind
        self._ring = RingWriter(Path(config.runtime_dir) / STATUS_RING, SESSION_DTYPE, 4)

    def publish(
        self,
        phase: Phase,
        prompt: str,
        episode: int,
        seed: int,
        takes: Takes,
        pausing: bool,
        reset_until_ns: int,
    ) -> None:
        """As things are now; arguments as the fields of `SESSION_DTYPE`."""
        status = self._ring.begin()
        status["heartbeat_ns"] = time.monotonic_ns()
        status["phase"] = phase
        status["kind"] = self._kind
        status["attempt"] = min(takes.accepted + 1, self._goal)
        status["episodes"] = self._goal
        status["episode"] = episode
        status["saved"] = sum(take.saved for take in takes.all())
        status["successes"] = takes.successes
        status["faults"] = takes.faults
        status["accepted"] = takes.accepted
        status["rejected"] = takes.rejected
        status["pausing"] = pausing
        status["reset_until_ns"] = reset_until_ns
        status["seed"] = seed
        status["prompt"] = _bytes(prompt, PROMPT_BYTES)
        newest = takes.newest(MAX_TAKES)
        status["takes"] = len(newest)
        for row, take in zip(status["take"], newest, strict=False):
            _fill(row, take)
        self._ring.commit()


def _fill(row: Record, take: Take) -> None:
    row["episode"] = take.episode
    row["state"] = take.state
    row["outcome"] = take.outcome
    row["verdict"] = take.verdict
    row["steps"] = take.steps
    row["reason"] = _bytes(take.reason, REASON_BYTES)
    row["advice"] = _bytes(take.what_to_do, REASON_BYTES)
    row["label"] = _bytes(take.label, REASON_BYTES)


def _bytes(text: str, limit: int) -> bytes:
    """As much of it as there is room for, no letter cut in two."""
    return text.encode()[:limit].decode(errors="ignore").encode()
