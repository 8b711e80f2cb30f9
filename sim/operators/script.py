"""How a task is done: the motions of both hands, one script a scene."""

import importlib
from collections.abc import Callable

from sim.operators.hand import Hand, Motion
from sim.scenes.scene import Scene

Script = Callable[[Scene, Hand, Hand, bool], tuple[Motion, Motion]]
"""Gives the motions of the left and the right hand; with True the first grasp misses."""


def load_script(scene: Scene) -> Script:
    """The scripted operator of a scene: `script` of the module of its name beside this one."""
    script: Script = importlib.import_module(f"sim.operators.{scene.task}").script
    return script
