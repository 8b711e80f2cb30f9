"""The one order of joints, arms and buses that every array in Tandem follows.

14 = left arm's six joints and gripper, then the right arm's, as ALOHA has it.
"""

from typing import Final, Literal

Side = Literal["left", "right"]
Role = Literal["leader", "follower"]

SIDES: Final[tuple[Side, ...]] = ("left", "right")
ROLES: Final[tuple[Role, ...]] = ("leader", "follower")

ARM_JOINTS: Final = (
    "waist",
    "shoulder",
    "elbow",
    "forearm_roll",
    "wrist_angle",
    "wrist_rotate",
)
ARM_DOF: Final = len(ARM_JOINTS)
GRIPPER: Final = "gripper"
JOINTS_PER_ARM: Final = ARM_DOF + 1

JOINT_NAMES: Final = tuple(f"{side}_{joint}" for side in SIDES for joint in (*ARM_JOINTS, GRIPPER))
DOF: Final = len(JOINT_NAMES)

BUS_NAMES: Final = tuple(f"{role}_{side}" for role in ROLES for side in SIDES)
"""The four serial buses, one an arm: leader_left, leader_right, follower_left, follower_right."""

SERVOS_PER_ARM: Final = 9
"""Seven joints and the shadows of shoulder and elbow."""

JOINT_SERVO_IDS: Final = (1, 2, 4, 6, 7, 8, 9)
"""Servo ID of each joint of an arm (waist ... gripper); 3 and 5 are the shadows of 2 and 4."""


def arm_slice(side: Side) -> slice:
    """The part of a 14-vector that belongs to one arm."""
    start = SIDES.index(side) * JOINTS_PER_ARM
    return slice(start, start + JOINTS_PER_ARM)


def is_gripper(joint: str) -> bool:
    """Whether a joint of `JOINT_NAMES` is one."""
    return joint.endswith(GRIPPER)
