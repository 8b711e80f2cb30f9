"""Out of a hold: what must be mended, who is asked for it, and the way back to the start pose.

Control comes to a hold by itself whenever something is wrong, and says in its ticks what the hold
waits for. Where somebody works the rig, nothing moves after that before they have pressed Enter.
Else there is no arm to support: the session answers for the operator, a few times in a row.
"""

import time
from collections.abc import Callable
from typing import Final

from session.errors import Interrupted, SessionError
from session.station import Station
from session.status import Phase
from teleop.commands import Hold, Home, Recover
from teleop.tick import Need, State

HOME_TIMEOUT_S: Final = 120.0
"""For ramps and lock-step on a slow machine: holds are waited for as long as they take."""
MEND_S: Final = 5.0
"""What control may take to bring servos back before it is asked again."""
ANSWER_S: Final = 1.0
"""After which the session answers for the operator of the simulated rig."""
SIMULATED_PATIENCE_S: Final = 60.0
SIMULATED_TRIES: Final = 3
SUPPORT_TRIES: Final = 5

ASKED: Final = {
    Need.NOTHING: "Press Enter to {then}.",
    Need.CONFIRM: "Support the arm that the reason above names, then press Enter.",
    Need.SERVO: "Mend what the reason above names (cable, power), then press Enter.",
}


class Holds:
    """Everything about holds that nobody asked for, and those that the operator did."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._patience_s = station.config.rig_file.rig.safety.hold_timeout_s
        self._tries = 0
        self._began_s = 0.0

    def bring_home(self) -> None:
        """Until the arms wait at their start, whatever holds them on the way.

        Raises:
            Interrupted: the operator leaves, or nobody has been there for `hold_timeout_s`.
            Unwatched: the terminal went away while they were moving.
            SessionError: a process was lost, or the simulated rig holds again and again.
        """
        station = self._station
        while not self._come_home():
            if not self.clear("bring the arms to their start pose", self._is_leaving):
                raise Interrupted
            station.tell(Home())

    def clear(self, then: str, leaving: Callable[[], bool], raising: bool = True) -> bool:
        """Have what holds the arms mended; true: they may be told to move again.

        Args:
            then: what they will do, for the operator who is asked.
            leaving: the operator wants something else.
            raising: as said below; else what is wrong is left to the caller.

        Returns:
            False: somebody is leaving, or nobody is there.

        Raises:
            SessionError: the simulated rig holds again and again; a process was lost.
        """
        self._began_s = time.monotonic()
        while not (leaving() or self._is_deserted() or self._tries > SIMULATED_TRIES):
            need = self._station.watch.need
            if need in (Need.PLUG, Need.RECOVERING):
                self._await_change(need, leaving, raising)
            elif self._is_confirmed(need, then, leaving, raising):
                if need is Need.NOTHING:
                    self._station.must_ask = False
                    return True
                self._mend(raising)
        if self._tries > SIMULATED_TRIES and raising:
            raise SessionError("The simulated rig does not come out of its hold: giving up.")
        return False

    def before_rest(self) -> None:
        """After the last demonstration: arms that were stopped over it are not moved unasked."""
        station = self._station
        if station.must_ask:
            station.wait(lambda: station.held, HOME_TIMEOUT_S, "the hold", interruptible=False)
        if station.held:
            self.clear("bring the arms to rest", self._is_leaving)

    def support(self, leaving: Callable[[], bool]) -> None:
        """Before arms are brought to rest: limp joints come back, once the operator supports them.

        What is missing does not: the arms that are there rest without it.
        """
        self._began_s = time.monotonic()
        for _ in range(SUPPORT_TRIES):
            while self._station.watch.need is Need.RECOVERING and not leaving():
                self._station.pump(raising=False)
            if self._station.watch.need is not Need.CONFIRM or leaving() or self._is_deserted():
                return
            if self._is_confirmed(Need.CONFIRM, "", leaving, raising=False):
                self._mend(raising=False)

    def worked(self) -> None:
        """A demonstration went well: holds of the past do not count any more."""
        self._tries = 0

    def after_fault(self, why: str) -> None:
        """Hold where the fault found the arms, until somebody says to rest or the time is over.

        Args:
            why: for the file of an episode that ends so.
        """
        station = self._station
        control = station.crew.children.get("control")
        if control is None or control.exit_status() is not None:
            return
        station.log(
            f"The arms hold. They go to rest in {self._patience_s:.0f} s, or at once on Ctrl-C.",
            "warning",
        )
        station.tell(Hold(why.rstrip(".")))  # it comes to stand within a sentence
        station.enter(Phase.FAULT)
        deadline = time.monotonic() + self._patience_s
        while station.leaving is None and time.monotonic() < deadline:
            station.pump(raising=False)
            if control.exit_status() is not None:
                return

    # -- inside

    def _come_home(self) -> bool:
        """The arms have come to wait at their start; false: they hold."""
        station = self._station
        station.enter(Phase.PREPARING)

        def arrived() -> bool:
            return station.watch.state is State.WAITING and not station.must_ask

        station.wait(
            lambda: arrived() or station.held,
            HOME_TIMEOUT_S,
            "the arms at their start",
            interruptible=not station.must_ask,  # they stop at once, and then are asked about
        )
        return arrived()

    def _is_confirmed(
        self, need: Need, then: str, leaving: Callable[[], bool], raising: bool
    ) -> bool:
        """The operator has done what there is to do; false: something has changed meanwhile."""
        station = self._station
        text = ASKED[need].format(then=then)
        if not station.attended and not station.must_ask:
            self._tries += 1
            station.enter(Phase.HOLDING)
            if need is not Need.NOTHING:
                station.log(f"{text} The session does that for the simulated operator.")
                self._pump_for(ANSWER_S, lambda: station.watch.need is not need, raising)
            return station.watch.need is need
        station.enter(Phase.HOLDING, text)
        while not station.answered:
            if station.watch.need is not need or leaving() or self._is_deserted():
                return False
            station.pump(raising)
        return True

    def _await_change(self, need: Need, leaving: Callable[[], bool], raising: bool) -> None:
        """Until control needs something else: it puts this right by itself."""
        station = self._station
        station.enter(Phase.HOLDING, self._plug_in() if need is Need.PLUG else "")
        began = time.monotonic()
        while station.watch.need is need and not (leaving() or self._is_deserted()):
            station.pump(raising)
            if not station.attended and time.monotonic() - began > SIMULATED_PATIENCE_S:
                self._tries = SIMULATED_TRIES + 1
                return

    def _plug_in(self) -> str:
        buses = self._station.config.rig_file.rig.bus_names
        gone = [name for name in buses if name not in self._station.watch.connected]
        return f"{' and '.join(gone) or 'An arm'} cannot be reached: plug the USB adapter in."

    def _mend(self, raising: bool) -> None:
        """Tell control that it may bring the servos back, and let it begin."""
        station = self._station
        station.enter(Phase.HOLDING)
        station.tell(Recover())
        self._pump_for(
            MEND_S, lambda: station.watch.need in (Need.NOTHING, Need.RECOVERING), raising
        )

    def _pump_for(self, duration_s: float, done: Callable[[], bool], raising: bool) -> None:
        deadline = time.monotonic() + duration_s
        while time.monotonic() < deadline and not done():
            self._station.pump(raising)

    def _is_leaving(self) -> bool:
        return self._station.leaving is not None

    def _is_deserted(self) -> bool:
        """Nobody has been there for `hold_timeout_s` of this hold."""
        held_s = time.monotonic() - self._began_s
        return min(held_s, self._station.unwatched_s()) > self._patience_s
