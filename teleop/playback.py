"""The leader of a replay: recorded commands, for the same loop and the same limits as any other."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from teleop.joints import DOF, JOINT_NAMES, is_gripper
from teleop.mirror import NO_POLICY
from teleop.rig import Observation
from teleop.rig_config import PlaybackConfig
from teleop.tick import Led
from teleop.track import Track, load
from teleop.units import Floats

PATIENCE_TICKS: Final = 5
"""Of a joint that is too far away: a single reading is no reason to hold."""
ARM_JOINTS: Final = np.array([not is_gripper(name) for name in JOINT_NAMES])


@dataclass(frozen=True, slots=True)
class Farthest:
    """The arm joint that is farthest from where it was in the recording. NaN: nothing is known."""

    joint: str
    error_rad: float


def farthest(track: Track, tick: int, qpos: Floats) -> Farthest:
    """How far the followers are from the recording, by the worst of their arm joints.

    Grippers have no say: what they close on may have another size, or be missing.

    Args:
        qpos: (14,) where they are, before the command of that tick.
    """
    error = np.where(ARM_JOINTS, qpos - track.expected(tick), np.nan)
    if not np.isfinite(error).any():
        return Farthest("", math.nan)
    worst = int(np.nanargmax(np.abs(error)))
    return Farthest(JOINT_NAMES[worst], float(error[worst]))


class Playback:
    """Plays a track; asks to hold where the followers do not go where they went then.

    Raises:
        TrackError: there is none.
    """

    led = Led.RECORDING
    by_hand = alongside = False
    news = ""

    def __init__(self, config: PlaybackConfig) -> None:
        self._track = load(Path(config.track), config.pace)
        self._limit_rad = config.max_error_rad
        self._tick = 0
        self._far_ticks = 0

    def lead(self, by: Led) -> str:
        """A recording is not taken over from."""
        return NO_POLICY

    def mirrored(self, observation: Observation) -> Floats:
        """The leader arms have no say."""
        return np.full(DOF, np.nan)

    def rewind(self, usual: Floats) -> Floats:
        """To the first command; where the recording had no arm, as usual."""
        self._tick = self._far_ticks = 0
        first = self._track.command(0)
        return np.where(np.isfinite(first), first, usual)

    def action(self, observation: Observation) -> Floats:
        """The recorded command of this tick."""
        return self._track.command(self._tick)

    def followed(self, observation: Observation) -> str:
        """Compare with the recording, and go on."""
        far = farthest(self._track, self._tick, observation.qpos)
        self._far_ticks = self._far_ticks + 1 if abs(far.error_rad) > self._limit_rad else 0
        self._tick += 1
        if self._far_ticks < PATIENCE_TICKS:
            return ""
        return (
            f"{far.joint} is {far.error_rad:+.2f} rad from where it was in the recording (allowed: "
            f"{self._limit_rad:.2f})."
        )
