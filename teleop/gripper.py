"""The grippers: joint angle, finger position, and the 0 (closed) to 1 (open) that is recorded.

As ALOHA has it, the recorded `qpos` comes from the follower's finger position in metres, the
`action` from the leader's joint angle; neither is clipped here. Constants of the three published
rigs, by name: tonyzhaozh/aloha, mobile-aloha (which changed the leaders only) and Interbotix/aloha.
"""

import math
from dataclasses import dataclass
from typing import Final

from teleop.rig_config import GripperVariant


@dataclass(frozen=True, slots=True)
class Linkage:
    """The crank that turns a gripper joint into a finger position.

    finger = crank * sin(joint) + sqrt(rod^2 - (crank * cos(joint))^2), valid for |joint| <= pi/2.
    """

    crank_m: float
    rod_m: float

    def finger_m(self, joint_rad: float) -> float:
        """Finger position of a joint angle."""
        across = self.crank_m * math.cos(joint_rad)
        return self.crank_m * math.sin(joint_rad) + math.sqrt(self.rod_m**2 - across**2)

    def finger_per_rad_m(self, joint_rad: float) -> float:
        """Derivative of the finger position with respect to the joint angle."""
        across = self.crank_m * math.cos(joint_rad)
        along = self.crank_m * math.sin(joint_rad)
        return across + across * along / math.sqrt(self.rod_m**2 - across**2)

    def joint_rad(self, finger_m: float) -> float:
        """Joint angle of a finger position; one out of reach gives the nearest end."""
        sine = (finger_m**2 + self.crank_m**2 - self.rod_m**2) / (2 * finger_m * self.crank_m)
        return math.asin(min(max(sine, -1.0), 1.0))


LEADER_LINKAGE: Final = Linkage(crank_m=0.014, rod_m=0.024)
FOLLOWER_LINKAGE: Final = Linkage(crank_m=0.022, rod_m=0.036)


@dataclass(frozen=True, slots=True)
class Gripper:
    """Open and closed ends of one rig's grippers, and the mappings between them."""

    leader_open_rad: float
    leader_closed_rad: float
    follower_open_rad: float
    follower_closed_rad: float
    finger_open_m: float
    finger_closed_m: float

    def qpos(self, follower_rad: float) -> float:
        """0-1 from the follower's joint, by way of its finger position."""
        finger_m = FOLLOWER_LINKAGE.finger_m(follower_rad)
        return (finger_m - self.finger_closed_m) / self._finger_range_m

    def qvel(self, follower_rad: float, follower_rad_s: float) -> float:
        """1/s from the follower's joint angle and velocity, consistent with `qpos`."""
        finger_m_s = FOLLOWER_LINKAGE.finger_per_rad_m(follower_rad) * follower_rad_s
        return finger_m_s / self._finger_range_m

    def action(self, leader_rad: float) -> float:
        """0-1 from the leader's joint."""
        above = leader_rad - self.leader_closed_rad
        return above / (self.leader_open_rad - self.leader_closed_rad)

    def leader_rad(self, action: float) -> float:
        """The leader's joint at an action; inverse of `action`."""
        return action * (self.leader_open_rad - self.leader_closed_rad) + self.leader_closed_rad

    def follower_rad(self, action: float) -> float:
        """The follower's goal joint at an action: proportional between its own ends."""
        span = self.follower_open_rad - self.follower_closed_rad
        return action * span + self.follower_closed_rad

    def action_of_follower(self, follower_rad: float) -> float:
        """The action whose goal is this follower joint; inverse of `follower_rad`."""
        above = follower_rad - self.follower_closed_rad
        return above / (self.follower_open_rad - self.follower_closed_rad)

    @property
    def _finger_range_m(self) -> float:
        return self.finger_open_m - self.finger_closed_m


GRIPPERS: Final[dict[GripperVariant, Gripper]] = {
    "tonyzhaozh": Gripper(0.3083, -0.6842, 1.4910, -0.6213, 0.05800, 0.01844),
    "mobile": Gripper(-0.8, -1.65, 1.4910, -0.6213, 0.05800, 0.01844),
    "interbotix": Gripper(0.8298, -0.0552, 1.6214, 0.6197, 0.0579, 0.0440),
}
