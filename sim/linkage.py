"""Where an arm's gripper servo puts its fingers: the crank-and-slider of the ALOHA grippers.

finger = h * sin(angle) + sqrt(a^2 - (h * cos(angle))^2), lengths from `tonyzhaozh/aloha`, which
reproduce its open and close constants to 0.12 mm. Written apart from the product's own formula on
purpose: the simulated hardware must not share an error with its driver.
"""

import math
from typing import Final

HORN_M: Final = 0.022
ARM_M: Final = 0.036
FOLLOWER_CLOSED_M: Final = 0.01844
FOLLOWER_OPEN_M: Final = 0.05800
FINGER_REACH_M: Final = (0.0145, 0.0575)
"""Fingers that the crank answers for. At ARM_M - HORN_M and ARM_M + HORN_M it is at a dead centre,
where speeds have no bound; a hard push moves the simulated finger past its stops and there.
"""
LEADER_CLOSED_RAD: Final = -0.6842
LEADER_OPEN_RAD: Final = 0.3083


def finger_from_angle(angle_rad: float) -> float:
    """Distance of a follower's finger from the gripper's middle, m."""
    across = HORN_M * math.cos(angle_rad)
    return HORN_M * math.sin(angle_rad) + math.sqrt(ARM_M**2 - across**2)


def angle_from_finger(finger_m: float) -> float:
    """The servo angle that puts a follower's finger there, rad; the nearest one if out of reach."""
    nearest, farthest = FINGER_REACH_M
    finger_m = min(max(finger_m, nearest), farthest)
    return math.asin((finger_m**2 + HORN_M**2 - ARM_M**2) / (2 * finger_m * HORN_M))


def finger_slope(angle_rad: float) -> float:
    """d finger / d angle, m per rad: turns finger force into servo torque and speeds both ways."""
    across = HORN_M * math.cos(angle_rad)
    return across + across * HORN_M * math.sin(angle_rad) / math.sqrt(ARM_M**2 - across**2)


def leader_angle(opening: float) -> float:
    """Angle of a leader's gripper joint for an opening of 0 (closed) to 1 (open), rad."""
    return LEADER_CLOSED_RAD + opening * (LEADER_OPEN_RAD - LEADER_CLOSED_RAD)
