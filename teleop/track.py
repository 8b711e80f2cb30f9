"""A recorded demonstration as it is played back: the commands, and where the followers were then.

Vectors have the 14 joints of `teleop.joints`, rad, grippers 0-1; NaN where the recording had no
arm. Rows are a recorded step apart. Pure, but for `save` and `load`.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from teleop.errors import TrackError
from teleop.joints import DOF
from teleop.units import Floats

ROUNDING: Final = 1e-9
TRACK_DTYPE: Final = np.dtype([("action", "<f8", (DOF,)), ("qpos", "<f8", (DOF,))])


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Commands and positions (T, 14), and how fast they go by.

    Attributes:
        pace: recorded steps a tick of the rig; 1 as it was recorded, where the rates are the same.
    """

    action: Floats
    qpos: Floats
    pace: float = 1.0

    @property
    def ticks(self) -> int:
        """How many ticks it takes to play all of it; at the last one the last command is sent."""
        return math.ceil((len(self.action) - 1) / self.pace - ROUNDING) + 1

    def command(self, tick: int) -> Floats:
        """The command of a tick, between two recorded ones on the straight way; from the end on
        the last one."""
        return _at(self.action, tick * self.pace)

    def expected(self, tick: int) -> Floats:
        """Where the followers were when that command was sent."""
        return _at(self.qpos, tick * self.pace)


def _at(rows: Floats, place: float) -> Floats:
    if place > len(rows) - 1 - ROUNDING:
        return np.asarray(rows[-1])
    before, share = int(place), place - int(place)
    way = rows[before + 1] - rows[before]
    return np.asarray(rows[before] + share * way)


def save(track: Track, path: Path) -> None:
    """Leave the rows for control and whoever watches."""
    rows = np.empty(len(track.action), TRACK_DTYPE)
    rows["action"], rows["qpos"] = track.action, track.qpos
    np.save(path, rows, allow_pickle=False)


def load(path: Path, pace: float) -> Track:
    """What `save` has left.

    Raises:
        TrackError: it is not that, or has no rows.
    """
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise TrackError(f"Cannot read what is to be played back, {path}: {error}.") from error
    if rows.dtype != TRACK_DTYPE or rows.ndim != 1 or not len(rows):
        raise TrackError(f"{path} holds no commands to be played back.")
    if (np.isfinite(rows["action"]) & ~np.isfinite(rows["qpos"])).any():
        raise TrackError(f"{path} does not say where all arms were: nobody could compare.")
    return Track(rows["action"], rows["qpos"], pace)
