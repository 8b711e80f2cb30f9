"""What the two ALOHA layouts share: joints, and the attribute that every loader asks for."""

from typing import Final

import h5py
import numpy as np
import numpy.typing as npt

from recorder.episode.reader import EpisodeReader

JOINT_COLUMNS: Final = (
    "/observations/qpos",
    "/observations/qvel",
    "/observations/effort",
    "/action",
)
FILE_BYTES: Final = 1 << 16
"""Of a file besides its data, and more."""


def write_joints(file: h5py.File, episode: EpisodeReader, rows: npt.NDArray[np.intp]) -> None:
    """The joints (T, J) f4 of these rows, and whether the rig was simulated.

    Raises:
        EpisodeError: the episode is damaged.
    """
    file.attrs["sim"] = episode.facts.sim
    for path in JOINT_COLUMNS:
        file.create_dataset(path, data=episode.column(path)[rows].astype("f4"))


def joint_bytes(steps: int, joints: int) -> int:
    """What `write_joints` writes."""
    return len(JOINT_COLUMNS) * steps * joints * np.dtype("f4").itemsize
