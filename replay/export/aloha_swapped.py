"""The compressed ALOHA layout for loaders that take what ``cv2.imdecode`` gives for RGB.

OpenCV decodes to blue first. Loaders of the mobile-aloha family do not turn that round, so a
standard JPEG, as Tandem writes it, shows them blue what is red. Here the pictures are encoded anew
with red and blue exchanged: those loaders then see true colours, and everybody else false ones.

They find the lengths of a camera's JPEGs by its place among the datasets, which HDF5 lists in the
order of the alphabet, or, where they name the cameras themselves, not at all: `/compress_len` is in
that order here.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import h5py
import numpy as np

from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import COMPRESS_LEN, IMAGES
from recorder.errors import EpisodeError
from recorder.pictures.decode import decode_jpeg
from recorder.pictures.encode import SAMPLING_FACTORS
from replay.errors import ExportError
from replay.export.aloha import FILE_BYTES, joint_bytes, write_joints
from replay.export.exporter import Entry, Exporter, Plan, Source
from replay.export.hdf5_file import new_hdf5
from replay.export.names import numbering_remarks
from replay.export.threads import in_threads
from replay.export.uniform import add_cameras, chosen_cameras, one, one_size
from replay.progress import Progress

GROWTH: Final = 1.03
MOST_GROWTH: Final = 1.25
"""A JPEG encoded anew may be larger than it was, the longest above all; measured: 1.02, 1.06."""

SWAPPED: Final = "Red and blue are exchanged: only for loaders that take cv2.imdecode's as RGB."


@dataclass(frozen=True, slots=True, kw_only=True)
class SwappedPlan(Plan):
    """Of these cameras, in the order of the alphabet."""

    cameras: tuple[str, ...]


def plan(sources: Sequence[Source], options: argparse.Namespace) -> SwappedPlan:
    """What would be written.

    Raises:
        ExportError: cameras, sizes, joints or rates differ, or a file does not say how its JPEGs
            were made.
    """
    cameras = chosen_cameras(sources, options.cameras)
    one_size(sources, cameras)
    joints = one(sources, "joints", lambda source: source.facts.joint_names)
    one(sources, "steps a second", lambda source: source.facts.fps)
    for source in sources:
        _parameters(source)
    rows = sum(source.steps * source.longest_jpeg_bytes for source in sources) * len(cameras)
    steps = sum(source.steps for source in sources)
    besides = joint_bytes(steps, len(joints)) + len(sources) * FILE_BYTES
    return SwappedPlan(
        entries=tuple(
            Entry(source, (f"episode_{i}.hdf5",), source.steps) for i, source in enumerate(sources)
        ),
        estimated_bytes=int(rows * GROWTH) + besides,
        most_bytes=int(rows * MOST_GROWTH) + besides,
        remarks=(*numbering_remarks(sources), SWAPPED),
        settings={"cameras": ",".join(cameras)},
        work=steps * len(cameras),
        cameras=cameras,
    )


def write(plan: SwappedPlan, folder: Path, progress: Progress) -> None:
    """Write one file an episode; the JPEGs of one at a time are in memory.

    Raises:
        EpisodeError: an episode is damaged where nobody had looked yet.
        OSError, RuntimeError: the disk refuses.
    """
    for entry in plan.entries:
        parameters = _parameters(entry.source)
        path = folder / entry.files[0]
        with entry.source.open() as episode, new_hdf5(path, progress) as (file, done):
            write_joints(file, episode, np.arange(episode.steps))
            file.attrs["compress"] = True
            jpegs = [_swapped(episode, name, parameters, done) for name in plan.cameras]
            _write_jpegs(file, plan.cameras, jpegs)


def swapped(jpeg: bytes, parameters: Sequence[int]) -> bytes:
    """The same picture with red and blue exchanged; empty if it does not decode."""
    image = decode_jpeg(jpeg)
    if image is None:
        return b""
    encoded, buffer = cv2.imencode(".jpg", image, parameters)  # it takes red for blue
    return buffer.tobytes() if encoded else b""


def _swapped(
    episode: EpisodeReader, camera: str, parameters: Sequence[int], progress: Progress
) -> list[bytes]:
    made = []
    swap = partial(swapped, parameters=parameters)
    for step, jpeg in enumerate(in_threads(swap, episode.jpegs(camera))):
        if not jpeg:
            raise EpisodeError(f"{episode.path}: the image of {camera} at step {step} is no JPEG.")
        made.append(jpeg)
        progress(1)
    return made


def _parameters(source: Source) -> list[int]:
    """As its JPEGs were made."""
    facts = source.facts
    factor = SAMPLING_FACTORS.get(facts.jpeg_subsampling)
    if factor is None or not 1 <= facts.jpeg_quality <= 100:
        raise ExportError(
            f"{source.path} says that its JPEGs are of quality {facts.jpeg_quality} and "
            f"subsampling {facts.jpeg_subsampling!r}, as none can be made."
        )
    quality = [cv2.IMWRITE_JPEG_QUALITY, facts.jpeg_quality]
    return [*quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]


def _write_jpegs(file: h5py.File, cameras: Sequence[str], jpegs: Sequence[list[bytes]]) -> None:
    """(T, L) of each camera, L the same for all, padded with zeros; the lengths (C, T)."""
    lengths = np.array([[len(jpeg) for jpeg in of_camera] for of_camera in jpegs])
    steps, longest = lengths.shape[1], int(lengths.max())
    for camera, of_camera in zip(cameras, jpegs, strict=True):
        rows = file.create_dataset(
            f"{IMAGES}/{camera}", (steps, longest), "u1", chunks=(1, longest)
        )
        for step, jpeg in enumerate(of_camera):
            rows[step] = np.frombuffer(jpeg.ljust(longest, b"\0"), np.uint8)
    file.create_dataset(COMPRESS_LEN, data=lengths.astype("f4"))


EXPORTER: Final = Exporter(
    "aloha-swapped",
    "compressed ALOHA with red and blue exchanged, for loaders that do not turn cv2's colours",
    add_cameras,
    plan,
    write,
    about=(
        "One episode_<i>.hdf5 an episode, i from 0: attributes sim and compress; "
        "/observations/qpos, qvel and effort, and /action, (T, joints) f4;",
        "/observations/images/<camera> (T, L) u1, one JPEG a row, padded with zeros; "
        "/compress_len (cameras, T) f4, cameras in the order of the alphabet.",
        "cv2.imdecode gives the pictures red first. In other programs red and blue are exchanged.",
    ),
)
