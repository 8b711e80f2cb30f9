"""From an episode file to what a rig plays: a track of commands, and the scene to begin in."""

from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.arms import Arms, arms_of
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from replay.errors import PlaybackError
from teleop.joints import DOF
from teleop.track import Track

Floats = npt.NDArray[np.float64]
MOST_GAPS: Final = 0.5
"""Of a recording's length that may be missing: what is bridged is invented."""


def arms_in(episode: EpisodeReader) -> Arms:
    """The arms of an episode.

    Raises:
        PlaybackError: its joints are those of no arms.
    """
    arms = arms_of(episode.facts.joint_names)
    if arms is None:
        raise PlaybackError(f"{episode.path}: its joints are those of no arms: episodes check it.")
    return arms


def track_of(episode: EpisodeReader, speed: float, rate_hz: int) -> Track:
    """Commands and positions at even distances in time: steps that the recorder has lost are
    bridged on the straight way.

    Args:
        speed: of the recording's.
        rate_hz: of the rig that plays it.

    Raises:
        PlaybackError: the commands cannot be played.
        EpisodeError: the file is damaged where they are.
    """
    arms, fps = arms_in(episode), episode.facts.fps
    step = episode.column("/tandem/step").astype(np.int64)
    action, qpos = _full(episode, "/action", arms), _full(episode, "/observations/qpos", arms)
    if fps < 1 or not len(step) or (np.diff(step) <= 0).any():
        raise PlaybackError(f"{episode.path}: its steps are in no order: episodes check it.")
    if not np.isfinite(action[:, arms.joints]).all():
        raise PlaybackError(f"{episode.path}: not all of its commands are numbers.")
    length = int(step[-1] - step[0]) + 1
    if len(step) < MOST_GAPS * length:
        lost = length - len(step)
        raise PlaybackError(f"{episode.path}: {lost} of its {length} steps are missing.")
    even = np.arange(step[0], step[-1] + 1)
    return Track(_even(action, step, even), _even(qpos, step, even), speed * fps / rate_hz)


def scene_of(episode: EpisodeReader) -> tuple[float, ...]:
    """The simulated scene at the first step; empty: the episode was not recorded on a simulated
    rig.

    Raises:
        PlaybackError: it is not known there.
        EpisodeError: the file is damaged there.
    """
    if episode.facts.arms_kind != "simulated":
        return ()
    states = episode.column("/tandem/sim_state")
    if states.ndim != 2 or not len(states) or not np.isfinite(states[0]).all():
        raise PlaybackError(f"{episode.path}: its scene is not known at the first step.")
    return tuple(map(float, states[0]))


def _full(episode: EpisodeReader, path: str, arms: Arms) -> Floats:
    """(T, 14) of a column (T, J); NaN where there was no arm."""
    column = episode.column(path)
    if column.shape != (episode.steps, len(arms.joints)):
        raise EpisodeError(f"{episode.path}: {path} has shape {column.shape}.")
    full: Floats = np.full((episode.steps, DOF), np.nan)
    full[:, arms.joints] = column
    return full


def _even(rows: Floats, step: npt.NDArray[np.int64], even: npt.NDArray[np.int64]) -> Floats:
    if len(step) == len(even):
        return rows
    return np.stack([np.interp(even, step, column) for column in rows.T], axis=1)
