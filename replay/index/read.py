"""Reading the row of a file: quickly where it is as Tandem writes it, else with a close look."""

import math
import stat
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from recorder.episode import schema
from recorder.episode.history import is_trimmed
from recorder.errors import EpisodeError
from replay.gone import GoneError, gone, opened
from replay.index.row import Facts, Row, Unreadable, to_plain


def read_row(path: Path) -> Row | Unreadable:
    """The row of a file. Never fails."""
    row = _quick_row(path)
    if row is not None:
        return row
    try:
        with opened(path) as episode:
            facts = episode.facts
            return Row(
                path,
                episode.size_bytes,
                Facts(
                    task=facts.task,
                    steps=episode.steps,
                    fps=facts.fps,
                    success=facts.success,
                    reason=facts.label_reason or "",
                    verdict=facts.verdict,
                    recovered=facts.recovered,
                    cameras=facts.camera_names,
                    notes=tuple((facts.notes or "").splitlines()),
                    started_utc=facts.started_utc,
                    trimmed=is_trimmed(path, facts.edits),
                ),
            )
    except EpisodeError as error:
        return Unreadable(path, str(error), gone=isinstance(error, GoneError))


def not_there(path: Path) -> Unreadable:
    """What there is of a file that is gone meanwhile."""
    return Unreadable(path, gone(path), gone=True)


def read_plain(path: Path) -> list[Any] | str | None:
    """What `read_row` finds, as a worker hands it on: size and facts, or the error; None: gone."""
    row = read_row(path)
    if isinstance(row, Row):
        return [row.size_bytes, to_plain(row.facts)]
    return None if row.gone else row.error


class _UnusualError(Exception):
    """Something that Tandem does not write: `EpisodeReader` finds the words for it."""


_NEEDED: Final = [each.name.encode() for each in schema.ATTRIBUTES if not each.optional]


def _quick_row(path: Path) -> Row | None:
    """The row of a file that is as Tandem writes it; None: look closer.

    Eight times as fast as to open it as an episode (benchmarks/episodes.py): all attributes have
    to be there, but only those of the row are read.
    """
    try:
        about = path.stat()
        if path.suffix == schema.JOURNAL_SUFFIX or not stat.S_ISREG(about.st_mode):
            return None
        file = h5py.h5f.open(bytes(path), h5py.h5f.ACC_RDONLY)
        try:
            root = h5py.h5g.open(file, b"/")
            if not all(h5py.h5a.exists(root, name) for name in _NEEDED):
                return None
            return Row(path, about.st_size, _facts(path, root, about.st_size))
        finally:
            file.close()
    except Exception:  # HDF5 raises many kinds; whatever it is, the closer look tells it
        return None


def _facts(path: Path, root: Any, size_bytes: int) -> Facts:
    def value(name: str) -> Any:
        return _attribute(root, name.encode(), size_bytes)

    def text(name: str) -> str | None:
        return _text(value(name)) if h5py.h5a.exists(root, name.encode()) else None

    return Facts(
        task=_text(value("task")),
        steps=_steps(root, size_bytes),
        fps=_of_kind(value("fps"), np.integer),
        success=_text(value("success")),
        reason=text("label_reason") or "",
        verdict=text("verdict"),
        recovered=_of_kind(value("recovered"), np.bool_),
        cameras=tuple(map(_text, value("camera_names"))),
        notes=tuple((text("notes") or "").splitlines()),
        started_utc=_text(value("started_utc")),
        trimmed=is_trimmed(path, text("edits")),
    )


def _attribute(root: Any, name: bytes, size_bytes: int) -> Any:
    attribute = h5py.h5a.open(root, name)
    dtype, shape = attribute.dtype, attribute.shape
    if dtype.hasobject or math.prod(shape) * dtype.itemsize > size_bytes:
        raise _UnusualError
    array = np.empty(shape, dtype)
    attribute.read(array)
    return array[()]


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise _UnusualError
    return value.decode(errors="replace")


def _of_kind(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise _UnusualError
    return value.item()  # type: ignore[attr-defined]


def _steps(root: Any, size_bytes: int) -> int:
    """The length of /action, a dataset that lies in this file and is no larger than it."""
    name = b"action"
    if root.links.get_info(name).type != h5py.h5l.TYPE_HARD:
        raise _UnusualError
    dataset = h5py.h5d.open(root, name)
    made = dataset.get_create_plist()
    elsewhere = made.get_external_count() or made.get_layout() == h5py.h5d.VIRTUAL
    shape, item_bytes = dataset.shape, dataset.get_type().get_size()
    if elsewhere or not shape or math.prod(shape) * item_bytes > size_bytes:
        raise _UnusualError
    return int(shape[0])
