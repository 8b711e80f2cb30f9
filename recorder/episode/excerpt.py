"""Some rows of an episode file as a file of their own, in the same version of the format.

Pictures are copied as they are, never encoded again; memory is bounded by the largest column. What
is not of the format (a dataset that somebody has added) is left out; attributes are all copied.
"""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from recorder.arms import arms_of
from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from recorder.episode.room import take_room
from recorder.episode.writer import LIBVER, missing_steps, strings
from recorder.errors import EpisodeError

MAX_ATTRIBUTE_BYTES: Final = 1 << 16
"""HDF5 takes no more; a damaged file may claim it."""


def write_excerpt(
    source: EpisodeReader,
    path: Path,
    first: int,
    last: int,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write rows `first` to `last`, both included.

    Row 0 of the excerpt restores the scene of row `first`; each once-a-second row is the newest
    that had been read by then; events are kept all. The verdict is that of the whole still.

    Args:
        attributes: to be set beside what the source has, e.g. `edits`.

    Raises:
        EpisodeError: the source is damaged there, or has no such rows.
        OSError, RuntimeError: the disk refuses. So much is taken of it as the source has: call
            `recorder.episode.room.return_room` at the end.
    """
    if not 0 <= first <= last < source.steps:
        raise EpisodeError(f"{source.path} has no steps {first} to {last}.")
    rows = slice(first, last + 1)
    with h5py.File(path, "w", libver=LIBVER) as file:
        take_room(path, source.size_bytes)
        _write_columns(file, source, rows)
        _write_pictures(file, source, rows)
        _write_events(file, source)
        _copy_attributes(file, source)
        for name, value in {**_counted(source, rows), **(attributes or {})}.items():
            file.attrs[name] = strings(value) if isinstance(value, str) else value


def _counted(source: EpisodeReader, rows: slice) -> dict[str, int]:
    """Steps are missing inside the rows only, from the first of them on."""
    steps: list[int] = source.column("/tandem/step")[rows].tolist()
    begin = steps[0] if rows.start else source.facts.first_step or 0
    return {"missing_steps": missing_steps(steps) - begin, "first_step": begin}


def _write_columns(file: h5py.File, source: EpisodeReader, rows: slice) -> None:
    facts = source.facts
    rate_hz = max(facts.fps, 1)
    kept = schema.second_rows(rows.stop - rows.start, rate_hz)
    second_step = source.column(schema.SECOND_STEP)
    if second_step.ndim != 1 or not len(second_step):
        raise EpisodeError(f"{source.path} has no rows of once a second.")
    # The newest that was read at or before the step.
    read = np.searchsorted(second_step, rows.start + kept, side="right") - 1
    seconds = np.maximum(read, 0)
    layout = _layout(source)
    for column in layout.columns():
        values = source.column(column.path)
        count = len(second_step) if column.every == "second" else source.steps
        if values.shape != (expected := column.shape(count, layout)):
            raise EpisodeError(
                f"{source.path}: {column.path} has shape {values.shape}, not {expected}."
            )
        values = values[seconds] if column.every == "second" else values[rows]
        _put(file, column.path, values, column.unit, column.dtype, fletcher32=True)
    _put(file, schema.SECOND_STEP, kept, "count")


def _layout(source: EpisodeReader) -> schema.Layout:
    facts = source.facts
    arms = arms_of(facts.joint_names)
    if facts.schema_version not in schema.READABLE_VERSIONS or arms is None:
        raise EpisodeError(f"{source.path} is of a version or of arms that are not known.")
    cameras, version = len(facts.camera_names), facts.schema_version
    return schema.Layout(cameras, _state_size(source), arms, version)


def _state_size(source: EpisodeReader) -> int:
    """Size of the physics state; 0 where there is none, as on real and emulated arms."""
    try:
        shape = source.shape("/tandem/sim_state")
    except EpisodeError:
        return 0
    if len(shape) != 2:
        raise EpisodeError(f"{source.path}: /tandem/sim_state has shape {shape}.")
    return shape[1]


def _write_pictures(file: h5py.File, source: EpisodeReader, rows: slice) -> None:
    names = source.facts.camera_names
    lengths = source.column(schema.COMPRESS_LEN)
    if lengths.shape != (len(names), source.steps):
        raise EpisodeError(f"{source.path}: {schema.COMPRESS_LEN} has shape {lengths.shape}.")
    _put(file, schema.COMPRESS_LEN, lengths[:, rows], "bytes", "<f4")
    for name, each in zip(names, lengths[:, rows], strict=True):
        longest = each.max()
        if not 1 <= longest <= source.shape(f"{schema.IMAGES}/{name}")[-1]:
            raise EpisodeError(f"{source.path}: lengths of the pictures of {name} are damaged.")
        _write_camera(file, source, name, rows, int(longest))


def _write_camera(
    file: h5py.File, source: EpisodeReader, camera: str, rows: slice, width: int
) -> None:
    shape = (rows.stop - rows.start, width)
    path = f"{schema.IMAGES}/{camera}"
    images = file.create_dataset(path, shape, "u1", chunks=(1, width))
    _describe(images, "bytes")
    images.attrs["width"], images.attrs["height"] = source.image_size(camera)
    for row, jpeg in enumerate(islice(source.jpegs(camera), rows.start, rows.stop)):
        images.id.write_direct_chunk((row, 0), jpeg.ljust(width, b"\0"))


def _write_events(file: h5py.File, source: EpisodeReader) -> None:
    events = source.events()
    times = np.array([event.t_ns for event in events], "<i8")
    _put(file, schema.EVENT_TIME, times, "ns")
    file.create_dataset(schema.EVENT_TEXT, data=strings([event.text for event in events]))


def _copy_attributes(file: h5py.File, source: EpisodeReader) -> None:
    """Those of the format as they were understood, and what else has been put there."""
    for attribute in schema.ATTRIBUTES:
        value = getattr(source.facts, attribute.name)
        if value is not None:
            is_text = isinstance(value, str | tuple)
            file.attrs[attribute.name] = strings(value) if is_text else value
    with h5py.File(source.path, "r") as raw:
        for name in set(raw.attrs) - set(file.attrs):
            _copy_attribute(raw, file, name)


def _copy_attribute(raw: h5py.File, file: h5py.File, name: str) -> None:
    stored = raw.attrs.get_id(name)
    if stored.dtype.hasobject or not 0 < stored.get_storage_size() <= MAX_ATTRIBUTE_BYTES:
        return  # of variable length: many values may share few bytes
    value = np.empty(stored.shape, stored.dtype)
    stored.read(value)
    kind, space = stored.get_type(), stored.get_space()
    h5py.h5a.create(file.id, name.encode(), kind, space).write(value)


def _put(
    file: h5py.File,
    path: str,
    values: npt.NDArray[Any],
    unit: str,
    dtype: str | None = None,
    **options: Any,
) -> None:
    _describe(file.create_dataset(path, data=values, dtype=dtype, **options), unit)


def _describe(dataset: h5py.Dataset, unit: str) -> None:
    if unit:
        dataset.attrs["unit"] = strings(unit)
