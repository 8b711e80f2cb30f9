"""Inverse kinematics of one arm: damped least squares on MuJoCo's Jacobians.

Known trap: without a preference the wrist passes its singularity onto the other branch
(forearm_roll turned by half a turn) and the arm swings around. A weak pull of forearm_roll
towards zero keeps it on its branch.
"""

import math
from typing import Final

import mujoco
import numpy as np

from sim.config import TICK_S
from sim.scenes.geometry import Array, Pose, between, rotation_vector
from sim.scenes.scene import START_RAD, Scene
from teleop.joints import ARM_DOF, ARM_JOINTS, Side

MAX_SPEED_RAD_S: Final = 2.7
"""Joint speed a hand does not exceed; the product's own limit is pi rad/s."""

_ITERATIONS: Final = 2  # from the last tick's solution; what is left is taken up in the next
_DAMPING: Final = 0.03
_ROTATION_WEIGHT_M: Final = 0.25  # how many metres of error one radian is worth
_ROLL_PULL: Final = 0.02
_STRAIGHT_PULL: Final = 0.05  # more where the wrist is straight: there it would change its branch
_STRAIGHT_RAD: Final = 0.3
_CLOSE_ENOUGH: Final = 1e-5
_SMALL_STEP_RAD: Final = 0.02  # after such a step what is left is of second order: 1e-4 rad
_STEP_LIMIT_RAD: Final = 0.12  # per iteration: keeps the linearisation honest

_WEIGHTS: Final = np.array([1.0, 1.0, 1.0] + [_ROTATION_WEIGHT_M] * 3)
_ROLL, _WRIST_ANGLE = ARM_JOINTS.index("forearm_roll"), ARM_JOINTS.index("wrist_angle")
_IDENTITY: Final = np.eye(ARM_DOF)


class ArmKinematics:
    """Joint angles for poses of one hand, continuing from the last solution."""

    def __init__(self, scene: Scene, side: Side) -> None:
        model = scene.model
        self._model, self._data = model, mujoco.MjData(model)
        joints = [model.joint(f"{side}/{name}") for name in ARM_JOINTS]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.array([joint.dofadr[0] for joint in joints])
        self._lower, self._upper = np.array([joint.range for joint in joints]).T
        self._site = model.site(f"{side}/pinch").id
        self._jacobian = np.zeros((6, model.nv))
        self.joints: Array = START_RAD.copy()

    def forward(self, joints: Array) -> Pose:
        """Pose of the point between the fingertips for (6,) joint angles, rad."""
        self._data.qpos[self._qpos] = joints
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        rotation = self._data.site_xmat[self._site].reshape(3, 3).copy()
        return Pose(self._data.site_xpos[self._site].copy(), rotation)

    def follow(self, goal: Pose) -> Array:
        """Moves the solution towards `goal` by at most one tick's travel; (6,) rad."""
        start = self.joints
        joints = start
        for _ in range(_ITERATIONS):
            step = self._step(joints, goal)
            if step is None:
                break
            joints = between(self._lower, joints + step, self._upper)
            if np.abs(step).max() < _SMALL_STEP_RAD:
                break
        travel = MAX_SPEED_RAD_S * TICK_S
        self.joints = between(start - travel, joints, start + travel)
        return self.joints

    def _step(self, joints: Array, goal: Pose) -> Array | None:
        """One damped Gauss-Newton step, or None where the goal is reached."""
        now = self.forward(joints)
        turn = rotation_vector(goal.rotation @ now.rotation.T)
        error = _WEIGHTS * np.concatenate([goal.position - now.position, turn])
        if error @ error < _CLOSE_ENOUGH**2:
            return None
        mujoco.mj_jacSite(
            self._model, self._data, self._jacobian[:3], self._jacobian[3:], self._site
        )
        jacobian = self._jacobian[:, self._dof] * _WEIGHTS[:, None]
        # Far away full damping against overshoot, close by hardly any: it would leave an error.
        damping = _DAMPING**2 * min(1.0, math.sqrt(error @ error) / 0.05) + 1e-8
        normal = jacobian.T @ jacobian + damping * _IDENTITY
        wanted = jacobian.T @ error
        straight = max(0.0, 1.0 - abs(joints[_WRIST_ANGLE]) / _STRAIGHT_RAD)
        pull = (_ROLL_PULL + straight * _STRAIGHT_PULL) ** 2
        normal[_ROLL, _ROLL] += pull
        wanted[_ROLL] -= pull * joints[_ROLL]
        step = np.linalg.solve(normal, wanted)
        return between(-_STEP_LIMIT_RAD, step, _STEP_LIMIT_RAD)
