"""Where a servo drives its shaft at every instant: the set-point behind the goal registers.

- Position modes: the goal through the profile; without a profile velocity, the goal at once.
- Velocity mode: the set-point runs ahead at goal velocity, changed at the profile's acceleration,
  but never farther than `VELOCITY_LEAD_TICKS` from the shaft, so that a blocked one does not store
  up a jump.
- Current and PWM mode: what the set-point moves has no torque input, so the set-point stays
  `PUSH_LEAD_TICKS` before the shaft, in the goal's direction, and the goal's size limits the force.
  A blocked joint feels the force asked for; a moving one also feels the position loop's damping.
- After a bus watchdog trip: where the shaft was, until a goal is written again.
"""

from typing import Final

from sim.servos.orders import POSITION_MODES, Orders
from sim.servos.profile import Profile, ProfileKind, timed_profile, velocity_profile
from teleop.registers import TICKS_PER_TURN, OperatingMode

VELOCITY_LEAD_TICKS: Final = TICKS_PER_TURN / 12
PUSH_LEAD_TICKS: Final = TICKS_PER_TURN / 8
_LONGEST_STEP_S: Final = 0.1
"""A longer pause between two steps is not made up for in velocity mode."""


class Motion:
    """The set-point of one servo.

    Attributes:
        position, velocity: of the set-point, ticks and ticks/s.
        kind: of the newest profile.
        moving: a profile is going on.
        parked: the bus watchdog has stopped it.
    """

    def __init__(self) -> None:
        self.parked = False
        self._stepped_ns: int | None = None
        self.hold(0.0)

    def hold(self, ticks: float) -> None:
        """Be at rest here."""
        self.position, self.velocity = ticks, 0.0
        self.kind = ProfileKind.NONE
        self.moving = False
        self._goal = ticks
        self._profile: Profile | None = None
        self._began_ns = 0
        self._spin_goal, self._spin_rate = 0.0, 0.0

    def park(self, ticks: float) -> None:
        """Stop here, whatever the goals say."""
        self.hold(ticks)
        self.parked = True

    def follows_goal(self, orders: Orders) -> bool:
        """The set-point is the goal position itself: no need to advance."""
        return orders.stepped and not self.parked and not self.moving

    def advance(self, orders: Orders, goal: int, present: int, now_ns: int) -> None:
        """Goes on to `now_ns`. Goal and present position in ticks."""
        elapsed_s = 0.0 if self._stepped_ns is None else (now_ns - self._stepped_ns) * 1e-9
        self._stepped_ns = now_ns
        if not orders.torque_on:
            self.hold(present)
        elif self.parked:
            return
        elif orders.mode in POSITION_MODES:
            self._follow(orders, goal, now_ns)
        elif orders.mode == OperatingMode.VELOCITY:
            self._spin(orders, present, min(max(elapsed_s, 0.0), _LONGEST_STEP_S))
        else:
            self.hold(present + orders.push * PUSH_LEAD_TICKS)

    def _follow(self, orders: Orders, goal: int, now_ns: int) -> None:
        if goal != self._goal:
            self._begin(orders, goal, now_ns)
        if self._profile is not None:
            elapsed_s = (now_ns - self._began_ns) * 1e-9
            self.position, self.velocity = self._profile.at(elapsed_s)
            if elapsed_s >= self._profile.duration_s:
                self.moving, self._profile = False, None

    def _begin(self, orders: Orders, goal: int, now_ns: int) -> None:
        if orders.velocity == 0:
            self.hold(goal)
            return
        make = timed_profile if orders.timed else velocity_profile
        start, velocity = self.position, self.velocity
        self._profile = make(start, velocity, goal, orders.velocity, orders.acceleration)
        self._goal, self._began_ns = goal, now_ns
        self.kind, self.moving = self._profile.kind, True

    def _spin(self, orders: Orders, present: int, elapsed_s: float) -> None:
        change = orders.goal_velocity - self.velocity
        if orders.goal_velocity != self._spin_goal:
            self._spin_goal = orders.goal_velocity
            timed = orders.timed and orders.acceleration
            self._spin_rate = abs(change) / orders.acceleration if timed else orders.acceleration
        if self._spin_rate:
            most = self._spin_rate * elapsed_s
            change = min(max(change, -most), most)
        self.velocity += change
        ahead = self.position + self.velocity * elapsed_s
        lowest, highest = present - VELOCITY_LEAD_TICKS, present + VELOCITY_LEAD_TICKS
        self.position = min(max(ahead, lowest), highest)
