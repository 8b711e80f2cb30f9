"""When every step was: seconds to steps and back. Never empty, never backwards."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
USUAL_FPS: Final = 50
MAX_FPS: Final = 1000
ROUNDING_S: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """(T,) seconds since the first step, rising; T is at least 1."""

    seconds: Floats = field(default_factory=lambda: np.zeros(1))

    @property
    def last(self) -> int:
        """The last step."""
        return len(self.seconds) - 1

    @property
    def end_s(self) -> float:
        """When the last step was."""
        return float(self.seconds[-1])

    def step_at(self, at_s: float) -> int:
        """The step that was the newest then."""
        step = int(np.searchsorted(self.seconds, at_s + ROUNDING_S, side="right")) - 1
        return min(max(step, 0), self.last)

    def at(self, step: int) -> float:
        """When a step was; the nearest one where there is no such step."""
        return float(self.seconds[min(max(step, 0), self.last)])


def timeline_of(steps: int, fps: int, seconds: Floats | None) -> Timeline:
    """By the file's own stamps; evenly where they are missing, or no times.

    Args:
        seconds: (T,), or None where they cannot be read.
    """
    usable = seconds is not None and len(seconds) == steps > 0 and bool(seconds[0] == 0)
    if usable and seconds is not None and bool((np.diff(seconds) > 0).all()):
        return Timeline(seconds)
    return Timeline(np.arange(max(steps, 1)) / (fps if 0 < fps <= MAX_FPS else USUAL_FPS))
