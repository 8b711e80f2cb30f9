"""Puts the world together. Importing this imports MuJoCo: MUJOCO_GL must be set before."""

import contextlib
import sys
import time
from pathlib import Path

import mujoco

from sim.callers import Callers
from sim.cameras.cameras import Cameras
from sim.cameras.render import Renderer
from sim.cameras.renderers import Renderers
from sim.cameras.rings import SceneRing
from sim.config import WorldConfig
from sim.lockstep_world import LockstepWorld
from sim.realtime_world import SLICES, RealTimeWorld
from sim.rig import SimulatedRig
from sim.scenes.scene import Scene
from sim.scenes.table_mjcf import CAMERA_NAMES
from sim.status import WorldBoard
from teleop.config import ConfigError
from teleop.realtime import WORLD_PRIORITY, ask_for_fifo

World = LockstepWorld | RealTimeWorld


def assemble(
    config: WorldConfig, path: Path, stack: contextlib.ExitStack
) -> tuple[SimulatedRig, World]:
    """The rig, and the world that moves it as `config` says.

    Args:
        path: the file that `config` was read from.
        stack: gets what is to be closed in the end.

    Raises:
        ConfigError: cameras, scene or faults cannot be.
        SimError: the scene does not exist, or cannot be rendered.
        OSError: no room in the runtime directory.
    """
    mujoco.set_mju_user_warning(_say_warning)  # else it writes a log where the user happens to be
    runtime = Path(config.runtime_dir)
    board = WorldBoard(runtime)
    scene = _scene(config)
    slices = SLICES if config.realtime else 1
    rig = SimulatedRig(config, scene, lambda text: board.say(text, rig.t_ns), slices)
    stack.callback(rig.close)
    states = SceneRing(runtime, scene)
    callers = Callers(runtime)
    if not config.realtime:
        renderer = Renderer(scene, config.quality) if config.cameras else None
        cameras = Cameras(runtime, config.cameras, states, renderer)
        return rig, LockstepWorld(rig, cameras, callers, board)
    renderers = Renderers(runtime, path, [camera.name for camera in config.cameras])
    stack.callback(renderers.close)
    fifo, sentence = ask_for_fifo("The simulated world", WORLD_PRIORITY)
    board.say(sentence, time.monotonic_ns())
    sys.stderr.write(f"{sentence}\n")
    return rig, RealTimeWorld(rig, renderers, states, callers, board, fifo)


def _say_warning(text: str) -> None:
    sys.stderr.write(f"MuJoCo: {text}\n")


def _scene(config: WorldConfig) -> Scene:
    for camera in config.cameras:
        if camera.name not in CAMERA_NAMES:
            known = ", ".join(CAMERA_NAMES)
            raise ConfigError(f"The scene has no camera {camera.name!r}; it has {known}.")
    sizes = {(camera.height, camera.width) for camera in config.cameras}
    if len(sizes) > 1:
        raise ConfigError("All simulated cameras must have the same width and height.")
    scene = Scene(config.scene, *(sizes.pop() if sizes else ()))
    scene.check_start(config.start)
    return scene
