"""How much recording a disk has room for. Pure: free bytes and rates in, decisions out.

What takes room:

- an episode of the past: its file, once;
- an episode that is open, or over but not finalised yet: its journal, and beside it the file that
  is made of it; the journal goes when the file is whole. So until then it takes room twice;
- the reserve: what is to stay free whatever happens.

A file is larger than its journal: every picture in it takes as much room as its camera's largest.
Free bytes are those for an ordinary user (`guards.free_bytes`); quotas are not looked at.
While a file is being written it counts double, as what is still to come and as what is not free any
more: the numbers then are lower than they will be, never higher.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from recorder.config import CameraConfig, RecordingConfig
from recorder.episode.schema import step_dtype
from recorder.journal.writer import FRAME

BYTES_PER_PIXEL: Final = {10: 0.03, 50: 0.11, 75: 0.16, 85: 0.22, 90: 0.28, 95: 0.42, 100: 0.85}
"""Of a JPEG with 4:2:0, by quality: measured on 640x480 of the pattern camera, whose noise makes it
as large as a real picture (84 kB at 90). Rendered pictures are smaller."""
SUBSAMPLING_FACTOR: Final = {"420": 1.0, "422": 1.25, "444": 1.6}
"""So much larger than 4:2:0 (measured: 131 kB with 4:4:4 at quality 90)."""
LARGEST_FACTOR: Final = 1.3
"""The largest picture of an episode against the usual one, until that was measured. A guess on the
safe side: 1.02 on the pattern camera, whose pictures are all alike."""
MEASURED_STEPS: Final = 50
"""So many steps say more than an estimate."""
STOP_S: Final = 3.0
"""A second until the next look at the disk, 0.64 s in the encoders' queue, and the way from here to
control and back."""
LONGEST_S: Final = 600.0
"""Room for so much must do, however long an episode of the task may become."""
LOW_EPISODES: Final = 5
LOW_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class RecordingRate:
    """What a second of recording takes, in bytes: in the journal, and in the file made of it."""

    journal_bytes_s: float
    file_bytes_s: float


@dataclass(frozen=True, slots=True)
class DiskUse:
    """A disk at one moment.

    Attributes:
        free_bytes: for an ordinary user.
        reserve_bytes: of these, what is to stay free; a MiB at least, for the finaliser's sake.
        journal_bytes: length of all journals that are no files yet: the open one, and those that
            wait to be finalised.
    """

    free_bytes: int
    reserve_bytes: int
    journal_bytes: int = 0


class Room(IntEnum):
    """What may be done with the room that there is; each includes those before it."""

    AMPLE = 0
    LOW = 1
    """Not for long: to be said."""
    NO_EPISODE = 2
    """A whole episode does not fit: none is to be started."""
    STOP = 3
    """The open episode just fits: it is to end now."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How long it lasts.

    Attributes:
        left_s: of recording until no whole episode fits any more, the files of all of them there.
        open_left_s: until the episode that is open must end; if none is, how long one could be.
    """

    left_s: float
    open_left_s: float
    room: Room


def expected_rate(
    cameras: Sequence[CameraConfig], recording: RecordingConfig, rate_hz: int, state_size: int = 0
) -> RecordingRate:
    """What recording will take, as far as the configuration tells."""
    per_pixel = (
        np.interp(recording.jpeg_quality, [*BYTES_PER_PIXEL], [*BYTES_PER_PIXEL.values()]).item()
        * SUBSAMPLING_FACTOR[recording.jpeg_subsampling]
    )
    jpegs = [camera.width * camera.height * per_pixel for camera in cameras]
    record = _record_bytes(len(cameras), state_size)
    return RecordingRate(
        journal_bytes_s=rate_hz * (record + sum(jpegs)),
        file_bytes_s=rate_hz * (record + sum(jpegs) * LARGEST_FACTOR),
    )


def measured_rate(
    before: RecordingRate,
    *,
    steps: int,
    journal_bytes: int,
    longest_jpegs: Sequence[int],
    state_size: int,
    rate_hz: int,
) -> RecordingRate:
    """What an episode has taken so far; as long as it is too short to tell, what was known before.

    Args:
        steps, journal_bytes: in its journal.
        longest_jpegs: in it, of each camera, bytes.
    """
    if steps < MEASURED_STEPS:
        return before
    row = _record_bytes(len(longest_jpegs), state_size) + sum(longest_jpegs)
    return RecordingRate(journal_bytes / steps * rate_hz, float(row * rate_hz))


def outlook(use: DiskUse, rate: RecordingRate, episode_s: float) -> Outlook:
    """How long the disk lasts.

    Args:
        episode_s: the longest that an episode of this task may become.
    """
    to_come = use.journal_bytes * rate.file_bytes_s / rate.journal_bytes_s
    spare = use.free_bytes - use.reserve_bytes - to_come
    open_left_s = spare / (rate.journal_bytes_s + rate.file_bytes_s)
    # Once all are files the journals' room is free again, but for that of the last one.
    later = spare + use.journal_bytes - episode_s * rate.journal_bytes_s
    left_s = max(later / rate.file_bytes_s, 0.0)
    room = _room(left_s, open_left_s, episode_s)
    return Outlook(left_s, max(open_left_s, 0.0), room)


def _room(left_s: float, open_left_s: float, episode_s: float) -> Room:
    if open_left_s <= STOP_S:
        return Room.STOP
    if left_s < episode_s or open_left_s < episode_s + STOP_S:
        return Room.NO_EPISODE
    return Room.LOW if left_s < max(LOW_EPISODES * episode_s, LOW_S) else Room.AMPLE


def _record_bytes(cameras: int, state_size: int) -> int:
    """A step but for its pictures; in the file it takes about as much."""
    return FRAME.size + step_dtype(cameras, state_size).itemsize
