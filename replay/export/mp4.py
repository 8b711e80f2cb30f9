"""Camera videos: an .mp4 an episode and camera, a picture a step, nothing drawn on it."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from replay.export.exporter import Entry, Exporter, Plan, Source
from replay.export.film_bytes import A_KEY_FRAME_A_SECOND
from replay.export.names import episode_names, plain, unique
from replay.export.uniform import chosen_cameras
from replay.pictures.h264 import CRF, H264Writer
from replay.pictures.whole_file import whole_file
from replay.progress import Progress

MAX_CRF: Final = 51
FILE_BYTES: Final = 1 << 14
"""Of a video besides its frames, and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp4Plan(Plan):
    """Of these cameras of each entry, in the order of its files."""

    cameras: tuple[tuple[str, ...], ...]
    crf: int


def write_camera_video(
    episode: EpisodeReader,
    camera: str,
    path: Path,
    *,
    crf: int = CRF,
    gop: int | None = None,
    progress: Progress = lambda _: None,
) -> None:
    """Write the video of a camera, whole or not at all; frame n is step n.

    Args:
        crf, gop: as `H264Writer`.

    Raises:
        EpisodeError: a picture is damaged.
        OSError: the disk refuses.
    """
    size = episode.image_size(camera)
    with (
        whole_file(path) as building,
        H264Writer(building, *size, episode.facts.fps, crf=crf, gop=gop) as video,
    ):
        for step in range(episode.steps):
            video.write(episode.image(camera, step))
            progress(1)


def plan(sources: Sequence[Source], options: argparse.Namespace) -> Mp4Plan:
    """What would be written.

    Raises:
        ExportError: an episode has no such camera.
    """
    wanted = chosen_cameras(sources, options.cameras) if options.cameras else None
    cameras = tuple(wanted or source.facts.camera_names for source in sources)
    usual, most = A_KEY_FRAME_A_SECOND.bytes_of(_jpeg_bytes(sources, cameras), options.crf)
    besides = sum(map(len, cameras)) * FILE_BYTES
    return Mp4Plan(
        entries=tuple(
            Entry(source, names, source.steps)
            for source, names in zip(sources, _names(sources, cameras), strict=True)
        ),
        estimated_bytes=usual + besides,
        most_bytes=most + besides,
        settings={"cameras": options.cameras, "crf": options.crf},
        work=sum(source.steps * len(names) for source, names in zip(sources, cameras, strict=True)),
        cameras=cameras,
        crf=options.crf,
    )


def write(plan: Mp4Plan, folder: Path, progress: Progress) -> None:
    """Write the videos of every episode.

    Raises:
        as `write_camera_video`.
    """
    for entry, cameras in zip(plan.entries, plan.cameras, strict=True):
        with entry.source.open() as episode:
            for camera, name in zip(cameras, entry.files, strict=True):
                write_camera_video(episode, camera, folder / name, crf=plan.crf, progress=progress)


def _jpeg_bytes(sources: Sequence[Source], cameras: Sequence[Sequence[str]]) -> int:
    """Of these cameras of each, as if all were alike."""
    return sum(
        source.image_bytes * len(names) // len(source.facts.camera_names)
        for source, names in zip(sources, cameras, strict=True)
    )


def _names(
    sources: Sequence[Source], cameras: Sequence[Sequence[str]]
) -> Iterator[tuple[str, ...]]:
    """What the files of each episode are called."""
    episodes = episode_names([source.path for source in sources])
    names = iter(
        unique(
            f"{episode}_{plain(camera)}"
            for episode, of_episode in zip(episodes, cameras, strict=True)
            for camera in of_episode
        )
    )
    for of_episode in cameras:
        yield tuple(f"{name}.mp4" for name in islice(names, len(of_episode)))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cameras", metavar="NAME,NAME", help="only these; default: all")
    parser.add_argument(
        "--crf",
        type=int,
        choices=range(MAX_CRF + 1),
        default=CRF,
        metavar="N",
        help=f"quality: 0 (lossless) to {MAX_CRF}; 18 is hard to tell from the recording "
        f"(default: {CRF})",
    )


EXPORTER: Final = Exporter(
    "mp4",
    "videos for people and players, one an episode and camera",
    _add_arguments,
    plan,
    write,
    about=(
        "<episode>_<camera>.mp4: H.264, a frame a step, at the rate of the episode. Joints are "
        "not in it.",
    ),
)
