"""The layout of the original ALOHA and ACT code: raw pictures, numbered files, one length.

Its loader opens ``episode_<i>.hdf5`` for i from 0, needs the attribute `sim`, reads pictures as
(H, W, 3) of ``/observations/images/<camera>`` at a random step, and stacks the joints of all
episodes, for which they must be equally long.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import h5py
import numpy as np

from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import IMAGES
from recorder.errors import EpisodeError
from recorder.pictures.decode import decode_jpeg
from replay.export.aloha import FILE_BYTES, joint_bytes, write_joints
from replay.export.exporter import Entry, Exporter, Plan, Source
from replay.export.hdf5_file import new_hdf5
from replay.export.lengths import add_length, common_length, fit_note, fit_remarks, fitted
from replay.export.names import numbering_remarks
from replay.export.threads import in_threads
from replay.export.uniform import add_cameras, chosen_cameras, one, one_size
from replay.progress import Progress

CHUNK_BYTES: Final = 256
"""What HDF5 adds to a picture, and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPlan(Plan):
    """Of these cameras, all of which have pictures of this width and height."""

    cameras: tuple[str, ...]
    size: tuple[int, int]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_length(parser)
    add_cameras(parser)


def plan(sources: Sequence[Source], options: argparse.Namespace) -> RawPlan:
    """What would be written.

    Raises:
        ExportError: cameras, sizes, joints or rates differ.
    """
    cameras = chosen_cameras(sources, options.cameras)
    width, height = size = one_size(sources, cameras)
    joints = one(sources, "joints", lambda source: source.facts.joint_names)
    one(sources, "steps a second", lambda source: source.facts.fps)
    lengths = [source.steps for source in sources]
    steps = common_length(lengths, options.length)
    picture_bytes = steps * len(cameras) * (width * height * 3 + CHUNK_BYTES)
    return RawPlan(
        entries=tuple(
            Entry(source, (f"episode_{i}.hdf5",), steps, fit_note(source.steps, steps))
            for i, source in enumerate(sources)
        ),
        estimated_bytes=len(sources)
        * (picture_bytes + joint_bytes(steps, len(joints)) + FILE_BYTES),
        remarks=(*numbering_remarks(sources), *fit_remarks(lengths, steps)),
        settings={"length": options.length, "steps": steps, "cameras": ",".join(cameras)},
        work=len(sources) * steps * len(cameras),
        cameras=cameras,
        size=size,
    )


def write(plan: RawPlan, folder: Path, progress: Progress) -> None:
    """Write one file an episode.

    Raises:
        EpisodeError: an episode is damaged where nobody had looked yet.
        OSError, RuntimeError: the disk refuses.
    """
    for entry in plan.entries:
        path = folder / entry.files[0]
        with entry.source.open() as episode, new_hdf5(path, progress) as (file, done):
            write_joints(file, episode, fitted(episode.steps, entry.steps))
            for camera in plan.cameras:
                pictures = _pictures(file, camera, entry.steps, plan.size)
                _fill(pictures, episode, camera, done)


def _pictures(file: h5py.File, camera: str, steps: int, size: tuple[int, int]) -> h5py.Dataset:
    width, height = size
    shape = (height, width, 3)
    return file.create_dataset(f"{IMAGES}/{camera}", (steps, *shape), "u1", chunks=(1, *shape))


def _fill(pictures: h5py.Dataset, episode: EpisodeReader, camera: str, progress: Progress) -> None:
    """Every row a picture: of the same step, and once they are out, the last one again."""
    steps, *shape = pictures.shape
    step, image = 0, np.zeros(shape, np.uint8)
    jpegs = islice(episode.jpegs(camera), steps)
    for step, decoded in enumerate(in_threads(decode_jpeg, jpegs)):
        if decoded is None or list(decoded.shape) != shape:
            raise EpisodeError(f"{episode.path}: the image of {camera} at step {step} is no JPEG.")
        image = decoded
        pictures[step] = image
        progress(1)
    for padded in range(step + 1, steps):
        pictures[padded] = image
        progress(1)


EXPORTER: Final = Exporter(
    "raw",
    "the layout of the original ALOHA and ACT: raw pictures, numbered files, one length",
    _add_arguments,
    plan,
    write,
    about=(
        "One episode_<i>.hdf5 an episode, i from 0: attribute sim; /observations/qpos, qvel and "
        "effort, and /action, (T, joints) f4;",
        "/observations/images/<camera> (T, height, width, 3) u1, red first. T is the same in all.",
    ),
)
