"""What is done with the pictures of one camera: its videos are written, or, where the JPEGs stay as
they are, its statistics taken only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recorder.episode.reader import EpisodeReader
from replay.export.exporter import Source
from replay.export.lerobot.features import CHANNELS, Features
from replay.export.lerobot.films import Film, Films
from replay.export.lerobot.sampling import levels, sampled_steps
from replay.export.lerobot.statistics import LEVELS
from replay.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures of a camera in an episode.

    Attributes:
        levels: (3, 256): how often the sampled pixels have each level.
        sampled: pictures that were looked at for that.
        film: where they are; None: in the data files.
    """

    levels: npt.NDArray[np.int64]
    sampled: int
    film: Film | None = None


def film_camera(
    sources: Sequence[Source], features: Features, key: str, folder: Path, progress: Progress
) -> list[Pictures]:
    """Write a camera's videos. Memory: a picture at a time.

    Raises:
        EpisodeError: a picture is not what the file says.
        ExportError: a video does not hold what it should.
        OSError: the disk refuses.
    """
    camera, rig = features.cameras[key], features.rig
    done = []
    with Films(folder, key, rig.sizes[camera], rig.fps, features.settings) as films:
        for source in sources:
            with source.open() as episode:
                done.append(_film(episode, camera, films, progress))
    return done


def _film(episode: EpisodeReader, camera: str, films: Films, progress: Progress) -> Pictures:
    film, sampled, found = films.begin_episode(episode.steps), sampled_steps(episode.steps), _none()
    for step in range(episode.steps):
        image = episode.image(camera, step)
        films.append(image)
        if step in sampled:
            found += levels(image)
        progress(1)
    return Pictures(found, len(sampled), film)


def sample_camera(
    sources: Sequence[Source], features: Features, key: str, progress: Progress
) -> list[Pictures]:
    """Look at some of a camera's pictures only.

    Raises:
        EpisodeError: a picture is not what the file says.
    """
    done = []
    for source in sources:
        with source.open() as episode:
            found, sampled = _none(), sampled_steps(episode.steps)
            for step in sorted(sampled):
                found += levels(episode.image(features.cameras[key], step))
                progress(1)
        done.append(Pictures(found, len(sampled)))
    return done


def _none() -> npt.NDArray[np.int64]:
    return np.zeros((CHANNELS, LEVELS), np.int64)
