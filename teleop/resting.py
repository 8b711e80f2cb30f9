"""Whether an arm really lies where it may be let go of."""

from typing import Final

import numpy as np

from teleop.arm import Arm
from teleop.joints import ARM_DOF, ARM_JOINTS, JOINT_SERVO_IDS
from teleop.rig_config import PoseConfig

REST_TOLERANCE_RAD: Final = 0.2


def not_at_rest(arm: Arm, poses: PoseConfig) -> str:
    """Why torque must stay on, or "" where it may go off.

    Grippers may be as they are. A joint that cannot be read is not known to be at rest.
    """
    if not arm.bus.connected:
        return f"its port {arm.bus.port.path} is gone, and its torque stays as it was"
    rest_rad = np.array(poses.leader_rest_rad if arm.role == "leader" else poses.follower_rest_rad)
    distance_rad = np.abs(np.array(arm.position_rad[:ARM_DOF]) - rest_rad)
    rows = [servo_id - 1 for servo_id in JOINT_SERVO_IDS[:ARM_DOF]]
    distance_rad[arm.held[rows]] = np.inf
    worst = int(np.argmax(distance_rad))
    if distance_rad[worst] <= REST_TOLERANCE_RAD:
        return ""
    if np.isinf(distance_rad[worst]):
        return f"its {ARM_JOINTS[worst]} does not answer"
    return f"its {ARM_JOINTS[worst]} is {distance_rad[worst]:.2f} rad away"
