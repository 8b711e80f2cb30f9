"""What the followers should do: the seam where mirroring, replay and policies plug in."""

from typing import Protocol

import numpy as np

from teleop.gripper import Gripper
from teleop.joints import ARM_DOF, DOF, JOINTS_PER_ARM
from teleop.rig import Observation
from teleop.units import Floats


class Leader(Protocol):
    """Whatever leads the followers."""

    def action(self, observation: Observation) -> Floats:
        """The wanted follower command (14,): rad, grippers 0-1. Never blocks; NaN: no opinion."""
        ...


class Mirror:
    """The leader arms lead: joint for joint, the gripper by its share of its own range."""

    def __init__(self, gripper: Gripper) -> None:
        self._gripper = gripper

    def action(self, observation: Observation) -> Floats:
        """The leaders' pose as a follower command, not limited yet."""
        wanted = observation.leader.tolist()
        for gripper in range(ARM_DOF, DOF, JOINTS_PER_ARM):
            wanted[gripper] = self._gripper.action(wanted[gripper])
        return np.array(wanted)
