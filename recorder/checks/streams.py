"""What an episode is judged by: the columns of its file as arrays, and a few facts.

Pure data, whoever fills it: `recorder.checks.from_file` from an episode file, a test from nothing.
Axes as in `recorder.episode.schema`: T steps, C cameras, J joints, B buses of nine servos, M once a
second.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from teleop.joints import GRIPPER

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PictureNumbers:
    """`recorder.pictures.stats` of every picture: (T, C) each."""

    brightness: Array
    clipped: Array
    sharpness: Array


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """An episode without its pictures.

    Shapes belong together; values may be anything, NaN and infinities included. Names, units and
    meanings of arrays are those of the columns in `recorder.episode.schema`.

    Attributes:
        camera_rate_hz: as configured, a camera each.
        effort_limit: (J,) the effort beyond which a servo will shut down sooner or later, in the
            unit of `effort`.
        undecodable: (T, C) the stored picture is damaged; None: nobody has looked.
        frame_dropped: (T,) and `pictures`: None in files of version 1 and 2.
        rejected, connected: (T, B), None in files of version 1.
        recovery_note: what the journal lacked that the file was recovered from; "": nothing.
    """

    fps: int
    joint_names: tuple[str, ...]
    bus_names: tuple[str, ...]
    camera_names: tuple[str, ...]
    camera_rate_hz: tuple[float, ...]
    effort_limit: Array

    tick: Array
    step: Array
    tick_ns: Array
    deadline_ns: Array

    qpos: Array
    qvel: Array
    effort: Array
    action: Array
    limited: Array

    held: Array
    servo_error: Array
    lost: Array
    retries: Array
    second_step: Array
    hardware_error: Array

    frame_number: Array
    frame_capture_ns: Array
    frame_arrival_ns: Array
    frame_stale: Array
    frame_missing: Array
    frame_crc32: Array
    frame_skew_ns: Array

    frame_dropped: Array | None = None
    pictures: PictureNumbers | None = None
    rejected: Array | None = None
    connected: Array | None = None
    undecodable: Array | None = None
    recovery_note: str = ""

    @property
    def steps(self) -> int:
        """T."""
        return len(self.step)

    @property
    def rate_hz(self) -> int:
        """Steps a second; never 0, whatever the file says."""
        return max(self.fps, 1)

    @property
    def taken(self) -> Mask:
        """(T,) the recorder took the cameras' pictures, if they had any."""
        if self.frame_dropped is None:
            return np.ones(self.steps, np.bool_)
        return np.asarray(self.frame_dropped == 0)

    @property
    def pictured(self) -> Mask:
        """(T, C) the row has a picture that its camera gave: not the last one standing in."""
        return np.asarray((self.frame_missing == 0) & self.taken[:, None])

    @property
    def grippers(self) -> list[int]:
        """Columns of the J axis that are grippers."""
        return [i for i, name in enumerate(self.joint_names) if name.endswith(GRIPPER)]

    @property
    def arm_joints(self) -> list[int]:
        """Columns of the J axis that are not."""
        return [i for i, name in enumerate(self.joint_names) if not name.endswith(GRIPPER)]
