"""An operator's demonstration without servo buses: leader readings straight into the scene.

For tests and benchmarks that want many demonstrations quickly. It stands for the buses and the
product: readings quantised to servo ticks, a tick between reading and command, velocity limits. It
leaves out the servos (profiles, protections, the gripper's goal current: force limits stay those
of the model), packets and their losses, the product's position limits and ramps, cameras, time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.config import TICK_S
from sim.linkage import FOLLOWER_CLOSED_M, FOLLOWER_OPEN_M
from sim.operators.operator import Operator
from sim.scenes.geometry import Array, between
from sim.scenes.scene import Scene
from teleop.joints import DOF, JOINTS_PER_ARM, SIDES, arm_slice

GRIPPERS: Final = np.arange(DOF) % JOINTS_PER_ARM == JOINTS_PER_ARM - 1
"""Which of the fourteen are grippers."""

_SERVO_TICK_RAD: Final = 2 * np.pi / 4096
_STEP_LIMIT: Final = np.where(GRIPPERS, 0.1, np.pi * TICK_S)
_FINGER_TRAVEL_M: Final = FOLLOWER_OPEN_M - FOLLOWER_CLOSED_M


@dataclass(frozen=True, slots=True)
class Step:
    """One tick: (14,) rad and grippers 0-1. `qpos` is from before the physics, `stage` after."""

    leader: Array
    action: Array
    qpos: Array
    stage: int


def demonstrate(scene: Scene, operator: Operator, max_ticks: int) -> Iterator[Step]:
    """Drives a scene that was just reset until the operator has finished, or `max_ticks` long."""
    action = reading = positions(scene)
    for _ in range(max_ticks):
        qpos = positions(scene)
        action = action + between(-_STEP_LIMIT, reading - action, _STEP_LIMIT)
        leader = operator.tick()
        reading = np.where(GRIPPERS, leader, np.round(leader / _SERVO_TICK_RAD) * _SERVO_TICK_RAD)
        _command(scene, action)
        scene.step()
        yield Step(leader, action, qpos, scene.stage())
        if operator.finished:
            return


def positions(scene: Scene) -> Array:
    """(14,) follower joints in rad, grippers 0-1."""
    joints = np.concatenate([scene.joint_positions(side) for side in SIDES])
    return np.where(GRIPPERS, (joints - FOLLOWER_CLOSED_M) / _FINGER_TRAVEL_M, joints)


def _command(scene: Scene, action: Array) -> None:
    goals = np.where(GRIPPERS, FOLLOWER_CLOSED_M + action * _FINGER_TRAVEL_M, action)
    for side in SIDES:
        scene.set_targets(side, goals[arm_slice(side)])
