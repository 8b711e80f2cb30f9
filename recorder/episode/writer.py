"""A journal becomes an HDF5 file. Its counterpart is `recorder.episode.reader`; the layout is
`recorder.episode.schema`, whose docstring names the axes.

Memory stays bounded whatever the length of the episode: images go from the journal to the file one
by one, everything else in blocks of steps.

Two choices make damage show instead of hanging the HDF5 library: the file format of HDF5 1.10 has
checksums on its metadata, and all strings are of fixed length, because those of variable length
live in a heap without checksums (a few zeroed bytes in it sent HDF5 2.0 into an endless loop).
"""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Record
from recorder.episode import schema
from recorder.episode.room import take_room
from recorder.journal.header import EpisodeHeader
from recorder.journal.reader import JournalReader, JournalStep, Scan

BLOCK_STEPS: Final = 256
LIBVER: Final = ("v110", "v110")


def write_episode(
    path: Path, journal: JournalReader, scan: Scan, *, recovered: bool, room_bytes: int = 0
) -> None:
    """Write the verified steps of a journal as an episode file.

    Args:
        scan: what `journal.scan()` found; at least one step.
        room_bytes: what the disk has to promise before anything is written.

    Raises:
        OSError: the disk refuses.
    """
    header = journal.header
    if header is None or not scan.steps:
        raise ValueError(f"{journal.path} holds no steps.")
    with h5py.File(path, "w", libver=LIBVER) as file:
        take_room(path, room_bytes)
        _write_attributes(file, header, scan, recovered)
        _create_datasets(file, header, scan)
        records: list[Record] = []
        for row, step in enumerate(journal.steps()):
            _write_images(file, header, step, row, scan.longest_jpegs)
            records.append(step.record)
            if len(records) == BLOCK_STEPS or row == len(scan.steps) - 1:
                _write_columns(file, header, np.stack(records), row + 1 - len(records))
                records.clear()
        _write_events(file, scan)


def _write_attributes(file: h5py.File, header: EpisodeHeader, scan: Scan, recovered: bool) -> None:
    values: dict[str, Any] = {
        "sim": header.simulated,
        "compress": True,
        "schema_version": header.schema_version,
        "episode_id": header.episode_id,
        "task": header.task,
        "prompt": header.prompt,
        "fps": header.rate_hz,
        "success": scan.outcome.name.lower(),
        "simulated_time": header.time_base == "simulated",
        "recovered": recovered,
        "recovery_note": scan.note,
        "missing_steps": missing_steps(scan.steps),
        "started_utc": header.started_utc,
        "joint_names": header.layout.arms.joint_names,
        "bus_names": header.layout.arms.bus_names,
        "camera_names": [camera.name for camera in header.cameras],
        "camera_rate_hz": json.dumps({camera.name: camera.rate_hz for camera in header.cameras}),
        "cameras": _about(header),
        "quality_limits": json.dumps(dataclasses.asdict(header.limits)),
        "camera_kind": json.dumps({camera.name: camera.kind for camera in header.cameras}),
        "action_offset": 0,
        "effort_unit": header.effort_unit,
        "jpeg_quality": header.recording.jpeg_quality,
        "jpeg_subsampling": header.recording.jpeg_subsampling,
        "image_color": "RGB",
        "rig": header.rig_name,
        "software": header.software,
        "servos": header.servos,
        "arms": header.arms_kind,
    }
    for name in ("scene", "seed", "quality", "faults", "policy"):
        if (value := getattr(header, name)) is not None:
            values[name] = value
    for name, value in values.items():
        is_text = isinstance(value, str | tuple | list)
        file.attrs[name] = strings(value) if is_text else value


def _about(header: EpisodeHeader) -> str:
    """What each camera was, by name; JSON."""
    about = zip(header.cameras, header.about, strict=False)
    return json.dumps({camera.name: dataclasses.asdict(each) for camera, each in about})


def missing_steps(steps: list[int]) -> int:
    """How many steps control counted from 0 to the last one that are not among these."""
    return max(steps) + 1 - len(steps)


def _create_datasets(file: h5py.File, header: EpisodeHeader, scan: Scan) -> None:
    count, cameras = len(scan.steps), len(header.cameras)
    seconds = schema.second_rows(count, header.rate_hz)
    for column in header.layout.columns():
        shape = column.shape(len(seconds) if column.every == "second" else count, header.layout)
        # With a checksum of its own: of damaged numbers nobody could tell otherwise.
        dataset = file.create_dataset(column.path, shape, column.dtype, fletcher32=True)
        _describe(dataset, column.unit)
    _describe(file.create_dataset(schema.SECOND_STEP, data=seconds), "count")
    _describe(file.create_dataset(schema.COMPRESS_LEN, (cameras, count), "<f4"), "bytes")
    for camera, width in zip(header.cameras, scan.longest_jpegs, strict=True):
        name = f"{schema.IMAGES}/{camera.name}"
        images = file.create_dataset(name, (count, width), "u1", chunks=(1, width))
        _describe(images, "bytes")
        images.attrs["width"], images.attrs["height"] = camera.width, camera.height


def _describe(dataset: h5py.Dataset, unit: str) -> None:
    if unit:
        dataset.attrs["unit"] = strings(unit)


def _write_columns(
    file: h5py.File, header: EpisodeHeader, records: npt.NDArray[Any], first: int
) -> None:
    """Write a block of step records whose first is row `first` of the file."""
    rows = np.arange(first, first + len(records))
    for column in header.layout.columns():
        values, start = column.values(records, header.layout.arms), first
        if column.every == "second":
            values, start = values[rows % header.rate_hz == 0], -(-first // header.rate_hz)
        if len(values):
            file[column.path][start : start + len(values)] = values
    lengths = records["frames"]["jpeg_bytes"].T
    file[schema.COMPRESS_LEN][:, first : first + len(records)] = lengths.astype("<f4")


def _write_images(
    file: h5py.File,
    header: EpisodeHeader,
    step: JournalStep,
    row: int,
    widths: Sequence[int],
) -> None:
    for camera, jpeg, width in zip(header.cameras, step.jpegs, widths, strict=True):
        # One chunk is one row, so a row needs no detour through HDF5's chunk cache.
        rows = file[f"{schema.IMAGES}/{camera.name}"].id
        rows.write_direct_chunk((row, 0), jpeg.ljust(width, b"\0"))


def _write_events(file: h5py.File, scan: Scan) -> None:
    times = np.array([event.t_ns for event in scan.events], "<i8")
    texts = strings([event.text for event in scan.events])
    _describe(file.create_dataset(schema.EVENT_TIME, data=times), "ns")
    file.create_dataset(schema.EVENT_TEXT, data=texts)


def strings(texts: str | Sequence[str]) -> npt.NDArray[Any]:
    """UTF-8 strings of a fixed length, as HDF5 stores them without its heap."""
    texts = [texts] if (single := isinstance(texts, str)) else texts
    encoded = [text.replace("\0", "\ufffd").encode(errors="replace") for text in texts]
    longest = max(map(len, encoded), default=0)
    array = np.array(encoded, h5py.string_dtype("utf-8", max(longest, 1)))
    return array[0:1].reshape(()) if single else array
