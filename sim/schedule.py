"""Slots in real time, with absolute deadlines."""


class Schedule:
    """Slots at ``start + k * period`` of CLOCK_MONOTONIC, k = 0, 1, 2 ...

    A slot may be taken late; one that is late by a whole period is skipped, never made up for.

    Attributes:
        skipped: slots that nobody took.
    """

    def __init__(self, start_ns: int, period_ns: int) -> None:
        self.skipped = 0
        self._start_ns = start_ns
        self._period_ns = period_ns
        self._next = 0

    @property
    def due_ns(self) -> int:
        """When the next slot begins."""
        return self._start_ns + self._next * self._period_ns

    def take(self, now_ns: int) -> int:
        """The newest slot that has begun; those before it that were not taken are skipped.

        Call it once `due_ns` has come.
        """
        slot = (now_ns - self._start_ns) // self._period_ns
        self.skipped += slot - self._next
        self._next = slot + 1
        return slot
