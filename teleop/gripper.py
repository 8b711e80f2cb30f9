"""The grippers: joint angle, finger position, and the 0 (closed) to 1 (open) that is recorded.

As ALOHA has it, the recorded `qpos` comes from the follower's finger position in metres, the
`action` from the leader's joint angle; neither is clipped here. Constants of the three published
rigs, by name: tonyzhaozh/aloha, mobile-aloha (which changed the leaders only) and Interbotix/aloha.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.rig_config import GripperVariant
from teleop.units import Floats

Number = npt.ArrayLike


@dataclass(frozen=True, slots=True)
class Linkage:
    """The crank that turns a gripper joint into a finger position.

    finger = crank * sin(joint) + sqrt(rod^2 - (crank * cos(joint))^2), valid for |joint| <= pi/2.
    """

    crank_m: float
    rod_m: float

    def finger_m(self, joint_rad: Number) -> Floats:
        """Finger position of a joint angle."""
        joint = np.asarray(joint_rad, np.float64)
        across = self.crank_m * np.cos(joint)
        return np.asarray(self.crank_m * np.sin(joint) + np.sqrt(self.rod_m**2 - across**2))

    def finger_per_rad_m(self, joint_rad: Number) -> Floats:
        """Derivative of the finger position with respect to the joint angle."""
        joint = np.asarray(joint_rad, np.float64)
        across = self.crank_m * np.cos(joint)
        along = self.crank_m * np.sin(joint)
        return np.asarray(across + across * along / np.sqrt(self.rod_m**2 - across**2))

    def joint_rad(self, finger_m: Number) -> Floats:
        """Joint angle of a finger position; one out of reach gives the nearest end."""
        finger = np.asarray(finger_m, np.float64)
        sine = (finger**2 + self.crank_m**2 - self.rod_m**2) / (2 * finger * self.crank_m)
        return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)))


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

    def qpos(self, follower_rad: Number) -> Floats:
        """0-1 from the follower's joint, by way of its finger position."""
        finger = FOLLOWER_LINKAGE.finger_m(follower_rad)
        return np.asarray((finger - self.finger_closed_m) / self._finger_range_m)

    def qvel(self, follower_rad: Number, follower_rad_s: Number) -> Floats:
        """1/s from the follower's joint angle and velocity, consistent with `qpos`."""
        finger_m_s = FOLLOWER_LINKAGE.finger_per_rad_m(follower_rad) * np.asarray(follower_rad_s)
        return np.asarray(finger_m_s / self._finger_range_m)

    def action(self, leader_rad: Number) -> Floats:
        """0-1 from the leader's joint."""
        above = np.asarray(leader_rad, np.float64) - self.leader_closed_rad
        return above / (self.leader_open_rad - self.leader_closed_rad)

    def leader_rad(self, action: Number) -> Floats:
        """The leader's joint at an action; inverse of `action`."""
        span = self.leader_open_rad - self.leader_closed_rad
        return np.asarray(action, np.float64) * span + self.leader_closed_rad

    def follower_rad(self, action: Number) -> Floats:
        """The follower's goal joint at an action: proportional between its own ends."""
        span = self.follower_open_rad - self.follower_closed_rad
        return np.asarray(action, np.float64) * span + self.follower_closed_rad

    def action_of_follower(self, follower_rad: Number) -> Floats:
        """The action whose goal is this follower joint; inverse of `follower_rad`."""
        above = np.asarray(follower_rad, np.float64) - self.follower_closed_rad
        return above / (self.follower_open_rad - self.follower_closed_rad)

    @property
    def _finger_range_m(self) -> float:
        return self.finger_open_m - self.finger_closed_m


GRIPPERS: Final[dict[GripperVariant, Gripper]] = {
    "tonyzhaozh": Gripper(0.3083, -0.6842, 1.4910, -0.6213, 0.05800, 0.01844),
    "mobile": Gripper(-0.8, -1.65, 1.4910, -0.6213, 0.05800, 0.01844),
    "interbotix": Gripper(0.8298, -0.0552, 1.6214, 0.6197, 0.0579, 0.0440),
}
