"""What the file says about its pictures, step by step."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError

Array = npt.NDArray[Any]
DROPPED_SINCE: Final = 3
"""Of the format: older files tell nothing of dropped pictures."""


@dataclass(frozen=True, slots=True)
class PictureFlags:
    """About the picture of a camera at a step.

    Attributes:
        age_ms: at its tick; None: there was none.
        dropped: all pictures of the step are those of the step before.
    """

    age_ms: float | None = None
    repeat: bool = False
    stale: bool = False
    missing: bool = False
    dropped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """(T, C) each; `dropped`: (T,)."""

    age_ms: npt.NDArray[np.float64]
    repeat: Array
    stale: Array
    missing: Array
    dropped: Array

    def of(self, step: int, camera: int) -> PictureFlags:
        """Those of one picture."""
        age_ms = float(self.age_ms[step, camera])
        return PictureFlags(
            age_ms=None if np.isnan(age_ms) else age_ms,
            repeat=bool(self.repeat[step, camera]),
            stale=bool(self.stale[step, camera]),
            missing=bool(self.missing[step, camera]),
            dropped=bool(self.dropped[step]),
        )


def flags_of(episode: EpisodeReader) -> Flags:
    """The flags of all pictures.

    Raises:
        EpisodeError: the file is damaged where they are.
    """
    shape = episode.steps, len(episode.facts.camera_names)
    columns = {
        name: episode.column(f"/tandem/frame_{name}")
        for name in ("repeat", "stale", "missing", "number", "capture_ns")
    }
    ticks = episode.column("/tandem/tick_ns")
    dropped = np.zeros(shape[0], bool)
    if episode.facts.schema_version >= DROPPED_SINCE:
        dropped = episode.column("/tandem/frame_dropped")
    if any(each.shape != shape for each in columns.values()) or not (
        ticks.shape == dropped.shape == shape[:1]
    ):
        raise EpisodeError(f"{episode.path}: what it says of its pictures is not {shape}.")
    age_ms = (ticks[:, None] - columns["capture_ns"]) / 1e6
    age_ms[columns["number"] < 0] = np.nan
    return Flags(age_ms, columns["repeat"], columns["stale"], columns["missing"], dropped)
