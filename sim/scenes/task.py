"""What a task adds to the rig, and the table of the tasks the simulated rig knows.

A new task is a module with a `TASK` (what lies on the table and what counts as progress) and a
`script` (how an operator does it), plus its line in the table below.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import mujoco

from sim.errors import SceneError
from teleop.config import nearest

if TYPE_CHECKING:
    from sim.operators.hand import Hand
    from sim.scenes.scene import Scene

_MODULES: Final = {
    "battery": ("sim.scenes.battery", "sim.operators.battery"),
    "transfer_cube": ("sim.scenes.transfer_cube", "sim.operators.transfer_cube"),
    "insertion": ("sim.scenes.insertion", "sim.operators.insertion"),
}


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


Motion = Iterator[None]
"""What one hand does, one step for each 20 ms."""

Script = Callable[["Scene", "Hand", "Hand", bool], tuple[Motion, Motion]]
"""Gives the motions of the left and the right hand; with True the first grasp misses."""


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
