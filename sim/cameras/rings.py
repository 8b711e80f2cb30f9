"""Where pictures and the scene's states lie in shared memory."""

from pathlib import Path
from typing import Final

from sim.config import WorldCamera
from sim.scenes.scene import Scene
from teleop.lockstep import SCENE_RING, frame_dtype, frame_ring
from teleop.ring import RingWriter

SCENE_SLOTS: Final = 512
"""5 s in real time."""


def frame_writer(runtime: Path, camera: WorldCamera, slots: int) -> RingWriter:
    """The ring of a camera's frames."""
    dtype = frame_dtype(camera.height, camera.width)
    return RingWriter(runtime / frame_ring(camera.name), dtype, slots)


class SceneRing:
    """Writer of the scene's states.

    Attributes:
        count: states published so far; each carries its number.
    """

    def __init__(self, runtime: Path, scene: Scene) -> None:
        self.count = 0
        self._scene = scene
        dtype = [
            ("number", "<u8"),
            ("t_ns", "<i8"),
            ("stage", "u1"),
            ("state", "<f8", (scene.state_size,)),
        ]
        self._ring = RingWriter(runtime / SCENE_RING, dtype, SCENE_SLOTS)

    def publish(self, t_ns: int, stage: int) -> None:
        """The state that the scene is in at `t_ns`."""
        record = self._ring.begin()
        record["number"], record["t_ns"], record["stage"] = self.count, t_ns, stage
        record["state"] = self._scene.state()
        self._ring.commit()
        self.count += 1
