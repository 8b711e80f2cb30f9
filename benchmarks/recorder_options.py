"""What a row of `benchmarks/recorder.py` is asked for."""

from dataclasses import dataclass
from typing import Final

STEPS: Final = 400
"""ALOHA's usual episode: 8 s at 50 Hz."""
RATE_HZ: Final = 50
THOROUGH_S: Final = 60


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how often.

    Attributes:
        seconds: of the long session; a row whose episodes have 400 steps shortens them if that is
            less than they take.
        episode_s: length of the usual episodes of that session.
        kills: how often the recorder is killed.
        seed: of everything that is drawn at random.
        lerobot: a Python that has LeRobot; empty: it is left out.
        clean: how many clean episodes are recorded and judged.
        episodes_from: a folder of simulated episodes that are judged instead; empty: none.
    """

    seconds: int
    episode_s: int
    kills: int
    seed: int
    lerobot: str
    clean: int
    episodes_from: str

    @property
    def steps(self) -> int:
        """Of a usual episode."""
        return min(STEPS, self.seconds * RATE_HZ)

    @property
    def stride(self) -> int:
        """Of what is tried everywhere, one in so many: all of it unless the run is a short one."""
        return 1 if self.seconds >= THOROUGH_S else 16
