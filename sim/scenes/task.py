"""What a task adds to the rig, and the table of the tasks the simulated rig knows.

A new task is a module of its name here, with a `TASK` (what lies on the table and what counts as
progress), one in `sim.operators` (how a person does it), and its line in the table below.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import mujoco

from sim.errors import SceneError
from teleop.config import nearest

SCENES: Final = ("battery", "transfer_cube", "insertion")


@dataclass(frozen=True, slots=True)
class Movable:
    """An object that a task file places: its free joint, and where it lies if no file says so."""

    joint: str
    x_m: float
    y_m: float
    height_m: float
    """Of its frame, when it lies on the table."""


class Stages(Protocol):
    """Judges how far the task has come. One judge follows one episode."""

    def update(self, data: mujoco.MjData) -> int:
        """The stage of the present state; called once a tick, after the physics is up to date."""


@dataclass(frozen=True, slots=True)
class SceneTask:
    """The objects of a task (MJCF bodies and materials), what a file may place, and its stages.

    `movables` by the name a task file knows them by. The last of `stage_names` is success.
    """

    objects: str
    materials: str
    movables: Mapping[str, Movable]
    stage_names: tuple[str, ...]
    stages: Callable[[mujoco.MjModel], Stages]


def load_task(name: str) -> SceneTask:
    """The scene of a task.

    Raises:
        SceneError: there is none of that name.
    """
    if name not in SCENES:
        raise SceneError(f"The simulated rig has no task {name!r}. {nearest(name, SCENES)}.")
    task: SceneTask = importlib.import_module(f"sim.scenes.{name}").TASK
    return task
