"""The physics state of the simulated scene at a tick, so that it can be restored later."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recorder.ring_search import newest_not_after
from teleop.lockstep import SCENE_RING
from teleop.ring import RingError, RingReader


@dataclass(frozen=True, slots=True)
class SceneState:
    """State of the world: (n,) float64, the task stage reached, and when it was so."""

    t_ns: int
    stage: int
    state: npt.NDArray[np.float64]


class SceneReader:
    """Reads the world's scene ring.

    Raises:
        FileNotFoundError: the world has not made it yet.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._ring = RingReader(runtime_dir / SCENE_RING)
        self.state_size = int(self._ring.dtype["state"].shape[0])

    def at(self, t_ns: int) -> SceneState | None:
        """The newest state not after `t_ns`, None if there is none."""
        index = newest_not_after(self._ring, "t_ns", t_ns)
        if index is None:
            return None
        try:
            record = self._ring.read(index)
        except RingError:
            return None
        return SceneState(int(record["t_ns"]), int(record["stage"]), record["state"])

    def newest_number(self, t_ns: int) -> int | None:
        """Number of the state that `at` would give, None if there is none."""
        index = newest_not_after(self._ring, "t_ns", t_ns)
        try:
            return None if index is None else int(self._ring.peek(index, "number"))
        except RingError:
            return None

    def close(self) -> None:
        """Let the ring go."""
        self._ring.close()
