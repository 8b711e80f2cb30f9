"""Before an attempt: arms at their start, a recorder that is ready, somebody who wants to begin."""

from typing import Final

from session.errors import SessionError
from session.holds import Holds
from session.station import Station
from session.status import Phase
from teleop.tick import NO_EPISODE, State

RECORDER_TIMEOUT_S: Final = 120.0
CAMERAS_TIMEOUT_S: Final = 20.0
"""For the cameras of the simulated rig to give pictures, and for room on its disk."""
PAUSED: Final = "Paused. Press Enter to go on."


class Readiness:
    """Waits for whatever a start needs, in the order in which it can be had."""

    def __init__(self, station: Station, holds: Holds) -> None:
        self._station = station
        self._holds = holds

    def reached(self) -> bool:
        """Wait for it; false: enough is recorded, no other start is wanted.

        Raises:
            Interrupted, Unwatched: the operator leaves, or the terminal went away.
            SessionError: it cannot be reached, and nobody is there to see to that.
        """
        station = self._station
        station.episode = NO_EPISODE
        while not station.enough:
            self._holds.bring_home()
            station.wait(
                lambda: station.recorder_ready or self._is_off(),
                RECORDER_TIMEOUT_S,
                "the recorder to be ready",
            )
            self._await_cameras_and_disk()
            if self._await_operator() and not self._is_off() and not station.why_not_start():
                return True
        return False

    def _await_cameras_and_disk(self) -> None:
        """Until every camera gives pictures and the disk has room for a whole episode."""
        station = self._station
        timeout_s = None if station.attended else CAMERAS_TIMEOUT_S
        why = station.why_not_start()

        def changed() -> bool:
            return station.why_not_start() != why or self._is_off()

        while why and not self._is_off():
            station.enter(Phase.PREPARING, why)
            if not station.waited(changed, timeout_s):
                raise SessionError(why)
            why = station.why_not_start()

    def _await_operator(self) -> bool:
        """Until somebody wants to begin; false: it has to be seen again what there is to do."""
        if self._station.wishes.pausing:
            self._await_end_of_pause()
            return False
        return not self._station.attended or self._await_sign()

    def _await_end_of_pause(self) -> None:
        station = self._station
        station.enter(Phase.PAUSED, PAUSED)
        station.wait(
            lambda: station.answered or not station.wishes.pausing or self._is_off(), None, ""
        )
        if station.answered:
            station.wishes.pausing = False

    def _await_sign(self) -> bool:
        """Until the operator makes a sign to begin; false: something else has come first."""
        station, watch = self._station, self._station.watch
        seen, question = watch.gestures, self._how_to_start()

        def asked() -> bool:
            return station.answered or watch.gestures != seen

        def is_over() -> bool:
            changed = station.wishes.pausing or self._how_to_start() != question
            return asked() or changed or self._is_off() or bool(station.why_not_start())

        station.enter(Phase.READY, question)
        station.wait(is_over, None, "")
        return asked() and not station.wishes.pausing

    def _how_to_start(self) -> str:
        station, config = self._station, self._station.config
        what = "let the followers follow"
        if station.recording:
            what = f"start episode {station.takes.accepted + 1} of {config.episodes}"
        elif config.playback:
            what = f"play {config.playback.name} back"
        if config.rig_file.rig.start == "grippers":
            return f"Open and close both leader grippers, or press Enter, to {what}."
        return f"Press Enter to {what}."

    def _is_off(self) -> bool:
        """The arms do not wait at their start any more, or are about to be stopped there; or
        enough is recorded."""
        station = self._station
        return station.watch.state is not State.WAITING or station.must_ask or station.enough
