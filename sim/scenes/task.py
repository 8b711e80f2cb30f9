"""What a task adds to the rig, and the table of the tasks the simulated rig knows.

A new task is a module with a `TASK` (what lies on the table and what counts as progress) and a
`script` (how an operator does it), plus its line in the table below.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import mujoco
import numpy as np

from sim.errors import SceneError
from teleop.config import nearest

if TYPE_CHECKING:
    from sim.operators.hand import Hand
    from sim.scenes.scene import Scene

_MODULES: Final = {
    "battery": ("sim.scenes.battery", "sim.operators.battery"),
}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an object starts: centre (m) and heading (rad) of the body with free joint `joint`."""

    joint: str
    position: tuple[float, float, float]
    heading: float


class Stages(Protocol):
    """Judges how far the task has come. One judge follows one episode."""

    def update(self, data: mujoco.MjData) -> int:
        """The stage of the present state; called once a tick, after the physics is up to date."""


@dataclass(frozen=True, slots=True)
class SceneTask:
    """The objects of a task (MJCF bodies and materials), their placing and its stages.

    The last of `stage_names` is success.
    """

    objects: str
    materials: str
    stage_names: tuple[str, ...]
    place: Callable[[np.random.Generator], tuple[Placement, ...]]
    stages: Callable[[mujoco.MjModel], Stages]


Motion = Iterator[None]
"""What one hand does, one step for each 20 ms."""

Script = Callable[["Scene", "Hand", "Hand"], tuple[Motion, Motion]]
"""Gives the motions of the left and the right hand."""


def load_task(name: str) -> SceneTask:
    """The scene of a task.

    Raises:
        SceneError: there is none of that name.
    """
    task: SceneTask = importlib.import_module(_modules(name)[0]).TASK
    return task


def load_script(name: str) -> Script:
    """The scripted operator of a task.

    Raises:
        SceneError: there is none of that name.
    """
    script: Script = importlib.import_module(_modules(name)[1]).script
    return script


def _modules(name: str) -> tuple[str, str]:
    if name in _MODULES:
        return _MODULES[name]
    raise SceneError(f"The simulated rig has no task {name!r}. {nearest(name, _MODULES)}.")
