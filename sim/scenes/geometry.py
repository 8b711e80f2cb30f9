"""Poses and rotations, with MuJoCo's own quaternion routines underneath."""

import math
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where something is: `position` (3,) in m, `rotation` (3, 3), columns are its axes."""

    position: Array
    rotation: Array

    def point(self, local: tuple[float, float, float] | Array) -> Array:
        """A point given in this frame, (3,) m, in world coordinates."""
        return np.asarray(self.position + self.rotation @ np.asarray(local))

    def local(self, point: Array) -> Array:
        """A world point, (3,) m, in this frame."""
        return np.asarray(self.rotation.T @ (point - self.position))

    @property
    def heading(self) -> float:
        """Direction of the x axis seen from above, rad."""
        return float(np.arctan2(self.rotation[1, 0], self.rotation[0, 0]))


def between(lowest: Array | float, values: Array, highest: Array | float) -> Array:
    """`np.clip` without its overhead, which counts on vectors of three and six."""
    return np.minimum(np.maximum(values, lowest), highest)


def rotation_vector(rotation: Array) -> Array:
    """Axis times angle, (3,) rad, of a (3, 3) rotation."""
    quaternion, vector = np.empty(4), np.empty(3)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).ravel())
    mujoco.mju_quat2Vel(vector, quaternion, 1.0)
    return vector


def rotation_of(vector: Array) -> Array:
    """The (3, 3) rotation about `vector` by its length, rad."""
    angle = math.sqrt(vector @ vector)
    quaternion, matrix = np.array([1.0, 0.0, 0.0, 0.0]), np.empty(9)
    if angle > 1e-9:
        mujoco.mju_axisAngle2Quat(quaternion, vector / angle, angle)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)


def pointing(heading: float, down: float) -> Array:
    """Rotation of a hand whose fingers (x) point along `heading`, tilted `down` rad from level.

    Its y axis, along which the fingers move, stays level.
    """
    ch, sh, cd, sd = np.cos(heading), np.sin(heading), np.cos(down), np.sin(down)
    x = np.array([cd * ch, cd * sh, -sd])
    y = np.array([-sh, ch, 0.0])
    return np.stack([x, y, np.cross(x, y)], axis=1)


def raised(point: Array, height_m: float) -> Array:
    """The point `height_m` above another, (3,) m."""
    return np.asarray(point + np.array([0.0, 0.0, height_m]))


def look_axes(position: Array, target: Array, up: Array) -> str:
    """MJCF ``xyaxes`` of a camera at `position` that looks at `target`."""
    back = np.asarray(position, dtype=float) - target
    right = np.cross(up, back)
    image_up = np.cross(back, right)
    axes = [*(right / np.linalg.norm(right)), *(image_up / np.linalg.norm(image_up))]
    return " ".join(f"{value:.5f}" for value in axes)
