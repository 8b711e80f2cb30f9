"""After the last take: its verdict, and time to record it again before the session ends."""

import time
from typing import Final

from session.station import Station
from session.status import Phase

VERDICT_TIMEOUT_S: Final = 30.0
"""For takes to become files, and to be judged."""


class Review:
    """Asks the operator, where there is one, whether what was recorded will do."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def is_passed(self) -> bool:
        """Wait until it is clear; false: another take is to be made.

        A terminal that goes away meanwhile changes nothing.
        """
        station = self._station
        if not station.attended:
            return True
        self._await_verdicts()
        if station.enough and station.config.task.reset_s > 0 and station.leaving is None:
            self._await_operator()
        return station.enough

    def _await_verdicts(self) -> None:
        station = self._station
        if station.takes.undecided:
            station.enter(Phase.SAVING)
        station.waited(
            lambda: not station.takes.undecided or self._is_off(),
            VERDICT_TIMEOUT_S,
            interruptible=False,
        )

    def _await_operator(self) -> None:
        """Until they say so, or as long as putting the scene back would have taken."""
        station, countdown = self._station, self._station.countdown
        countdown.begin()
        all_ = f"All {station.config.episodes} recorded"
        station.enter(
            Phase.REVIEWING,
            f"{all_}. Press Enter to end, or redo for the last one again.",
        )
        ends_s = time.monotonic() + countdown.left_s
        station.waited(
            lambda: station.answered or self._is_off() or time.monotonic() > ends_s,
            None,
            interruptible=False,
        )
        countdown.clear()

    def _is_off(self) -> bool:
        return not self._station.enough or self._station.leaving is not None
