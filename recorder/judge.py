"""From an episode file to its verdict, and the verdict into the file."""

import json
from pathlib import Path

import h5py
import numpy as np

from recorder import quality
from recorder.checks.from_file import streams_of
from recorder.checks.streams import Mask
from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import checksum
from recorder.episode.writer import LIBVER, strings
from recorder.errors import EpisodeError
from recorder.limits import QualityLimits
from recorder.pictures.decode import is_jpeg, jpeg_size
from recorder.quality import Judgement
from teleop.config import ConfigError, build


def judge(path: Path, limits: QualityLimits | None = None, *, pictures: bool = True) -> Judgement:
    """What the quality checks say of an episode file, of any version that can be read.

    Args:
        limits: None: those that the file was judged by when it was made.
        pictures: also decode every picture, about 0.6 ms each at 640x480.

    Raises:
        EpisodeError: it is none, or too damaged to be judged.
    """
    with EpisodeReader(path) as episode:
        damaged = damaged_pictures(episode) if pictures else None
        return quality.judge(streams_of(episode, damaged), limits or limits_of(episode))


def put_verdict(path: Path) -> Judgement:
    """Judge a file that nobody else has yet, and write the verdict into it.

    Its pictures are not looked at again: they have just been compared with their checksums.

    Raises:
        EpisodeError: as `judge`.
        OSError: the disk refuses.
    """
    judgement = judge(path, pictures=False)
    with h5py.File(path, "r+", libver=LIBVER) as file:
        file.attrs["verdict"] = strings(judgement.verdict)
        file.attrs["findings"] = strings(quality.to_json(judgement))
    return judgement


def limits_of(episode: EpisodeReader) -> QualityLimits:
    """What a file was judged by; the defaults where it is too old to say."""
    try:
        table = json.loads(episode.facts.quality_limits or "{}")
        if not isinstance(table, dict):
            raise ValueError("no table")
        return build(QualityLimits, table, str(episode.path))
    except (ConfigError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise EpisodeError(f"{episode.path}: its quality_limits are none ({error}).") from error


def damaged_pictures(episode: EpisodeReader) -> Mask:
    """(T, C) pictures that do not decode, have another size than their camera, or are not what was
    recorded."""
    names = episode.facts.camera_names
    damaged = np.zeros((episode.steps, len(names)), bool)
    checksums = episode.column("/tandem/frame_crc32")
    for column, name in enumerate(names):
        last, was_damaged, size = None, False, episode.image_size(name)
        for step, jpeg in enumerate(episode.jpegs(name)):
            if checksum(jpeg) != checksums[step, column]:
                damaged[step, column] = True  # what else it claims, its size too, is no matter
                continue
            if jpeg != last:  # a camera that is slower than the ticks repeats its pictures
                last, was_damaged = jpeg, jpeg_size(jpeg) != size or not is_jpeg(jpeg)
            damaged[step, column] = was_damaged
    return damaged
