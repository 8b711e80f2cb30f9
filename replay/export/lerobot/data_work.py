"""Writing the data files: all numbers, and the JPEGs where they stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from replay.export.exporter import Source
from replay.export.lerobot.arrow import data_schema, data_table
from replay.export.lerobot.data_files import ROWS_WITH_JPEGS, DataFiles, read_column
from replay.export.lerobot.features import COUNTERS, Features
from replay.export.lerobot.places import Place
from replay.export.lerobot.rows import Columns, Position, columns
from replay.export.lerobot.statistics import Statistics, of_numbers
from replay.progress import Progress

COUNTER_BYTES: Final = 8
NUMBER_BYTES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of an episode: where they are, and the statistics of its numbers."""

    place: Place
    statistics: dict[str, Statistics]


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """All rows of a set: those of each episode, and the statistics of all."""

    episodes: list[Rows]
    statistics: dict[str, Statistics]


def write_data(
    sources: Sequence[Source],
    positions: Sequence[Position],
    features: Features,
    folder: Path,
    progress: Progress,
) -> Data:
    """Write the data files. Memory: the numbers of an episode and some of its JPEGs; in the end a
    feature of all frames, twice: 112 MB for a million of them.

    Raises:
        ExportError: a number is not known, or the files do not hold what was put in.
        EpisodeError: a file is damaged.
        OSError: the disk refuses.
    """
    schema, episodes = data_schema(features), []
    with DataFiles(folder, schema, features.settings) as files:
        for source, position in zip(sources, positions, strict=True):
            with source.open() as episode:
                rows = columns(episode, features, position)
                placed = files.begin_episode(row_bytes(source, features))
                _append(files, episode, rows, features, progress)
            episodes.append(Rows(placed, {key: of_numbers(rows[key]) for key in rows}))
    frames = sum(source.steps for source in sources)
    keys = (*features.vectors, *COUNTERS)
    # From the files, so that what cannot be read back does not go unnoticed.
    of_all = {key: of_numbers(read_column(folder, files.places, key, frames)) for key in keys}
    return Data(episodes, of_all)


def row_bytes(source: Source, features: Features) -> int:
    """What the rows of an episode take at most."""
    joints = len(features.vectors) * len(features.rig.joint_names)
    numbers = source.steps * (NUMBER_BYTES * joints + COUNTER_BYTES * len(COUNTERS))
    return numbers + (source.image_bytes if features.settings.images == "jpeg" else 0)


def _append(
    files: DataFiles,
    episode: EpisodeReader,
    rows: Columns,
    features: Features,
    progress: Progress,
) -> None:
    schema = data_schema(features)
    if features.settings.images == "video":
        files.append(data_table(schema, rows, {}))
        return
    jpegs = {key: episode.jpegs(camera) for key, camera in features.cameras.items()}
    for first in range(0, episode.steps, ROWS_WITH_JPEGS):
        part = slice(first, min(first + ROWS_WITH_JPEGS, episode.steps))
        count = part.stop - part.start
        pictures = {key: [next(each) for _ in range(count)] for key, each in jpegs.items()}
        files.append(data_table(schema, {key: rows[key][part] for key in rows}, pictures))
        progress(count * len(pictures))
