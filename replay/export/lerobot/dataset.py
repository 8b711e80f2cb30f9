"""A whole set, from its episodes to its last file."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from replay.export.exporter import Source
from replay.export.lerobot.camera_work import Pictures, film_camera, sample_camera
from replay.export.lerobot.crew import together
from replay.export.lerobot.data_work import Rows, write_data
from replay.export.lerobot.features import Features
from replay.export.lerobot.meta import write_episodes, write_info, write_statistics, write_tasks
from replay.export.lerobot.rows import Position
from replay.export.lerobot.statistics import Statistics, of_levels
from replay.export.lerobot.tasks import task_text, task_texts
from replay.progress import Progress

Seen = dict[str, list[Pictures]]
"""The pictures of each episode, by feature."""


def write_dataset(
    sources: Sequence[Source], features: Features, folder: Path, progress: Progress
) -> None:
    """Write a set of these episodes, in their order, into an empty folder.

    Raises:
        ExportError, EpisodeError, OSError: it cannot be; what is there is of no use.
    """
    texts = task_texts(sources)
    positions = list(_positions(sources, texts))
    data = write_data(sources, positions, features, folder, progress)
    seen = _work_on_cameras(sources, features, folder, progress)
    write_tasks(folder, texts)
    rows = [
        _episode_row(source, position, features, data.episodes[position.episode], seen)
        for source, position in zip(sources, positions, strict=True)
    ]
    write_episodes(folder, rows, features)
    pictures = {key: _of_all(each) for key, each in seen.items()}
    write_statistics(folder, pictures | data.statistics)
    frames = sum(source.steps for source in sources)
    write_info(folder, features, episodes=len(sources), frames=frames, tasks=len(texts))


def _positions(sources: Sequence[Source], texts: Sequence[str]) -> Iterator[Position]:
    first = 0
    for number, source in enumerate(sources):
        yield Position(number, first, texts.index(task_text(source)))
        first += source.steps


def _work_on_cameras(
    sources: Sequence[Source], features: Features, folder: Path, progress: Progress
) -> Seen:
    if features.settings.images == "video":
        works = [partial(film_camera, sources, features, key, folder) for key in features.cameras]
    else:
        works = [partial(sample_camera, sources, features, key) for key in features.cameras]
    done = together(works, features.settings.jobs, progress)
    return dict(zip(features.cameras, done, strict=True))


def _episode_row(
    source: Source, position: Position, features: Features, rows: Rows, seen: Seen
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "episode_index": position.episode,
        "tasks": [task_text(source)],
        "length": source.steps,
        "data/chunk_index": rows.place.chunk,
        "data/file_index": rows.place.file,
        "dataset_from_index": position.first,
        "dataset_to_index": position.first + source.steps,
    }
    statistics = dict(rows.statistics)
    for key, episodes in seen.items():
        pictures = episodes[position.episode]
        row |= _film_columns(key, pictures, features.rig.fps)
        statistics[key] = of_levels(pictures.levels, pictures.sampled)
    for key, each in statistics.items():
        row |= {f"stats/{key}/{name}": value for name, value in each.as_lists().items()}
    return row


def _film_columns(key: str, pictures: Pictures, fps: int) -> dict[str, Any]:
    if not (film := pictures.film):
        return {}
    return {
        f"videos/{key}/chunk_index": film.place.chunk,
        f"videos/{key}/file_index": film.place.file,
        f"videos/{key}/from_timestamp": film.first / fps,
        f"videos/{key}/to_timestamp": film.end / fps,
    }


def _of_all(episodes: Sequence[Pictures]) -> Statistics:
    levels = sum((each.levels for each in episodes[1:]), start=episodes[0].levels)
    return of_levels(levels, sum(each.sampled for each in episodes))
