"""What is wrong with the rig in this tick, in words, and what must follow from it.

Looked at once a tick, after the tick has been published: whatever is found takes effect in the next
one. An arm that is being brought back (`Arm.driven` is false) is left to `teleop.recovery`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from teleop.alarms import ALERT_BIT, in_words, is_shutdown, sustained_limit
from teleop.arm import Arm
from teleop.clock import Clock
from teleop.joints import DOF, JOINT_NAMES, JOINTS_PER_ARM, SERVOS_PER_ARM
from teleop.readings import Mask
from teleop.rig import FIRST_ROW, Observation, Rig
from teleop.rig_config import SafetyConfig
from teleop.tick import Stage

GAP_TO_LOOK_S: Final = 0.15
"""After a longer pause the followers' watchdogs (0.2 s) may have tripped."""
GAP_TO_HOLD_S: Final = 0.2
"""After a longer pause nobody knows what the leaders have done meanwhile."""
PAIR_TICKS: Final = 10
OVERRUN_EVERY_TICKS: Final = 50
"""Missed ticks are told about once a second at most."""
HOT_DEGC: Final = 70
"""Ten below where the servos of these arms shut down by default (XL430: two)."""
COOLER_DEGC: Final = 3
"""So much cooler a servo must have become to be told about again."""


StageTimes = Sequence[int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        text: what happened, and what to do.
        hold: the rig must hold.
        arms: these must be brought back before the rig may move again.
        where_it_is: those arms hold where they are: their last command is what overloads them, or
            they have moved since.
    """

    text: str
    hold: bool = False
    arms: tuple[Arm, ...] = ()
    where_it_is: bool = False


class Diagnosis:
    """Remembers what has been told, so that it is told once."""

    def __init__(self, rig: Rig, safety: SafetyConfig, period_s: float) -> None:
        self._rig = rig
        self._safety = safety
        self._effort_ticks = max(1, round(safety.effort_warning_s / period_s))
        self._lost_ticks = dict.fromkeys(rig.arms, 0)
        self._apart_ticks = dict.fromkeys(rig.arms, 0)
        none = np.zeros(SERVOS_PER_ARM, np.bool_)
        self._alerts = dict.fromkeys(rig.arms, none)
        self._errors = {arm: np.zeros(SERVOS_PER_ARM, np.uint8) for arm in rig.arms}
        self._hot = dict.fromkeys(rig.arms, none)
        self._strained_ticks: dict[int, int] = {}
        self._most_effort = [np.inf] * DOF
        for row, arm in self._followers():
            joints = slice(row * JOINTS_PER_ARM, (row + 1) * JOINTS_PER_ARM)
            self._most_effort[joints] = map(sustained_limit, arm.model_names)
        self._looks = -1
        self._missed = 0
        self._missed_told = -OVERRUN_EVERY_TICKS

    def look(
        self,
        observation: Observation,
        clock: Clock,
        stage_ns: StageTimes,
        following: bool,
        resting: bool = False,
    ) -> list[Finding]:
        """Everything new in this tick.

        Args:
            stage_ns: how long the stages of this tick took; those of `Stage`.
            following: the leaders lead, and have led for a tick.
            resting: arms go to rest: two servos that disagree are no reason to stay up.
        """
        found = self._pause(clock, following)
        if self._something_may_be_wrong():
            for arm in self._rig.arms:
                if arm.driven:
                    pairs = [] if resting else self._pairs(arm)
                    found += self._bus(arm) or [*self._servos(arm), *pairs]
                found += self._heat(arm)
        return [
            *found,
            *self._strain(observation.effort.tolist()),
            *self._overrun(clock, stage_ns, following),
        ]

    def _something_may_be_wrong(self) -> bool:
        """Whether to look at each arm: nearly always all is well, which two tables show. Pairs are
        compared when something else is read, ten times a second."""
        seen, looks = self._rig.readings, sum(arm.looks for arm in self._rig.arms)
        news, self._looks = looks != self._looks, looks
        return bool(
            news
            or not seen.all_well
            or any(self._lost_ticks.values())
            or any(self._apart_ticks.values())
        )

    # ---- one kind of trouble each -------------------------------------------------------------

    def _pause(self, clock: Clock, following: bool) -> list[Finding]:
        """Control itself stood still: stopped, starved, or the machine was suspended."""
        if clock.gap_s <= GAP_TO_LOOK_S:
            return []
        self._rig.look_at_watchdogs()
        if clock.gap_s <= GAP_TO_HOLD_S:
            return []
        self._missed = clock.missed  # that slots went by is said by the pause itself
        for arm in self._rig.arms:
            arm.believe()  # they may be anywhere by now
        if not following:
            return []
        return [Finding(f"Control stood still for {clock.gap_s:.1f} s.", hold=True)]

    def _bus(self, arm: Arm) -> list[Finding]:
        """The port is gone, or some servo has been unheard of for too many ticks in a row."""
        if not arm.bus.connected:
            text = f"Serial port {arm.bus.port.path} of {arm.name} is gone: plug its adapter in."
            return [Finding(text, hold=True, arms=(arm,))]
        self._lost_ticks[arm] = 0 if arm.ok else self._lost_ticks[arm] + 1
        if self._lost_ticks[arm] < self._safety.lost_ticks_to_hold:
            return []
        self._lost_ticks[arm] = 0
        if arm.silent.any():
            text = f"no answer from {arm.name}: {arm.named(arm.silent)}."
        else:
            text = f"{arm.name}: {arm.named(arm.impossible)} says it is where it cannot be."
        return [Finding(text, hold=True, arms=(arm,))]

    def _servos(self, arm: Arm) -> list[Finding]:
        """A servo has shut itself down, or restarted, or its watchdog has stopped it.

        The alert tells at once; what comes on top of an error that stands shows in a second.
        """
        alerts, errors = arm.error & ALERT_BIT != 0, arm.hardware_error
        new = (alerts & ~self._alerts[arm]) | (errors & ~self._errors[arm] != 0)
        self._alerts[arm] = alerts
        found = self._alarms(arm, new) if new.any() else []
        self._errors[arm] = arm.hardware_error.copy()
        if arm.lapsed.any() and not found:
            text = f"Servo {arm.named(arm.lapsed)} of {arm.name} has restarted or stopped by itself"
            found.append(Finding(f"{text}.", hold=True, arms=(arm,), where_it_is=True))
        return found

    def _alarms(self, arm: Arm, new: Mask) -> list[Finding]:
        arm.take_condition()
        errors = [int(arm.hardware_error[index]) for index in np.flatnonzero(new)]
        what = "; ".join(
            f"{arm.name}: {arm.called(index)} {in_words(error)}"
            for index, error in zip(np.flatnonzero(new).tolist(), errors, strict=True)
        )
        if not any(is_shutdown(error) for error in errors):
            return [Finding(f"Servos report errors: {what}.")]
        text = f"servos report errors ({what}). Support the arm."
        return [Finding(text, hold=True, arms=(arm,), where_it_is=True)]

    def _pairs(self, arm: Arm) -> list[Finding]:
        """The two servos of a joint disagree: they would fight until they overload."""
        gap_rad = arm.pair_gap_rad
        apart = gap_rad > self._safety.pair_limit_rad
        self._apart_ticks[arm] = self._apart_ticks[arm] + 1 if apart else 0
        if self._apart_ticks[arm] < PAIR_TICKS:
            return []
        self._apart_ticks[arm] = 0
        text = (
            f"the two servos of a joint of {arm.name} are {gap_rad:.2f} rad apart: run teleop "
            "doctor, then teleop calibrate."
        )
        return [Finding(text, hold=True, arms=(arm,), where_it_is=True)]

    def _heat(self, arm: Arm) -> list[Finding]:
        degc, told = arm.temperature_degc, self._hot[arm]
        new = (degc >= HOT_DEGC) & ~told
        self._hot[arm] = new | (told & (degc > HOT_DEGC - COOLER_DEGC))
        return [
            Finding(
                f"Servo {arm.called(index)} of {arm.name} is {arm.temperature_degc[index]} degC "
                "warm and will shut down soon: let it rest."
            )
            for index in np.flatnonzero(new).tolist()
        ]

    def _strain(self, effort: list[float]) -> list[Finding]:
        """A joint that has pushed hard for long will overload: said once, before it does."""
        strained = [
            joint
            for joint, (drawn, most) in enumerate(zip(effort, self._most_effort, strict=True))
            if abs(drawn) > most
        ]
        if not strained and not self._strained_ticks:
            return []
        self._strained_ticks = {joint: self._strained_ticks.get(joint, 0) + 1 for joint in strained}
        return [
            Finding(
                f"The servo of {JOINT_NAMES[joint]} (follower) has pushed hard for "
                f"{self._safety.effort_warning_s:g} s and will shut down soon: ease off."
            )
            for joint, ticks in self._strained_ticks.items()
            if ticks == self._effort_ticks
        ]

    def _overrun(self, clock: Clock, stage_ns: StageTimes, following: bool) -> list[Finding]:
        """Ticks took longer than their period: the slots that went by are skipped and counted.

        Told while following only: to begin and end a state takes longer than a tick by itself.
        """
        missed = clock.missed - self._missed
        if not following:
            self._missed = clock.missed
            return []
        if not missed or clock.number - self._missed_told < OVERRUN_EVERY_TICKS:
            return []
        self._missed, self._missed_told = clock.missed, clock.number
        stages = ", ".join(f"{s.name.lower()} {stage_ns[s] / 1e6:.1f}" for s in Stage)
        return [Finding(f"Missed ticks: {missed} (the last tick's ms: {stages}).")]

    def _followers(self) -> list[tuple[int, Arm]]:
        """Each follower and its row among followers."""
        rows = zip(self._rig.rows, self._rig.arms, strict=True)
        return [(r - FIRST_ROW["follower"], arm) for r, arm in rows if arm.role == "follower"]
