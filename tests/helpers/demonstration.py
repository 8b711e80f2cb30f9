"""Demonstrations of the scripted operators, without servo buses, kept tick by tick.

What the driver stands for and what it leaves out is said in `sim.operators.demonstrate`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from session.config import load_task
from sim.config import OperatorConfig
from sim.operators.demonstrate import demonstrate
from sim.operators.operator import Operator
from sim.scenes.scene import Scene
from sim.scenes.task import load_task as load_scene_task
from teleop.joints import SIDES


@dataclass(frozen=True)
class Episode:
    """One demonstration: a row a tick.

    `leader`, `action` and `qpos`, (T, 14), are from before a tick's step; `states`, `stages`,
    `objects` (by name: (T, 3) m), `upright` (by name: (T,) cosine between the object's z and up),
    `hands` (by side: (T, 3) m) and `grip_n` (by side: (T,), closing below zero) are from after it.
    """

    seed: int
    leader: np.ndarray
    action: np.ndarray
    qpos: np.ndarray
    states: np.ndarray
    stages: np.ndarray
    objects: dict[str, np.ndarray]
    upright: dict[str, np.ndarray]
    hands: dict[str, np.ndarray]
    grip_n: dict[str, np.ndarray]
    retries: int
    warnings: int

    @property
    def ticks(self) -> int:
        return len(self.action)


def every(check: Callable[[Episode], bool], episodes: list[Episode]) -> bool:
    """Whether all of them pass."""
    return all(check(episode) for episode in episodes)


def record(
    scene: Scene,
    seed: int,
    *,
    miss_share: float = 0.0,
    disturb: Callable[[Scene, int], None] = lambda scene, tick: None,
) -> Episode:
    """A demonstration from the start range of the task's TOML.

    `disturb` is called with the scene and the tick after each step.
    """
    task = load_task(scene.task)
    names = tuple(load_scene_task(scene.task).movables)
    scene.reset(seed, task.start)
    operator = Operator(scene, seed, OperatorConfig(miss_share))
    rows, looks = [], []
    for tick, step in enumerate(demonstrate(scene, operator, task.max_steps)):
        rows.append((step.leader, step.action, step.qpos, scene.state(), step.stage))
        poses = [scene.object_pose(name) for name in names]
        looks.append(
            (
                *(pose.position for pose in poses),
                *(pose.rotation[2, 2] for pose in poses),
                *(scene.hand_pose(side).position for side in SIDES),
                *(scene.joint_forces(side)[-1] for side in SIDES),
            )
        )
        disturb(scene, tick)
    columns = iter(np.array(column) for column in zip(*looks, strict=True))
    objects, upright, hands, grip_n = (
        {key: next(columns) for key in keys} for keys in (names, names, SIDES, SIDES)
    )
    leader, action, qpos, states, stages = (np.array(column) for column in zip(*rows, strict=True))
    warnings = sum(int(warning.number) for warning in scene.data.warning)
    return Episode(
        seed,
        leader,
        action,
        qpos,
        states,
        stages,
        objects,
        upright,
        hands,
        grip_n,
        operator.retries,
        warnings,
    )
