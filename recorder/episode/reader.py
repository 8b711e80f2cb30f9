"""Reading an episode file. Its counterpart is `recorder.episode.writer`; the layout is
`recorder.episode.schema`, whose docstring names the axes.

Opening reads the attributes and looks at the shapes; data is read when asked for. Whatever bytes a
file holds, the answer is data or an `EpisodeError`, and memory is bounded by the file's size: HDF5
lets a small file claim a huge dataset, and many values of variable length share the same bytes, so
claims are checked before anything is allocated, and no dataset may be of variable length.
"""

import contextlib
import math
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import h5py
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Image
from recorder.config import MAX_SIDE_PX
from recorder.episode import schema
from recorder.errors import EpisodeError
from teleop.tick import Outcome


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """The attributes of an episode file, typed (meanings: `schema.ATTRIBUTES`)."""

    sim: bool
    compress: bool
    schema_version: int
    episode_id: str
    task: str
    prompt: str
    fps: int
    success: str
    simulated_time: bool
    recovered: bool
    recovery_note: str
    missing_steps: int
    started_utc: str
    joint_names: tuple[str, ...]
    bus_names: tuple[str, ...]
    camera_names: tuple[str, ...]
    camera_rate_hz: str
    action_offset: int
    effort_unit: str
    jpeg_quality: int
    jpeg_subsampling: str
    image_color: str
    rig: str
    software: str
    servos: str
    scene: str | None = None
    seed: int | None = None
    quality: str | None = None
    faults: str | None = None
    policy: str | None = None
    camera_kind: str | None = None
    arms: str | None = None
    cameras: str | None = None
    verdict: str | None = None
    findings: str | None = None
    quality_limits: str | None = None
    label_reason: str | None = None
    notes: str | None = None
    edits: str | None = None
    first_step: int | None = None

    @property
    def outcome(self) -> Outcome:
        """The verdict; UNLABELLED if the file says something unknown."""
        return Outcome.__members__.get(self.success.upper(), Outcome.UNLABELLED)

    @property
    def arms_kind(self) -> str:
        """`real`, `simulated` or `emulated`; files of version 1 know no emulated arms."""
        return self.arms or ("simulated" if self.sim else "real")


@dataclass(frozen=True, slots=True)
class EpisodeEvent:
    """Something the operator was told."""

    t_ns: int
    text: str


class EpisodeReader:
    """An open episode file.

    Attributes:
        facts: its attributes.
        steps: number of rows, T.

    Raises:
        EpisodeError: from every method: names the file and the fault.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._naming_faults():
            about = path.stat()  # once: it may be moved away meanwhile
            if stat.S_ISDIR(about.st_mode):
                raise EpisodeError(f"{path} is a folder, not an episode file.")
            if not stat.S_ISREG(about.st_mode):
                raise EpisodeError(f"{path} is no file, but a pipe or a device.")  # would block
            self.size_bytes = about.st_size
            if path.suffix == schema.JOURNAL_SUFFIX:
                raise EpisodeError(f"{path} is a journal: `episodes recover` makes a file of it.")
            self._file = h5py.File(path, "r")
        try:
            self.facts = self._read_facts()
            self.steps = self._rows()
        except EpisodeError:
            self.close()
            raise

    def _rows(self) -> int:
        shape = self.shape("/action")
        if not shape:
            raise EpisodeError(f"{self.path}: /action has no rows.")
        return shape[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._naming_faults():
            self._file.close()

    def shape(self, path: str) -> tuple[int, ...]:
        """Shape of a dataset."""
        return tuple(int(size) for size in self._dataset(path).shape)

    def dtype(self, path: str) -> "np.dtype[Any]":
        """Type of a dataset."""
        with self._naming_faults():
            found: np.dtype[Any] = self._dataset(path).dtype
            return found

    def column(self, path: str) -> npt.NDArray[Any]:
        """A whole dataset other than images, e.g. ``/observations/qpos``: one row a step."""
        with self._naming_faults():
            return np.asarray(self._dataset(path)[...])

    def jpeg(self, camera: str, step: int) -> bytes:
        """The JPEG of a camera at a step, without its padding."""
        row = self._facts_row(camera)
        with self._naming_faults():
            length = int(self._dataset(schema.COMPRESS_LEN)[row, step])
            return bytes(self._dataset(f"{schema.IMAGES}/{camera}")[step, :length].tobytes())

    def jpegs(self, camera: str) -> Iterator[bytes]:
        """Every JPEG of a camera in order, without padding."""
        lengths = self.column(schema.COMPRESS_LEN)[self._facts_row(camera)]
        with self._naming_faults():
            images = self._dataset(f"{schema.IMAGES}/{camera}")
            for step, length in enumerate(lengths):
                yield bytes(images[step, : int(length)].tobytes())

    def image(self, camera: str, step: int) -> Image:
        """The image of a camera at a step: (H, W, 3) uint8, RGB, of `image_size`."""
        # Whoever wants no picture needs no OpenCV.
        from recorder.pictures.decode import decode_jpeg, jpeg_size

        jpeg, asked = self.jpeg(camera, step), self.image_size(camera)
        size = jpeg_size(jpeg)
        if size and size != asked:
            sizes = "{}x{}, not {}x{}".format(*size, *asked)
            raise EpisodeError(f"{self.path}: the image of {camera} at step {step} is {sizes}.")
        image = decode_jpeg(jpeg) if size else None
        if image is None:
            raise EpisodeError(f"{self.path}: the image of {camera} at step {step} is no JPEG.")
        return image

    def image_size(self, camera: str) -> tuple[int, int]:
        """Width and height that the camera was asked for, in pixels."""
        self._facts_row(camera)
        dataset = self._dataset(f"{schema.IMAGES}/{camera}")
        with self._naming_faults():
            width, height = (int(self._value(dataset.attrs, name)) for name in ("width", "height"))
        if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
            raise EpisodeError(f"{self.path}: {width}x{height} of {camera} is no picture size.")
        return width, height

    def events(self) -> list[EpisodeEvent]:
        """What the operator was told, in the order it was."""
        times, texts = self.column(schema.EVENT_TIME), self._dataset(schema.EVENT_TEXT)
        with self._naming_faults():
            return [
                EpisodeEvent(int(t_ns), _decoded(text) or "")
                for t_ns, text in zip(times, texts[...], strict=True)
            ]

    def _facts_row(self, camera: str) -> int:
        try:
            return self.facts.camera_names.index(camera)
        except ValueError:
            known = ", ".join(self.facts.camera_names)
            raise EpisodeError(f"{self.path} has no camera {camera!r}; it has {known}.") from None

    def _dataset(self, path: str) -> h5py.Dataset:
        with self._naming_faults():
            if not self._is_its_own(path):
                raise EpisodeError(f"{self.path}: {path} leads elsewhere.")
            dataset = self._file.get(path)
            if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
                raise EpisodeError(f"{self.path} has no dataset {path}.")
            if dataset.external or dataset.is_virtual:
                raise EpisodeError(f"{self.path}: {path} lies in another file.")
            if dataset.dtype.hasobject:
                raise EpisodeError(
                    f"{self.path}: {path} is of variable length, as Tandem writes nothing."
                )
            # A chunk is read whole, and a compressed one may unfold to far more than there is.
            chunk_bytes = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
            if max(dataset.nbytes, chunk_bytes) > self.size_bytes:
                raise EpisodeError(f"{self.path}: {path} claims to be larger than the file.")
            return dataset

    def _is_its_own(self, path: str) -> bool:
        """No link on the way leads elsewhere: that might be a pipe, or anybody's file."""
        names = path.strip("/").split("/")
        links = self._file.id.links
        for depth in range(len(names)):
            way = "/".join(names[: depth + 1]).encode()
            if not links.exists(way):
                return True  # it is missing, which is another fault
            if links.get_info(way).type != h5py.h5l.TYPE_HARD:
                return False
        return True

    def _read_facts(self) -> EpisodeFacts:
        values = {}
        for attribute in schema.ATTRIBUTES:
            if attribute.optional and not self._has(attribute.name):
                continue
            values[attribute.name] = self._attribute(attribute)
        return EpisodeFacts(**values)

    def _has(self, name: str) -> bool:
        with self._naming_faults():
            return name in self._file.attrs

    def _attribute(self, attribute: schema.Attribute) -> Any:
        if not self._has(attribute.name):
            raise EpisodeError(
                f"{self.path} is HDF5, but no episode of Tandem: attribute {attribute.name!r} is "
                "missing."
            )
        with self._naming_faults():
            value = self._value(self._file.attrs, attribute.name)
            if (typed := _typed(attribute.kind, value)) is None:
                raise EpisodeError(
                    f"{self.path}: attribute {attribute.name!r} should be a {attribute.kind}."
                )
            return typed

    def _value(self, attributes: h5py.AttributeManager, name: str) -> Any:
        """An attribute's value. One string of variable length may be, as people put it there with
        h5py, but nothing else of variable length."""
        stored = attributes.get_id(name)
        count, dtype = math.prod(stored.shape or ()), stored.dtype
        is_one_string = count == 1 and h5py.check_string_dtype(dtype) is not None
        if dtype.hasobject and not is_one_string:
            raise EpisodeError(f"{self.path}: attribute {name!r} is of variable length.")
        if count * dtype.itemsize > self.size_bytes:
            raise EpisodeError(
                f"{self.path}: attribute {name!r} claims to be larger than the file."
            )
        return attributes[name]

    @contextlib.contextmanager
    def _naming_faults(self) -> Iterator[None]:
        """Turn whatever HDF5 makes of damaged bytes into an EpisodeError."""
        try:
            yield
        except EpisodeError:
            raise
        except FileNotFoundError:
            raise EpisodeError(f"{self.path} does not exist.") from None
        except (IsADirectoryError, PermissionError) as error:
            raise EpisodeError(f"Cannot read {self.path}: {error.strerror}.") from None
        except Exception as error:
            raise EpisodeError(
                f"{self.path} is not an episode file, or a damaged one ({_in_words(error)})."
            ) from error


_HDF5_SAYS: Final = re.compile(r"synchronously .*?\((.*)\)$")
_REASONS: Final = {
    "file signature not found": "it is no HDF5 file",
    "truncated file": "it is cut off",
}


def _in_words(error: Exception) -> str:
    """What is wrong, without the insides of HDF5."""
    said = (str(error).strip() or repr(error)).splitlines()[0].strip("'\"")
    match = _HDF5_SAYS.search(said)
    if not match:
        return said
    reason = match[1].split(": eof = ")[0]
    return _REASONS.get(reason, f"HDF5 says: {reason}")


def _typed(kind: str, value: Any) -> Any:
    """The attribute's value as plain Python, None if it is of another kind."""
    if kind == "bool":
        return bool(value) if isinstance(value, bool | np.bool_) else None
    if kind == "int":
        return int(value) if isinstance(value, int | np.integer) else None
    if kind == "string":
        return _decoded(value)
    names = [_decoded(item) for item in value.flat] if isinstance(value, np.ndarray) else [None]
    return None if None in names else tuple(names)


def _decoded(value: Any) -> str | None:
    """Text, whether of fixed length (bytes), as written here, or of variable length."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else None
