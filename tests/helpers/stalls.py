"""Whether the machine has stood still: then a control loop in real time holds, as it must, and a
test of anything else it does proves nothing."""

import threading
import time
from typing import Final

PERIOD_S: Final = 0.02
STALL_S: Final = 0.15
"""Control holds after 0.2 s."""


class StallWatch:
    """A thread that notices when it was not given a processor for far too long."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        threading.Thread(target=self._watch, name="stall watch", daemon=True).start()

    def forget(self) -> None:
        """Begin anew."""
        self.longest_s = 0.0

    @property
    def has_stalled(self) -> bool:
        """Since it began."""
        return self.longest_s > STALL_S

    def _watch(self) -> None:
        before_s = time.monotonic()
        while True:
            time.sleep(PERIOD_S)
            now_s = time.monotonic()
            self.longest_s = max(self.longest_s, now_s - before_s - PERIOD_S)
            before_s = now_s
