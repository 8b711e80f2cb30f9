"""The columns of a set as Arrow has them, typed so that other readers know them too."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from replay.export.lerobot.features import COUNTERS, Features
from replay.export.lerobot.rows import Columns

PICTURE: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""A picture in a column: a whole file of it, here a JPEG; it has no path."""
ARROW_TYPES: Final = {"float32": pa.float32(), "int64": pa.int64()}


def data_schema(features: Features) -> pa.Schema:
    """The columns of the data files. What a video holds is none."""
    joints = len(features.rig.joint_names)
    in_rows = features.cameras if features.settings.images == "jpeg" else ()
    fields = [
        *(pa.field(key, PICTURE) for key in in_rows),
        *(pa.field(key, pa.list_(pa.float32(), joints)) for key in features.vectors),
        *(pa.field(key, ARROW_TYPES[dtype]) for key, dtype in COUNTERS.items()),
    ]
    return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": _named(fields)}})})


def data_table(
    schema: pa.Schema, columns: Columns, pictures: Mapping[str, Sequence[bytes]]
) -> pa.Table:
    """Some rows of an episode.

    Args:
        pictures: JPEGs by feature; none where they are in videos.
    """
    arrays = {key: _pictures(jpegs) for key, jpegs in pictures.items()}
    for key, values in columns.items():
        array = pa.array(np.ascontiguousarray(values).reshape(-1))
        wide = values.ndim > 1
        arrays[key] = pa.FixedSizeListArray.from_arrays(array, values.shape[1]) if wide else array
    return pa.table(arrays, schema=schema)


def _pictures(jpegs: Sequence[bytes]) -> pa.StructArray:
    parts = [pa.array(jpegs, pa.binary()), pa.nulls(len(jpegs), pa.string())]
    return pa.StructArray.from_arrays(parts, fields=list(PICTURE))


def _named(fields: Sequence[pa.Field]) -> dict[str, Any]:
    """The types in the words of the `datasets` package."""
    return {field.name: _in_words(field.type) for field in fields}


def _in_words(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"_type": "Image"}
    if pa.types.is_fixed_size_list(kind):
        number = {"dtype": "float32", "_type": "Value"}
        return {"feature": number, "length": kind.list_size, "_type": "List"}
    return {"dtype": "int64" if pa.types.is_integer(kind) else "float32", "_type": "Value"}
