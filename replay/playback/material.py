"""From an episode file to what a rig plays: a track of commands, and the scene to begin in."""

from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.arms import Arms, arms_of
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from replay.errors import PlaybackError
from teleop.joints import DOF, JOINT_NAMES, is_gripper
from teleop.rig_config import RigConfig
from teleop.safety import limits_of
from teleop.track import Track

Floats = npt.NDArray[np.float64]
MOST_GAPS: Final = 0.5
"""Of a recording's length that may be missing: what is bridged is invented."""
FASTEST_HZ: Final = 200
"""Of a recording (`recorder.config`)."""
BEYOND_RAD: Final = 1.0
BEYOND_GRIPPER: Final = 0.5
"""So far beyond its limits no joint of such an arm was ever sent."""


def arms_in(episode: EpisodeReader) -> Arms:
    """The arms of an episode.

    Raises:
        PlaybackError: its joints are those of no arms.
    """
    arms = arms_of(episode.facts.joint_names)
    if arms is None:
        raise PlaybackError(f"{episode.path}: its joints are those of no arms: episodes check it.")
    return arms


def track_of(episode: EpisodeReader, speed: float, rig: RigConfig) -> Track:
    """Commands and positions at even distances in time: steps that the recorder has lost are
    bridged on the straight way.

    Args:
        speed: of the recording's.
        rig: that plays it.

    Raises:
        PlaybackError: the commands cannot be played.
        EpisodeError: the file is damaged where they are.
    """
    arms, fps = arms_in(episode), episode.facts.fps
    step = episode.column("/tandem/step").astype(np.int64)
    action, qpos = _full(episode, "/action", arms), _full(episode, "/observations/qpos", arms)
    if not 1 <= fps <= FASTEST_HZ:
        raise PlaybackError(f"{episode.path}: {fps} steps a second is no rate of an episode.")
    if not len(step) or (np.diff(step) <= 0).any():
        raise PlaybackError(f"{episode.path}: its steps are in no order: episodes check it.")
    for what, rows in (("commands", action), ("positions", qpos)):
        if not np.isfinite(rows[:, arms.joints]).all():
            raise PlaybackError(f"{episode.path}: not all of its {what} are numbers.")
    _check_reach(episode, action, step, rig)
    length = int(step[-1] - step[0]) + 1
    if len(step) < MOST_GAPS * length:
        lost = length - len(step)
        raise PlaybackError(f"{episode.path}: {lost} of its {length} steps are missing.")
    even = np.arange(step[0], step[-1] + 1)
    return Track(_even(action, step, even), _even(qpos, step, even), speed * fps / rig.rate_hz)


def _check_reach(
    episode: EpisodeReader, action: Floats, step: npt.NDArray[np.int64], rig: RigConfig
) -> None:
    """That the commands are for such arms: in degrees, say, they would not be."""
    limits = limits_of(rig.safety)
    beyond = np.where([is_gripper(name) for name in JOINT_NAMES], BEYOND_GRIPPER, BEYOND_RAD)
    out = (action < limits.lower - beyond) | (action > limits.upper + beyond)
    for row, joint in np.argwhere(out)[:1].tolist():
        raise PlaybackError(
            f"{episode.path}: {JOINT_NAMES[joint]} is told to go to {action[row, joint]:.4g} at "
            f"step {step[row]}, far beyond its limits ({limits.lower[joint]:.2f} to "
            f"{limits.upper[joint]:.2f}): nothing is played."
        )


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
