"""Camera videos: an .mp4 an episode and camera, a picture a step, nothing drawn on it."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from replay.export.exporter import Entry, Exporter, Plan, Progress, Source
from replay.export.uniform import chosen_cameras
from replay.pictures.h264 import CRF, H264Writer
from replay.pictures.whole_file import whole_file

MAX_CRF: Final = 51
VISIBLY_LOSSLESS: Final = 15
"""Of the constant quality; from there on a video is smaller than the JPEGs it is made of."""
LOSSLESS_TO_JPEG: Final = 4
"""By what factor it is larger at best quality, at most."""
FILE_BYTES: Final = 1 << 16
MAX_NAME: Final = 80


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
    larger = 1 if options.crf >= VISIBLY_LOSSLESS else LOSSLESS_TO_JPEG
    files = sum(map(len, cameras))
    return Mp4Plan(
        entries=tuple(
            Entry(source, _names(i, names), source.steps)
            for i, (source, names) in enumerate(zip(sources, cameras, strict=True))
        ),
        estimated_bytes=sum(source.image_bytes for source in sources) * larger + files * FILE_BYTES,
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


def _names(number: int, cameras: Sequence[str]) -> tuple[str, ...]:
    """What the files of an episode are called; a camera's name may be any text, a path too."""
    names = [re.sub(r"[^\w-]", "_", camera, flags=re.ASCII)[:MAX_NAME] for camera in cameras]
    if len(set(names)) < len(names):
        names = [f"{place}_{name}" for place, name in enumerate(names)]
    return tuple(f"episode_{number}_{name}.mp4" for name in names)


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
        "episode_<n>_<camera>.mp4: H.264, a frame a step, at the rate of the episode. Joints are "
        "not in it.",
    ),
)
