"""What the operator is told while a policy leads, or has led: who does, how fast, what to press."""

from pathlib import Path
from typing import Final

from session.feed import open_ring
from teleop.ring import RingError, RingReader
from teleop.targets import TARGET_RING
from teleop.tick import Led

STEADY: Final = 1.5
"""By which factor a latency must change to be told anew: plain displays print a line each time."""


class PolicyPrompt:
    """Looks at the newest plan.

    Args:
        key: that changes who leads.
    """

    def __init__(self, runtime_dir: Path, key: str) -> None:
        self._key = key
        self._path = runtime_dir / TARGET_RING
        self._ring: RingReader | None = None
        self._shown_ms = 0.0
        self._has_led = False

    def prompt(self, led: Led, how_to_end: str) -> str:
        """For who leads now."""
        self._has_led |= led is Led.POLICY
        match led:
            case Led.POLICY:
                says = f"The policy leads{self._latency()}. {self._key}, or push a leader: stop it."
            case Led.LEADERS:
                says = f"You lead. {self._key}: the policy goes on."
            case Led.NOBODY if not self._has_led:
                return how_to_end
            case _:
                says = f"The arms hold. Take both leaders in hand, then {self._key}: you lead."
        return f"{says} {how_to_end}".rstrip()

    def _latency(self) -> str:
        self._ring = self._ring or open_ring(self._path)
        try:
            plan = self._ring.newest() if self._ring else None
        except RingError:
            return ""
        if plan is None or not plan["predict_ns"]:
            return ""
        took_ms = int(plan["predict_ns"]) / 1e6
        if not 1 / STEADY < took_ms / max(self._shown_ms, 1e-9) < STEADY:
            self._shown_ms = took_ms
        return f", predicting in {self._shown_ms:.0f} ms"
