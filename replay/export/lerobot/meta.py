"""The files about the set: its tasks, episodes, statistics and, last, what it is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from replay.export.lerobot.features import Features
from replay.export.lerobot.places import DATA, EPISODES, INFO, STATISTICS, TASKS, VIDEO, Place
from replay.export.lerobot.statistics import NAMES, Statistics

VERSION: Final = "v3.0"
EPISODES_AT_A_TIME: Final = 100
"""Rows of a row group. All episodes are in one file: a thousand of them take some 10 MB."""
INDEX: Final = "task"


def write_tasks(folder: Path, texts: Sequence[str]) -> None:
    """Row n is task n. The text is the index in the words of pandas: the reader looks it up so."""
    columns = [
        _pandas_column("task_index", "int64", "int64"),
        _pandas_column(INDEX, "unicode", "object"),
    ]
    about = {
        "index_columns": [INDEX],
        "column_indexes": [_pandas_column(None, "unicode", "object")],
        "columns": columns,
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.3.3",
    }
    schema = pa.schema(
        [("task_index", pa.int64()), (INDEX, pa.string())], {"pandas": json.dumps(about)}
    )
    arrays = [pa.array(range(len(texts)), pa.int64()), pa.array(texts, pa.string())]
    pq.write_table(pa.table(arrays, schema=schema), _path(folder, TASKS))


def write_episodes(folder: Path, rows: Sequence[Mapping[str, Any]], features: Features) -> None:
    """Row n is episode n.

    Args:
        rows: of every column but those of this file's own place.
    """
    place = Place()
    own = {
        "meta/episodes/chunk_index": place.chunk,
        "meta/episodes/file_index": place.file,
    }
    schema = _episodes_schema(features)
    with pq.ParquetWriter(place.path(folder, EPISODES), schema) as writer:
        for first in range(0, len(rows), EPISODES_AT_A_TIME):
            part = [{**row, **own} for row in rows[first : first + EPISODES_AT_A_TIME]]
            writer.write_table(pa.Table.from_pylist(part, schema=schema))


def write_statistics(folder: Path, statistics: Mapping[str, Statistics]) -> None:
    """Those of all episodes together, by feature."""
    _write_json(
        _path(folder, STATISTICS), {key: each.as_lists() for key, each in statistics.items()}
    )


def write_info(folder: Path, features: Features, *, episodes: int, frames: int, tasks: int) -> None:
    """What the set is. Without it no reader takes a folder for one, so it comes last."""
    settings = features.settings
    info = {
        "codebase_version": VERSION,
        "robot_type": settings.robot_type,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": tasks,
        "chunks_size": settings.files_per_chunk,
        # Whole numbers that a reader may go on with; smaller limits were for this writing only.
        "data_files_size_in_mb": max(1, round(settings.data_mb)),
        "video_files_size_in_mb": max(1, round(settings.video_mb)),
        "fps": features.rig.fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA,
        "video_path": VIDEO if settings.images == "video" else None,
        "features": features.described(),
    }
    _write_json(_path(folder, INFO), info)


def _episodes_schema(features: Features) -> pa.Schema:
    fields = [("episode_index", pa.int64()), ("tasks", pa.list_(pa.string()))]
    whole = ["length", "data/chunk_index", "data/file_index"]
    whole += ["dataset_from_index", "dataset_to_index"]
    fields += [(name, pa.int64()) for name in whole]
    for key in features.cameras if features.settings.images == "video" else ():
        fields += [(f"videos/{key}/{name}", pa.int64()) for name in ("chunk_index", "file_index")]
        times = ("from_timestamp", "to_timestamp")
        fields += [(f"videos/{key}/{name}", pa.float64()) for name in times]
    for key in features.described():
        number = pa.list_(pa.float64())
        of_picture = pa.list_(pa.list_(number)) if key in features.cameras else number
        for name in NAMES:
            kind = pa.list_(pa.int64()) if name == "count" else of_picture
            fields.append((f"stats/{key}/{name}", kind))
    fields += [(f"meta/episodes/{name}", pa.int64()) for name in ("chunk_index", "file_index")]
    return pa.schema(fields)


def _pandas_column(name: str | None, kind: str, numpy_type: str) -> dict[str, Any]:
    return {
        "name": name,
        "field_name": name,
        "pandas_type": kind,
        "numpy_type": numpy_type,
        "metadata": None,
    }


def _path(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=4, allow_nan=False) + "\n")
