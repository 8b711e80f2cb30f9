"""The leader of a policy: another process predicts, here its newest plan is followed, or held.

A person can take over at any time. The leader arms go along with the followers; whoever pushes one
off that way, or asks by `lead`, stops the policy, and all arms hold. Then, with both leaders in
hand, `lead` has them lead; and again, the policy. They never go limp before that: nobody may be
there to hold them.
"""

import contextlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from teleop.joints import DOF, JOINT_NAMES, is_gripper
from teleop.mirror import Mirror
from teleop.rig import Observation
from teleop.ring import Record, RingError, RingReader
from teleop.targets import AHEAD, TARGET_RING
from teleop.tick import Led
from teleop.units import Floats

LATE_TICKS: Final = 5
"""So long a missing target leaves the last command as it is; then the arms hold for good."""
SILENT_TICKS: Final = 10
"""A plan of a process that has looked at no newer tick than this is not followed any more."""
FIRST_PLAN_TICKS: Final = 250
"""For the first prediction, 5 s: meanwhile nothing moves."""
PUSH_RAD: Final = 0.2
PUSH_TICKS: Final = 5
REACH_RAD: Final = 0.3
"""A leader is no farther ahead than the fastest joint gets in 0.1 s."""
APART_TICKS: Final = 10
"""A key that bounces is not asked twice: so long after it was stopped no leader goes limp."""
WINDOW_TICKS: Final = 15
"""Arms are some ticks behind what they are told: so far back a pose is no push."""
ARM_JOINTS: Final = np.array([not is_gripper(name) for name in JOINT_NAMES])
STOPPED: Final = (
    "{why}the policy is stopped and the arms hold. Take both leaders in hand before you take over."
)


class Policy:
    """Follows the newest plan of `teleop.targets`.

    Args:
        mirror: leads while the operator has taken over.
        tick: the number of the tick that is being decided on.
    """

    def __init__(self, runtime_dir: Path, mirror: Mirror, tick: Callable[[], int]) -> None:
        self._path = runtime_dir / TARGET_RING
        self._ring: RingReader | None = None
        self._mirror = mirror
        self._tick = tick
        self._start: Floats = np.full(DOF, np.nan)
        self._news = ""
        self._stopped_at = 0
        self._present = np.ones(DOF, np.bool_)
        self._begin(Led.NOBODY)

    def _begin(self, led: Led) -> None:
        """From now on somebody else leads."""
        self.led = led
        self._since: int | None = None
        self._planned = False
        self._late = self._pushed = 0
        self._recent: deque[Floats] = deque(maxlen=2 * WINDOW_TICKS)

    @property
    def by_hand(self) -> bool:
        """The operator has taken over."""
        return self.led is Led.LEADERS

    @property
    def alongside(self) -> bool:
        """The leaders go along while the policy leads: they are where a person would take over."""
        return self.led is Led.POLICY

    @property
    def news(self) -> str:
        """What is to be told, once."""
        news, self._news = self._news, ""
        return news

    def rewind(self, usual: Floats) -> Floats:
        """The policy leads, from where everything starts."""
        self._begin(Led.POLICY)
        self._start = usual
        return usual

    def action(self, observation: Observation) -> Floats:
        """The plan's target of this tick; NaN, which changes nothing, if there is none."""
        if self.led is Led.LEADERS:
            return self._mirror.action(observation)
        if self._since is None and self.led is Led.POLICY and np.isfinite(self._start).any():
            return self._start
        self._present = np.isfinite(observation.qpos)
        target = self._target() if self.led is Led.POLICY else None
        self._late = 0 if target is not None else self._late + 1
        return np.full(DOF, np.nan) if target is None else target

    def followed(self, observation: Observation) -> str:
        """Look whether somebody pushes, and whether there is a reason to hold."""
        if self.led is not Led.POLICY:
            return ""
        if self._since is None:
            self._since, self._late = self._tick(), 0
            self._start = np.full(DOF, np.nan)
        if pushed := self._push(observation):
            self._stop(f"The {pushed} leader was moved: ")
            return ""
        return self._trouble()

    def mirrored(self, observation: Observation) -> Floats:
        """What the leader arms would have the followers do."""
        return self._mirror.action(observation)

    def lead(self, by: Led) -> str:
        """Let the leader arms lead, or the policy again. From the policy to the leaders it takes
        two steps: the first one stops it, and only the second lets the leaders go limp."""
        if by is self.led:
            return ""
        if self.led is Led.POLICY:
            self._stop("As asked, ")
            return ""
        if self.led is Led.NOBODY and by is Led.LEADERS and not self._may_let_go():
            return "The leaders stay: that was too soon after the stop. Ask once more."
        self._begin(by)
        self._news = {
            Led.LEADERS: "The operator has taken over: the leaders lead.",
            Led.POLICY: "The policy leads again.",
        }[by]
        return ""

    # -- inside

    def _may_let_go(self) -> bool:
        return self._tick() - self._stopped_at >= APART_TICKS

    def _stop(self, why: str) -> None:
        self._begin(Led.NOBODY)
        self._stopped_at = self._tick()
        self._news = STOPPED.format(why=why)

    def _plan(self) -> Record | None:
        with contextlib.suppress(OSError, RingError):
            if self._ring is None:
                self._ring = RingReader(self._path)
            return self._ring.newest()
        return None

    def _target(self) -> Floats | None:
        plan, tick = self._plan(), self._tick()
        if plan is None or self._since is None or plan["observed"] < self._since:
            return None
        row, seen = tick - int(plan["first"]), int(plan["seen"])
        if not tick - SILENT_TICKS <= seen <= tick or not 0 <= row < min(int(plan["count"]), AHEAD):
            return None
        target = np.array(plan["target"][row])
        if not np.isfinite(target[self._present]).all():
            return None
        self._planned = True
        return target

    def _trouble(self) -> str:
        plan = self._plan()
        if plan is not None and plan["seen"] >= (self._since or 0) and plan["trouble"]:
            return str(plan["trouble"].item().decode(errors="replace"))
        if self._late <= (LATE_TICKS if self._planned else FIRST_PLAN_TICKS):
            return ""
        if plan is None or self._tick() - int(plan["seen"]) > LATE_TICKS:
            return "The policy's process has not been heard of."
        took_ms = int(plan["predict_ns"]) / 1e6
        return f"The policy's prediction came too late (its newest took {took_ms:.0f} ms)."

    def _push(self, observation: Observation) -> str:
        """The side whose leader is off the followers' way for some time; "" if none is."""
        self._recent.append(observation.qpos)
        if (target := self._target()) is not None:  # leaders are ahead of followers on their way
            reach = observation.qpos - REACH_RAD, observation.qpos + REACH_RAD
            self._recent.append(np.clip(target, *reach))
        way = np.array(self._recent)
        off = np.maximum(way.min(axis=0) - observation.leader, observation.leader - way.max(axis=0))
        far = np.where(ARM_JOINTS & np.isfinite(off), off, 0.0)
        self._pushed = self._pushed + 1 if far.max() > PUSH_RAD else 0
        if self._pushed < PUSH_TICKS:
            return ""
        return JOINT_NAMES[int(np.argmax(far))].split("_")[0]
