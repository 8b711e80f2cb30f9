"""One hand of the scripted operator, moving a leader arm about as a person would.

A hand has an intended pose of the *follower's* fingertips, looks at where they are, and corrects
with the leader. Human-like: segment durations vary, paths bow, waypoints scatter, pauses, an arm
that follows its intent like a slow second-order filter, 9 Hz tremor.

Known traps: correcting against the present intent while moving takes the lag for an error, winds up
and overshoots (once flipping the remote), so it is compared with what was intended a moment ago;
and a hand that goes on correcting after its grasp drags the object. Not simulated: the
leader's own size (a WidowX is read as a ViperX), its weight, fatigue, learning.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.config import TICK_S
from sim.operators.kinematics import ArmKinematics
from sim.scenes.arm_mjcf import FINGER_MIN_M
from sim.scenes.geometry import Array, Pose, between, rotation_of, rotation_vector
from sim.scenes.scene import START_RAD, Scene
from teleop.joints import ARM_DOF, Side

Motion = Iterator[None]
"""What one hand does, one step for each 20 ms."""

WIDE: Final = 0.97  # gripper openings, 0-1 as ALOHA normalises the follower's finger
CLOSED: Final = 0.0

_FILTER_SUBSTEPS: Final = 4
_GRIPPER_BLEND: Final = 0.35  # share of the way a finger closes on its intent in a tick
_POSITION_WINDUP_M: Final = 0.05
_ROTATION_WINDUP_RAD: Final = 0.25
_MAX_PAUSE_S: Final = 0.6
_LAG_TICKS: Final = 11  # a hand expects to see its intent of 0.22 s ago: its own lag and the arm's
_CALM_TICKS: Final = 3
_GRIPPED_M: Final = 0.004  # a finger this far from the middle is held there by something


@dataclass(frozen=True, slots=True)
class Habits:
    """How this person moves."""

    hand_hz: float = 3.0  # bandwidth of the critically damped hand
    tremor_hz: float = 9.0
    tremor_rad: float = 0.0012
    speed_sigma: float = 0.15  # of log duration
    pause_s: float = 0.15  # mean
    bow: float = 0.06  # sideways bend of a free path, share of its length
    scatter_m: float = 0.006  # of waypoints in free space
    correction_per_s: float = 3.0


class Hand:
    """Moves one leader. The motions are generators that take one step each tick.

    `retries` counts what a script tried again because it had not worked; `rng` is for whatever a
    script leaves to chance.
    """

    def __init__(self, scene: Scene, side: Side, rng: np.random.Generator) -> None:
        self.scene, self.side = scene, side
        self.habits = Habits()
        self.rng = rng
        self._kinematics = ArmKinematics(scene, side)
        self.intent = self._kinematics.forward(START_RAD)
        self.opening = CLOSED
        self.retries = 0
        self._recent = deque([self.intent] * _LAG_TICKS, maxlen=_LAG_TICKS)
        self._correcting = True
        self._position_correction, self._rotation_correction = np.zeros(3), np.zeros(3)
        self._joints, self._speeds = START_RAD.copy(), np.zeros(ARM_DOF)
        self._gripper = CLOSED
        self._tremor_phase = rng.uniform(0.0, 2 * np.pi, ARM_DOF)
        self._time_s = 0.0

    @property
    def seen(self) -> Pose:
        """Where the follower's fingertips are."""
        return self.scene.hand_pose(self.side)

    @property
    def grips(self) -> bool:
        """Something is seen to keep the fingertips apart; tells after they were told to close."""
        finger = self.scene.joint_positions(self.side)[ARM_DOF]
        return bool(finger > FINGER_MIN_M + _GRIPPED_M)

    # What the leader reads

    def reading(self) -> Array:
        """The leader's (7,) six joints in rad and gripper opening 0-1, after one more tick."""
        self._correct()
        turned = rotation_of(self._rotation_correction) @ self.intent.rotation
        goal = Pose(self.intent.position + self._position_correction, turned)
        self._swing_towards(self._kinematics.follow(goal))
        self._gripper += _GRIPPER_BLEND * (self.opening - self._gripper)
        self._time_s += TICK_S
        return np.append(self._joints + self._tremor(), self._gripper)

    def _correct(self) -> None:
        """Integrates what is left between what was intended a moment ago and what is seen."""
        seen, expected = self.seen, self._recent[0]
        self._recent.append(self.intent)
        if not self._correcting:
            return
        gain = self.habits.correction_per_s * TICK_S
        self._position_correction = between(
            -_POSITION_WINDUP_M,
            self._position_correction + gain * (expected.position - seen.position),
            _POSITION_WINDUP_M,
        )
        self._rotation_correction = between(
            -_ROTATION_WINDUP_RAD,
            self._rotation_correction + gain * rotation_vector(expected.rotation @ seen.rotation.T),
            _ROTATION_WINDUP_RAD,
        )

    def _swing_towards(self, joints: Array) -> None:
        """A critically damped second-order filter, in substeps for stability."""
        omega, dt = 2 * np.pi * self.habits.hand_hz, TICK_S / _FILTER_SUBSTEPS
        for _ in range(_FILTER_SUBSTEPS):
            pull = omega**2 * (joints - self._joints) - 2 * omega * self._speeds
            self._speeds = self._speeds + pull * dt
            self._joints = self._joints + self._speeds * dt

    def _tremor(self) -> Array:
        phase = 2 * np.pi * self.habits.tremor_hz * self._time_s + self._tremor_phase
        wander = 0.5 * np.sin(3 * self._time_s)
        size = self.habits.tremor_rad * self.rng.normal(1.0, 0.3)
        return np.asarray(size * np.sin(phase + wander))

    # Motions

    def move(
        self,
        position: Array,
        rotation: Array,
        duration_s: float,
        *,
        opening: float | None = None,
        scatter_m: float = 0.0,
        within_m: float = 0.0,
        patience_s: float = 0.8,
    ) -> Motion:
        """Moves to a pose (m, rotation matrix) along a smooth path, opening the gripper on the way.

        `scatter_m` is the spread of where it ends; a path with scatter is bowed as well. With
        `within_m` it then waits until the fingertips are that close, `patience_s` at most.
        """
        start, start_opening = self.intent, self.opening
        goal = position + self.rng.normal(0.0, 1.0, 3) * scatter_m
        turn = rotation_vector(rotation @ start.rotation.T)
        bend = self.habits.bow * np.linalg.norm(goal - start.position) if scatter_m > 0.0 else 0.0
        bow = self.rng.normal(0.0, 1.0, 3) * bend
        ticks = self._ticks(duration_s)
        for tick in range(1, ticks + 1):
            share = tick / ticks
            eased = share**3 * (10 - 15 * share + 6 * share**2)  # minimum jerk
            self.intent = Pose(
                start.position + eased * (goal - start.position) + 4 * eased * (1 - eased) * bow,
                rotation_of(eased * turn) @ start.rotation,
            )
            if opening is not None:
                self.opening = start_opening + min(1.0, 2 * share) * (opening - start_opening)
            yield
        if within_m > 0.0:
            yield from self._settle(within_m, patience_s)

    def _settle(self, within_m: float, patience_s: float) -> Motion:
        calm = 0
        for _ in range(round(patience_s / TICK_S)):
            close = np.linalg.norm(self.intent.position - self.seen.position) < within_m
            calm = calm + 1 if close else 0
            if calm > _CALM_TICKS:
                return
            yield

    def grip(self, opening: float, duration_s: float) -> Motion:
        """Opens or closes the gripper where the hand is; the second half is for squeezing."""
        start, ticks = self.opening, max(2, round(duration_s / TICK_S))
        for tick in range(1, ticks + 1):
            self.opening = start + min(1.0, 2 * tick / ticks) * (opening - start)
            yield

    def pause(self) -> Motion:
        """Does nothing for a random while."""
        return self.wait(min(self.rng.exponential(self.habits.pause_s), _MAX_PAUSE_S))

    def wait(self, duration_s: float) -> Motion:
        """Does nothing for a fixed while."""
        for _ in range(round(duration_s / TICK_S)):
            yield

    def freeze(self) -> None:
        """Stays as it is now and stops correcting: what it holds stays where it is."""
        self._correcting = False

    def _ticks(self, duration_s: float) -> int:
        pace = self.rng.lognormal(0.0, self.habits.speed_sigma)
        return max(3, round(pace * duration_s / TICK_S))
