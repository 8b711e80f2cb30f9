"""Brings back what failed while the rig holds: one arm at a time a procedure that spans ticks.

Each arm in trouble has one procedure (a generator: every `yield` ends its part of a tick and says
what it waits for). It ends with all nine servos holding where they are; only then is the arm driven
again. Nothing here moves a joint. What carries weight is restarted only once the operator has said
that the arm is supported: a restart drops it for an instant.
"""

from collections.abc import Callable, Generator
from typing import Final

import numpy as np

from teleop.alarms import UNKNOWN, shut_down
from teleop.arm import Arm
from teleop.errors import TeleopError
from teleop.joints import SERVOS_PER_ARM
from teleop.readings import Mask
from teleop.rig import Rig
from teleop.tick import Need

CARRIES_WEIGHT: Final = np.isin(np.arange(1, SERVOS_PER_ARM + 1), (2, 3, 4, 5))
"""(9,) shoulder and elbow, each with its second servo: without them the arm sags."""
BOOT_TICKS: Final = 100
"""Patience for servos to answer after a restart, 2 s at 50 Hz; they take some 0.3 s."""
REOPEN_TICKS: Final = 25
"""Between two tries to open a port that is gone."""
SETTLE_TICKS: Final = 3
"""How often a servo that was silent must answer in a row."""

Procedure = Generator[Need, None, None]
Say = Callable[[str], None]


class Recovery:
    """What is being brought back, by arm.

    Args:
        pair_limit_rad: farther apart the two servos of a joint do not hold it.
        say: tells the operator a sentence.
    """

    def __init__(self, rig: Rig, pair_limit_rad: float, say: Say) -> None:
        self._rig = rig
        self._pair_limit_rad = pair_limit_rad
        self._say = say
        self._running: dict[str, Procedure] = {}
        self._said: dict[str, str] = {}
        self._asking: dict[str, str] = {}  # what each arm that waits for the operator asks for
        self._confirmed = False
        self.need = Need.NOTHING

    def __bool__(self) -> bool:
        return bool(self._running)

    def bring_back(self, arm: Arm) -> None:
        """Begin with an arm; harmless where it is under way. The arm gets no goals meanwhile."""
        if arm.name not in self._running:
            arm.driven = False
            self._running[arm.name] = self._procedure(arm)
            self.need = max(self.need, Need.RECOVERING, key=_URGENCY.index)

    def confirm(self) -> None:
        """The operator supports the arm, or has mended what was wrong: one arm at a time."""
        self._confirmed = True

    def tick(self) -> bool:
        """One tick's work on everything; True: an arm has come back, and `goals` have changed.

        Call it while the rig holds.
        """
        needs, back = [Need.NOTHING], False
        for name, procedure in list(self._running.items()):
            try:
                needs.append(next(procedure))
            except StopIteration:
                del self._running[name]
                back = True
        self._confirmed = False
        self.need = max(needs, key=_URGENCY.index)
        return back

    def give_up(self) -> None:
        """The rig is to rest now: whoever holds as it is comes along, the others get no goals."""
        for arm in self._rig.arms:
            if arm.name in self._running:
                arm.driven = arm.bus.connected and not arm.restore()
        self._running.clear()
        self._asking.clear()
        self.need = Need.NOTHING

    # ---- the procedure ------------------------------------------------------------------------

    def _procedure(self, arm: Arm) -> Procedure:
        """Everything that may have to be done to an arm, until it holds again."""
        yield Need.RECOVERING  # everybody has stopped first
        supported = False
        while True:
            if not arm.bus.connected:
                yield from self._plug_in(arm)
            yield from self._hear_all(arm)
            if not arm.bus.connected:
                continue
            yield from self._restart(arm, supported)
            failed = shut_down(arm.hardware_error)
            problem = arm.restore()  # whoever can hold does, a failed servo's shadow too
            if not problem and arm.bus.connected:
                break
            if problem:
                text = self._still_failing(arm, failed) or problem
                carries = bool((failed & CARRIES_WEIGHT).any())
                need = Need.CONFIRM if carries else Need.SERVO
                yield from self._wait_for_operator(arm, need, f"{text} Then confirm.")
                supported = carries
        arm.returned[:] = False
        arm.driven = True
        self._said.pop(arm.name, None)
        self._say(f"{arm.name} is back and holds where it is.")

    def _plug_in(self, arm: Arm) -> Procedure:
        """Until the port is there again and the nine servos on it are those that should be."""
        while True:
            for _ in range(REOPEN_TICKS):
                yield Need.PLUG
            try:
                arm.bus.reconnect()
                setup = self._rig.setup(arm.bus, arm.role).steps()
                while True:
                    next(setup)
                    yield Need.RECOVERING
            except StopIteration as done:
                arm.adopt_servos(done.value)
                yield Need.RECOVERING
                return
            except TeleopError as error:
                self._say_once(arm, str(error))
                arm.bus.disconnect()

    def _hear_all(self, arm: Arm) -> Procedure:
        """Until every servo answers, with something that can be true or that the operator has
        looked at, and pairs agree."""
        heard = 0
        while heard < SETTLE_TICKS and arm.bus.connected:
            if arm.impossible.any() and self._take_confirmation():
                arm.believe()
            heard = heard + 1 if arm.ok and arm.pair_gap_rad <= self._pair_limit_rad else 0
            yield Need.RECOVERING if heard else Need.SERVO

    def _restart(self, arm: Arm, supported: bool) -> Procedure:
        """Restart the servos that have shut themselves down, and wait until they answer.

        Args:
            supported: the operator has just said so.
        """
        arm.take_condition()
        failed = shut_down(arm.hardware_error)
        if (failed & CARRIES_WEIGHT).any() and not supported:
            yield from self._wait_for_operator(
                arm,
                Need.CONFIRM,
                f"Servo {arm.named(failed & CARRIES_WEIGHT)} of {arm.name} must be restarted, and "
                "the arm will sag: support it, then confirm.",
            )
        for index in np.flatnonzero(failed).tolist():
            self._say(f"Restarting servo {arm.called(index)} of {arm.name}.")
            arm.bus.reboot(index + 1)
            arm.hardware_error[index] = UNKNOWN
        arm.believe()
        for tick in range(BOOT_TICKS if failed.any() else 0):
            yield Need.RECOVERING
            if tick >= SETTLE_TICKS and arm.ok:
                break
        arm.take_condition()

    def _still_failing(self, arm: Arm, failed: Mask) -> str:
        """Which servos are shut down after all, or do not answer after their restart."""
        if not failed.any():
            return ""
        support = "keep supporting the arm, " if (failed & CARRIES_WEIGHT).any() else ""
        return (
            f"Servo {arm.named(failed)} of {arm.name} does not come back: {support}let it cool, "
            "check its power and cable."
        )

    def _wait_for_operator(self, arm: Arm, need: Need, text: str) -> Procedure:
        """Ask, until it is this arm's turn to be confirmed.

        One confirmation is for one arm: nobody supports two at once. The others ask again.
        """
        self._say(text)
        self._asking[arm.name] = text
        yield need  # what was confirmed before was something else
        while not self._take_confirmation():
            yield need
        del self._asking[arm.name]
        for other in self._asking.values():
            self._say(other)

    def _take_confirmation(self) -> bool:
        confirmed, self._confirmed = self._confirmed, False
        return confirmed

    def _say_once(self, arm: Arm, text: str) -> None:
        """Not the same every half second: only what is new about an arm."""
        if self._said.get(arm.name) != text:
            self._said[arm.name] = text
            self._say(text)


_URGENCY: Final = (Need.NOTHING, Need.RECOVERING, Need.PLUG, Need.SERVO, Need.CONFIRM)
"""What the operator is asked for where several things are needed, the last one first."""
