"""What the recorder tells the others: a status block and a ring of events."""

from enum import IntEnum
from typing import Final

import numpy as np

from teleop.tick import EVENT_DTYPE, EVENT_RING_SLOTS

STATUS_RING: Final = "recorder"
STATUS_SLOTS: Final = 4
EVENT_RING: Final = "recorder-events"
EVENT_SLOTS: Final = EVENT_RING_SLOTS
RECORDER_EVENT_DTYPE: Final = EVENT_DTYPE
NONE: Final = -1
MAX_STATUS_CAMERAS: Final = 16
SAVED_RING: Final = "recorder-saved"
SAVED_SLOTS: Final = 256
THUMBNAIL_RING: Final = "thumbnails"
THUMBNAIL_SLOTS: Final = 4
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 80, 60
THUMBNAIL_HZ: Final = 5.0


class RecorderState(IntEnum):
    """What may be asked of the recorder. An episode is started only from READY."""

    STARTING = 0  # recovering journals, waiting for ticks and cameras
    READY = 1
    RECORDING = 2
    FAILED = 3  # cannot record; the newest event says why. What was journaled is safe.
    FINISHED = 4  # everything is saved; the process is about to exit


class Verdict(IntEnum):
    """Of the quality checks on a file."""

    UNKNOWN = 0
    OK = 1
    WARN = 2
    REJECT = 3


class Change(IntEnum):
    """What has become of an episode (a record of the ring `SAVED_RING`)."""

    SAVED = 0
    """It is a file now."""
    EMPTY = 1
    """It had no step, and is no file."""
    LABELLED = 2
    NOTED = 3
    DISCARDED = 4
    """Its file is in the trash."""
    RESTORED = 5
    """Its file is back."""
    REFUSED = 6
    """What was asked for could not be done; `reason` says why."""


SAVED_DTYPE: Final = np.dtype(
    [
        ("episode", "<i8"),
        ("change", "u1"),  # Change
        ("edit", "<i8"),  # serial of the edit that asked for it (recorder.edits); NONE: nobody did
        ("steps", "<i8"),
        ("bytes", "<i8"),
        ("outcome", "u1"),  # teleop.tick.Outcome
        ("verdict", "u1"),  # Verdict
        ("reason", "S240"),  # the worst finding; or why something was refused
        ("advice", "S240"),  # what to do about it
    ]
)


def thumbnail_dtype(cameras: int) -> "np.dtype[np.void]":
    """Small pictures of all cameras, in configured order.

    `image`: RGB, at the top left of what there is room for; `size`: its height and width, 0 where
    there was no picture yet. `number`: of the frame it was made from.
    """
    shape = (THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3)
    return np.dtype(
        [
            ("t_ns", "<i8"),  # CLOCK_MONOTONIC, when they were made
            ("number", "<i8", (cameras,)),
            ("size", "u1", (cameras, 2)),
            ("image", "u1", (cameras, *shape)),
        ]
    )


STATUS_DTYPE: Final = np.dtype(
    [
        ("state", "u1"),  # RecorderState
        ("heartbeat_ns", "<i8"),  # CLOCK_MONOTONIC, at least ten times a second
        ("episode", "<i8"),  # being recorded, NONE if none
        ("step", "<i8"),  # newest step taken in, NONE if none
        ("steps_journaled", "<i8"),  # of this episode: safe against the death of any process
        ("journal_bytes", "<i8"),  # of this episode
        ("missing_steps", "<i8"),  # of this episode: ticks overwritten before they were read
        ("stale_cameras", "<u4"),  # bit i: camera i (configured order) was stale in the newest step
        ("stale_steps", "<u4", (MAX_STATUS_CAMERAS,)),  # of this episode, per camera
        ("dropped_steps", "<i8"),  # of this episode: without pictures of their own
        ("skew_ns", "<i8"),  # of the newest step, NONE if unknown
        ("cameras", "<i8"),  # how many there are: so much of the arrays below counts
        ("camera_name", "S32", (MAX_STATUS_CAMERAS,)),
        ("camera_state", "u1", (MAX_STATUS_CAMERAS,)),  # recorder.cameras.camera.CameraState
        ("camera_rate_hz", "<f4", (MAX_STATUS_CAMERAS,)),  # as it arrives; NaN while unknown
        ("camera_silent_ns", "<i8", (MAX_STATUS_CAMERAS,)),  # since its newest frame; NONE: no one
        ("camera_age_ns", "<i8", (MAX_STATUS_CAMERAS,)),  # capture to tick, newest step; or NONE
        ("camera_reconnects", "<u4", (MAX_STATUS_CAMERAS,)),
        ("encode_queue", "<i8"),  # steps waiting for their images
        ("encode_room", "<i8"),  # how many may wait before pictures are dropped
        ("encode_cpu_ns", "<i8"),  # CPU time of the JPEG threads since the process started
        ("finalise_queue", "<i8"),  # episodes waiting to become files, the one in work included
        ("edits_done", "<i8"),  # all edits up to this serial are carried out or refused; 0: none
        ("tick_lag", "<i8"),  # ticks published but not taken in yet
        ("last_saved_episode", "<i8"),  # NONE until one was saved
        ("last_saved_steps", "<i8"),
        ("last_saved_bytes", "<i8"),
        ("last_saved_outcome", "u1"),  # teleop.tick.Outcome
        ("last_saved_verdict", "u1"),  # Verdict
        ("recovered", "<i8"),  # journals of earlier processes turned into files at start
        ("disk_free_bytes", "<i8"),
        ("disk_left_s", "<f8"),  # of recording that still fits on the disk
        ("disk_low", "?"),  # no room for another whole episode: none is to be started
        ("disk_stop", "?"),  # what is recorded just fits still: the episode is to end
    ]
)
