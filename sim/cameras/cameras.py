"""The rig's cameras, rendered into shared memory, with the scene's state beside them."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sim.config import WorldConfig
from teleop.lockstep import SCENE_RING, frame_ring
from teleop.ring import RingWriter

if TYPE_CHECKING:  # MuJoCo is imported only after its GL backend has been chosen
    from sim.cameras.render import Renderer
    from sim.scenes.scene import Scene

FRAME_SLOTS: Final = 8


class Cameras:
    """Renders every camera straight into its ring."""

    def __init__(self, scene: "Scene", renderer: "Renderer", config: WorldConfig) -> None:
        runtime = Path(config.runtime_dir)
        self._scene = scene
        self._renderer = renderer
        self._rings = {
            camera.name: RingWriter(
                runtime / frame_ring(camera.name),
                [
                    ("number", "<u8"),
                    ("capture_ns", "<i8"),
                    ("arrival_ns", "<i8"),
                    ("image", "u1", (camera.height, camera.width, 3)),
                ],
                FRAME_SLOTS,
            )
            for camera in config.cameras
        }
        self._states = RingWriter(
            runtime / SCENE_RING,
            [
                ("number", "<u8"),
                ("t_ns", "<i8"),
                ("stage", "u1"),
                ("state", "<f8", scene.state().shape),
            ],
            FRAME_SLOTS * 8,
        )
        self.sets = 0
        self.cpu_ns = 0

    def publish(self, t_ns: int, stage: int) -> None:
        """One frame of every camera, and the scene's state beside them, all stamped `t_ns`."""
        before = time.process_time_ns()
        state = self._states.begin()
        state["number"], state["t_ns"], state["stage"] = self.sets, t_ns, stage
        state["state"] = self._scene.state()
        self._states.commit()
        for name, ring in self._rings.items():
            frame = ring.begin()
            frame["number"] = self.sets
            frame["capture_ns"] = frame["arrival_ns"] = t_ns
            self._renderer.render(name, frame["image"])
            ring.commit()
        self.sets += 1
        self.cpu_ns += time.process_time_ns() - before
