"""The cameras in lock-step: all are rendered in the world's own process, between two ticks."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sim.cameras.render import Renderer
from sim.cameras.rings import SceneRing, frame_writer
from sim.config import WorldCamera

FRAME_SLOTS: Final = 8


class Cameras:
    """Renders every camera straight into its ring, with the scene's state beside them.

    Attributes:
        cpu_ns: CPU time it has taken so far.

    Args:
        renderer: None where no camera is to be rendered.
    """

    def __init__(
        self,
        runtime: Path,
        cameras: Sequence[WorldCamera],
        states: SceneRing,
        renderer: Renderer | None,
    ) -> None:
        self._states = states
        self._renderer = renderer
        self._rings = {
            camera.name: frame_writer(runtime, camera, FRAME_SLOTS) for camera in cameras
        }
        self.cpu_ns = 0

    @property
    def sets(self) -> int:
        """Sets of frames published so far; the number of a set is that of its state."""
        return self._states.count

    def publish(self, t_ns: int, stage: int) -> None:
        """One frame of every camera, and the scene's state beside them, all stamped `t_ns`."""
        before = time.process_time_ns()
        number = self.sets
        self._states.publish(t_ns, stage)
        if self._renderer is not None:
            self._render(self._renderer, number, t_ns)
        self.cpu_ns += time.process_time_ns() - before

    def _render(self, renderer: Renderer, number: int, t_ns: int) -> None:
        for name, ring in self._rings.items():
            frame = ring.begin()
            frame["number"] = number
            frame["capture_ns"] = frame["arrival_ns"] = t_ns
            renderer.render(name, frame["image"])
            ring.commit()
