"""The hands of a person who is not there: they lead limp leader arms and close their grippers.

Hands that wave take hold of an arm a second after it was let go and lead every joint along a slow
sine of its own, until the arm holds again or nobody talks to it any more. They touch no arm that
has not been held before, and none of which a servo still holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.served_arm import Joint, ServedArm
from teleop.joints import ARM_DOF, JOINT_SERVO_IDS
from teleop.rig_config import PoseConfig

WAVE_RAD: Final = 0.3
"""To either side of where an arm was let go, or of the start pose where that is nearer."""
WAVE_HZ: Final = (0.20, 0.23, 0.17, 0.29, 0.26, 0.31, 0.37)
"""By joint, so that no two keep step: at most 0.7 rad/s."""
TAKE_HOLD_S: Final = 1.0
SWELL_S: Final = 2.0
"""How long a wave takes to reach its full size."""
QUIET_NS: Final = 2_000_000_000
"""Nobody has talked on a bus for so long: the session is over, not just slow."""

GRIPPER_OPEN_RAD: Final = 0.3083
GRIPPER_CLOSED_RAD: Final = -0.6842
"""Ends of a leader's gripper on the published rig of tonyzhaozh/aloha (facts/aloha.md)."""
GESTURE_S: Final = 1.2
"""To the open end, to the closed one, and a moment at each."""

_GRIPPER_ID: Final = JOINT_SERVO_IDS[-1]


class Hands:
    """What leads the leaders `arms`, by name.

    Args:
        wave: False: they keep still, but for gestures.
    """

    def __init__(self, arms: Mapping[str, ServedArm], wave: bool) -> None:
        self._hands = [_Hand(arm) for arm in arms.values()]
        self._wave = wave

    def step(self, now_ns: int) -> None:
        """Lead every joint to where it should be at `now_ns`."""
        for hand in self._hands:
            if self._wave:
                hand.wave(now_ns)
            hand.gesticulate(now_ns)

    def gesture(self, now_ns: int) -> None:
        """Begin to open and close the grippers."""
        for hand in self._hands:
            hand.begin_gesture(now_ns)


@dataclass(frozen=True, slots=True)
class _Wave:
    """How one joint is led: from where it was let go to a sine about `off_rad` beside that.

    The middle is near the start pose, so that no number of holds leads far away from it.
    """

    from_rad: float
    off_rad: float
    rad_s: float

    @classmethod
    def of(cls, index: int, joint: Joint) -> _Wave:
        """From here on."""
        here, middle = joint.position_rad, (GRIPPER_OPEN_RAD + GRIPPER_CLOSED_RAD) / 2
        if index < ARM_DOF:
            start = PoseConfig().start_rad[index]
            middle = min(max(here, start - WAVE_RAD), start + WAVE_RAD)
        return cls(here, middle - here, math.tau * WAVE_HZ[index])


class _Hand:
    """One arm's hand."""

    def __init__(self, arm: ServedArm) -> None:
        self._arm = arm
        self._joints = [arm.joints[servo_id] for servo_id in JOINT_SERVO_IDS]
        self._gripper: Joint = arm.joints[_GRIPPER_ID]
        self._was_held = False
        self._released_ns = 0
        self._waves: list[_Wave] = []
        self._gesture_ns: int | None = None
        self._gesture_from_rad = 0.0

    def wave(self, now_ns: int) -> None:
        """Take hold, lead on, or let go, whatever is due."""
        if not self._arm.limp:
            self._was_held, self._released_ns = True, now_ns
            self._let_go()
        elif now_ns - self._arm.bus.heard_ns > QUIET_NS:
            self._was_held = False
            self._let_go()
        elif self._was_held:
            self._lead((now_ns - self._released_ns) / 1e9 - TAKE_HOLD_S)

    def _lead(self, since_s: float) -> None:
        if since_s < 0:
            return
        if not self._waves:
            self._waves = [_Wave.of(*each) for each in enumerate(self._joints)]
        share = _smooth(since_s / SWELL_S)
        for joint, wave in zip(self._joints, self._waves, strict=True):
            swing = WAVE_RAD * math.sin(wave.rad_s * since_s)
            joint.led_rad = wave.from_rad + share * (wave.off_rad + swing)

    def _let_go(self) -> None:
        if self._waves:
            self._waves = []
            for joint in self._joints:
                joint.led_rad = None

    def begin_gesture(self, now_ns: int) -> None:
        """From where the gripper is now."""
        self._gesture_ns, self._gesture_from_rad = now_ns, self._gripper.position_rad

    def gesticulate(self, now_ns: int) -> None:
        """Lead the gripper on where a gesture is going on; it counts where the gripper is limp."""
        if self._gesture_ns is None:
            return
        share = (now_ns - self._gesture_ns) / 1e9 / GESTURE_S
        if share >= 1:
            self._gesture_ns = self._gripper.led_rad = None
        else:
            opened, closed = _smooth(share / 0.4), _smooth((share - 0.6) / 0.3)
            open_rad = GRIPPER_OPEN_RAD - self._gesture_from_rad
            closed_rad = GRIPPER_CLOSED_RAD - GRIPPER_OPEN_RAD
            self._gripper.led_rad = self._gesture_from_rad + opened * open_rad + closed * closed_rad


def _smooth(share: float) -> float:
    """0 to 1 with no jump of speed at either end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)
