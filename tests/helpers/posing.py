"""Puts hands and objects of a scene where a test wants them, without physics in between."""

import mujoco
import numpy as np

from sim.operators.kinematics import ArmKinematics
from sim.scenes.arm_mjcf import FINGER_MIN_M
from sim.scenes.geometry import Pose, pointing
from sim.scenes.scene import Scene
from teleop.joints import ARM_JOINTS, Side

_HEADING = {"left": 0.0, "right": np.pi}
_SQUEEZE_M = 0.0004  # how far a pad is pressed into what it touches


def put(scene: Scene, name: str, *position: float) -> None:
    """The object `name`, square to the table, at a position in m."""
    scene.data.joint(f"{name}_joint").qpos[:] = (*position, 1.0, 0.0, 0.0, 0.0)


def grip(scene: Scene, side: Side, half_width_m: float, *position: float) -> None:
    """A hand from its own side, its fingers about something of that half width at a position."""
    kinematics = ArmKinematics(scene, side)
    goal = Pose(np.array(position), pointing(_HEADING[side], 1.2))
    for _ in range(100):
        joints = kinematics.follow(goal)
    assert np.linalg.norm(kinematics.forward(joints).position - goal.position) < 0.002
    for name, angle in zip(ARM_JOINTS, joints, strict=True):
        scene.data.joint(f"{side}/{name}").qpos[:] = angle
    for finger in ("left", "right"):
        slide = FINGER_MIN_M + half_width_m - _SQUEEZE_M
        scene.data.joint(f"{side}/{finger}_finger").qpos[:] = slide


def judge(scene: Scene) -> str:
    """The name of the stage of the present poses, as of one more tick."""
    mujoco.mj_forward(scene.model, scene.data)
    return scene.stage_names[scene.stage()]
