"""How long putting the scene back may take. It binds nobody: a start is possible at any time."""

import time


class Countdown:
    """Counts down by CLOCK_MONOTONIC.

    Attributes:
        until_ns: when it comes, or came, to its end; 0: it does not run.
    """

    def __init__(self, reset_s: float) -> None:
        self._reset_ns = round(reset_s * 1e9)
        self._told = False
        self.until_ns = 0

    def begin(self) -> None:
        """A take is over; where nothing is to be put back, nothing is counted."""
        self._told = False
        self.until_ns = time.monotonic_ns() + self._reset_ns if self._reset_ns else 0

    def clear(self) -> None:
        """Nobody waits for it any more."""
        self.until_ns = 0

    @property
    def left_s(self) -> float:
        """Until its end; 0 where it does not run, or has come there."""
        return max(0.0, (self.until_ns - time.monotonic_ns()) / 1e9) if self.until_ns else 0.0

    def has_just_ended(self) -> bool:
        """It has come to its end, and this is asked for the first time."""
        ended = self.until_ns > 0 and not self._told and not self.left_s
        self._told = self._told or ended
        return ended
