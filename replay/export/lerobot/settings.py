"""The options of the LeRobot export, and what they are if nobody says anything."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Images = Literal["video", "jpeg"]
MIB: Final = 1 << 20
CRF: Final = 23
GOP: Final = 2
"""A key frame every other frame, as LeRobot's own videos have it: training reads at random."""
MAX_CRF: Final = 51
ROBOT_TYPE: Final = "aloha"
DATA_MB: Final = 100
VIDEO_MB: Final = 200
FILES_PER_CHUNK: Final = 1000
"""LeRobot's own limits. Its readers take files of any size."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a set is written.

    Attributes:
        images: H.264 videos, or the recorded JPEGs as they are, in the data files.
        crf: constant quality of the videos, 0 (lossless) to 51.
        velocity_and_effort: are features too.
        data_mb, video_mb: a file that would become larger than that many MiB is not continued; an
            episode never spans two files, however long.
        files_per_chunk: files in a folder.
        jobs: cameras that are worked on at a time, a thread each.
    """

    images: Images = "video"
    crf: int = CRF
    velocity_and_effort: bool = True
    robot_type: str = ROBOT_TYPE
    data_mb: float = DATA_MB
    video_mb: float = VIDEO_MB
    files_per_chunk: int = FILES_PER_CHUNK
    jobs: int = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options on a command line."""
    parser.add_argument(
        "--images",
        choices=("video", "jpeg"),
        default="video",
        help="H.264, some 4 times smaller, or the recorded JPEGs unchanged (default: video)",
    )
    parser.add_argument(
        "--crf",
        type=_within(int, 0, MAX_CRF),
        default=CRF,
        metavar="N",
        help=f"quality of the videos: 0 (lossless) to {MAX_CRF}; 18 is hard to tell from the "
        f"recording (default: {CRF})",
    )
    parser.add_argument(
        "--without-velocity-and-effort",
        action="store_true",
        help="state and action only: every other observation becomes an input of a trained policy",
    )
    parser.add_argument(
        "--robot-type",
        default=ROBOT_TYPE,
        metavar="NAME",
        help=f"what the set says it is of (default: {ROBOT_TYPE})",
    )
    for kind, limit in (("data", DATA_MB), ("video", VIDEO_MB)):
        parser.add_argument(
            f"--{kind}-mb",
            type=_within(float, 0, 1e6),
            default=limit,
            metavar="MB",
            help=f"begin a new {kind} file before one gets larger; 0: one an episode "
            f"(default: {limit})",
        )
    parser.add_argument(
        "--files-per-chunk",
        type=_within(int, 1, FILES_PER_CHUNK),
        default=FILES_PER_CHUNK,
        metavar="N",
        help=f"files in a folder (default: {FILES_PER_CHUNK})",
    )
    parser.add_argument(
        "--jobs",
        type=_within(int, 1, 64),
        default=os.cpu_count() or 1,
        metavar="N",
        help="cameras worked on at a time (default: one a core)",
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """What has been asked for."""
    return Settings(
        images=options.images,
        crf=options.crf,
        velocity_and_effort=not options.without_velocity_and_effort,
        robot_type=options.robot_type,
        data_mb=options.data_mb,
        video_mb=options.video_mb,
        files_per_chunk=options.files_per_chunk,
        jobs=options.jobs,
    )


def _within(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not {least:g} to {most:g}")
        return value

    number.__name__ = "number"  # what argparse calls it where it is none
    return number
