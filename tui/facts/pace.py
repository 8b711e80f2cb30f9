"""How fast the session's time goes: in lock-step it waits for the simulated world."""

from typing import Final

ENOUGH_S: Final = 0.5


class Pace:
    """Seconds of the session's time per second of the wall, over the last few seconds."""

    def __init__(self, window_s: float = 3.0) -> None:
        self._window_s = window_s
        self._samples: list[tuple[float, int]] = []

    def update(self, now_s: float, t_ns: int | None) -> float | None:
        """The factor with this sample added; None until there is enough to tell."""
        if t_ns is None:
            return None
        if self._samples and t_ns < self._samples[-1][1]:  # another world
            self._samples.clear()
        self._samples.append((now_s, t_ns))
        while len(self._samples) > 2 and now_s - self._samples[0][0] > self._window_s:
            self._samples.pop(0)
        elapsed_s = now_s - self._samples[0][0]
        if elapsed_s < ENOUGH_S:
            return None
        return (t_ns - self._samples[0][1]) * 1e-9 / elapsed_s
