"""What the followers should do: the seam where mirroring, replay and policies plug in."""

from typing import Protocol

import numpy as np

from teleop.gripper import Gripper
from teleop.joints import ARM_DOF, DOF, JOINTS_PER_ARM
from teleop.rig import Observation
from teleop.units import Floats


class Leader(Protocol):
    """Whatever leads the followers. Never blocks.

    Attributes:
        by_hand: somebody moves the leader arms, which go limp for that; else they hold.
    """

    by_hand: bool

    def rewind(self, usual: Floats) -> Floats:
        """Be at the beginning again; the pose (14,) that the followers are to start from.

        Args:
            usual: where they start from unless the leader knows better.
        """
        ...

    def action(self, observation: Observation) -> Floats:
        """The wanted follower command (14,): rad, grippers 0-1. NaN: no opinion."""
        ...

    def followed(self, observation: Observation) -> str:
        """This tick is over, go on to the next; returns why the arms must hold, or ""."""
        ...


class Mirror:
    """The leader arms lead: joint for joint, the gripper by its share of its own range."""

    by_hand = True

    def __init__(self, gripper: Gripper) -> None:
        self._gripper = gripper

    def rewind(self, usual: Floats) -> Floats:
        """There is nothing to rewind."""
        return usual

    def followed(self, observation: Observation) -> str:
        """Nor anything to hold for."""
        return ""

    def action(self, observation: Observation) -> Floats:
        """The leaders' pose as a follower command, not limited yet."""
        wanted = observation.leader.tolist()
        for gripper in range(ARM_DOF, DOF, JOINTS_PER_ARM):
            wanted[gripper] = self._gripper.action(wanted[gripper])
        return np.array(wanted)
