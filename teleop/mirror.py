"""What the followers should do: the seam where mirroring, replay and policies plug in."""

from typing import Final, Protocol

import numpy as np

from teleop.gripper import Gripper
from teleop.joints import ARM_DOF, DOF, JOINTS_PER_ARM
from teleop.rig import Observation
from teleop.tick import Led
from teleop.units import Floats

NO_POLICY: Final = "Ignored: no policy leads in this session."


class Leader(Protocol):
    """Whatever leads the followers. Never blocks.

    Attributes:
        led: who leads just now.
        by_hand: somebody moves the leader arms, which go limp for that.
        alongside: where nobody does, the leader arms go the followers' way; else they hold.
        news: something to be told once, "" if there is nothing.
    """

    @property
    def led(self) -> Led: ...
    @property
    def by_hand(self) -> bool: ...
    @property
    def alongside(self) -> bool: ...
    @property
    def news(self) -> str: ...

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

    def mirrored(self, observation: Observation) -> Floats:
        """What the leader arms would have the followers do, (14,)."""
        ...

    def lead(self, by: Led) -> str:
        """Have the leader arms or the policy lead from now on; returns why not, or ""."""
        ...


class Mirror:
    """The leader arms lead: joint for joint, the gripper by its share of its own range."""

    led = Led.LEADERS
    by_hand = True
    alongside = False
    news = ""

    def __init__(self, gripper: Gripper) -> None:
        self._gripper = gripper

    def lead(self, by: Led) -> str:
        """They always do."""
        return NO_POLICY

    def mirrored(self, observation: Observation) -> Floats:
        """Just that."""
        return self.action(observation)

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
