"""The data files: a row a frame, many episodes a file, an episode never in two."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from replay.errors import ExportError
from replay.export.lerobot.places import DATA, Place, place, rolls_over
from replay.export.lerobot.settings import Settings

ROWS_WITH_JPEGS: Final = 128
"""At most in a row group, some 45 MB of four cameras: what must be in memory at a time."""


class DataFiles:
    """Writes them, one after the other. `with` closes the last.

    Attributes:
        places: of the files, in the order of their rows.
    """

    def __init__(self, folder: Path, schema: pa.Schema, settings: Settings) -> None:
        self._folder, self._schema, self._settings = folder, schema, settings
        self.places: list[Place] = []
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin_episode(self, estimated_bytes: int) -> Place:
        """Where the next episode goes; a new file is begun if it would not fit."""
        written = self._sink.tell() if self._sink else 0
        if not self._sink or rolls_over(written, estimated_bytes, self._settings.data_mb):
            self._open()
        return self.places[-1]

    def append(self, table: pa.Table) -> None:
        """Rows of the episode that was begun, as a row group."""
        assert self._writer
        self._writer.write_table(table, row_group_size=len(table))

    def close(self) -> None:
        """Finish the current file."""
        if self._writer and self._sink:
            self._writer.close()
            self._sink.close()
        self._writer = self._sink = None

    def _open(self) -> None:
        self.close()
        self.places.append(place(len(self.places), self._settings.files_per_chunk))
        path = self.places[-1].path(self._folder, DATA)
        self._sink = pa.OSFile(str(path), "wb")
        # Neither joints nor JPEGs repeat: a dictionary of them would only cost time.
        self._writer = pq.ParquetWriter(self._sink, self._schema, use_dictionary=False)


def read_column(folder: Path, places: list[Place], key: str, frames: int) -> npt.NDArray[Any]:
    """A column as it is in the files: (frames, n) or (frames,).

    Raises:
        ExportError: the files do not hold so many rows.
    """
    parts = list(_parts(folder, places, key))
    rows = sum(map(len, parts))
    if rows != frames:
        raise ExportError(f"{folder}: the data files hold {rows} rows for {frames} frames.")
    return np.concatenate(parts)


def _parts(folder: Path, places: list[Place], key: str) -> Iterator[npt.NDArray[Any]]:
    for each in places:
        column = pq.ParquetFile(each.path(folder, DATA)).read(columns=[key])[key]
        for chunk in column.chunks:
            wide = pa.types.is_fixed_size_list(chunk.type)
            values = chunk.flatten() if wide else chunk
            shape = (len(chunk), -1) if wide else (len(chunk),)
            yield values.to_numpy(zero_copy_only=False).reshape(shape)
