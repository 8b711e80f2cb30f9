"""The numbers of an episode, as columns of a set."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recorder.episode.reader import EpisodeReader
from replay.errors import ExportError
from replay.export.lerobot.features import Features

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Position:
    """Where an episode stands in the set.

    Attributes:
        episode: its number; in the set episodes count from 0 without gaps.
        first: frames before it.
        task: number of its task.
    """

    episode: int
    first: int
    task: int


def columns(episode: EpisodeReader, features: Features, position: Position) -> Columns:
    """By feature, in the set's order: vectors (T, J) float32, counters (T,).

    Raises:
        ExportError: a number is not known.
        EpisodeError: the file is damaged there.
    """
    joints = {key: _known(episode, path) for key, path in features.vectors.items()}
    return joints | _counters(episode.steps, features.rig.fps, position)


def _known(episode: EpisodeReader, path: str) -> npt.NDArray[np.float32]:
    values = episode.column(path).astype(np.float32)
    if unknown := int((~np.isfinite(values)).any(axis=1).sum()):
        raise ExportError(
            f"{episode.path}: {path} is not known at {unknown} of {episode.steps} steps, and no "
            "policy trains on that; leave the episode out, or try --without-velocity-and-effort."
        )
    return values


def _counters(steps: int, fps: int, position: Position) -> Columns:
    """Times are those of an even rate: the reader finds a video's frames by them."""
    count = np.arange(steps, dtype=np.int64)
    return {
        "timestamp": (count / fps).astype(np.float32),
        "frame_index": count,
        "episode_index": np.full_like(count, position.episode),
        "index": count + position.first,
        "task_index": np.full_like(count, position.task),
    }
