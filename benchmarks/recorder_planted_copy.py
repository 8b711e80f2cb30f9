"""A copy of a clean episode file that is open to be spoilt: its columns, its pictures, its rows.

What the recorder derives of other columns (age, skew, repeat, stale) is derived anew at the end, so
that a spoilt file is one that the recorder could have written.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, get_args

import h5py
import numpy as np

from recorder.align import STALE_PERIODS
from recorder.cameras.camera import Image
from recorder.checks.kinds import KINDS, Kind, Severity
from recorder.checks.streams import Array, Mask
from recorder.config import RecordingConfig, Subsampling
from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from recorder.episode.writer import LIBVER, strings
from recorder.judge import limits_of
from recorder.pictures.decode import decode_jpeg
from recorder.pictures.encode import encode
from teleop.joints import JOINT_SERVO_IDS, JOINTS_PER_ARM

QPOS, QVEL, EFFORT = "/observations/qpos", "/observations/qvel", "/observations/effort"
ACTION: Final = "/action"
FRAME: Final = "/tandem/frame_"
STAMPS: Final = ("number", "capture_ns", "arrival_ns", "sensor_ns", "exposure_us")
NUMBERS: Final = ("crc32", "brightness", "clipped", "sharpness")
MARGIN: Final = 10
"""Steps at either end of an episode in which no stretch begins or ends."""
ROUNDING: Final = 1e-9


class NoPlaceError(Exception):
    """The file has no place for a fault."""


@dataclass(frozen=True, slots=True)
class Planted:
    """What must be found, no more and no less.

    Attributes:
        where: camera, joint or bus; "": the whole rig.
        mask: (T,) steps.
        also: kinds that may be found besides, and why.
    """

    where: str
    mask: Mask
    also: Mapping[Kind, str] = field(default_factory=dict)


class Copy:
    """A file to be spoilt: a context manager.

    Attributes:
        rng: of everything that is drawn.
        steps, cameras, joints, buses: of the file; names but for the first.
        limits: that it is judged by.
    """

    def __init__(self, path: Path, rng: np.random.Generator) -> None:
        self.rng = rng
        with EpisodeReader(path) as episode:
            self._facts, self.steps, self.limits = episode.facts, episode.steps, limits_of(episode)
        self.cameras, self.joints = self._facts.camera_names, self._facts.joint_names
        self.buses, self.rate_hz = self._facts.bus_names, self._facts.fps
        self.period_ns = round(1e9 / self.rate_hz)
        self._file = h5py.File(path, "r+", libver=LIBVER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._derive()
        self._file.close()

    # -- where to plant

    def one_of(self, choices: Sequence[Any]) -> Any:
        """Any of these."""
        return choices[int(self.rng.integers(len(choices)))]

    def steps_of(self, duration_s: float) -> int:
        """The fewest steps that last so long."""
        return max(1, math.ceil(duration_s * self.rate_hz - ROUNDING))

    def length(self, kind: Kind, severity: Severity) -> int:
        """Any number of steps in a row that comes to this, by the limits of the kind in seconds."""
        names = KINDS[kind].limits
        limits_s = [getattr(self.limits, name) for name in names if name.endswith("_s")]
        low, *more = map(self.steps_of, limits_s)
        high = low + low // 2
        if more:
            share = self.limits.reject_share if "reject_share" in names else 1.0
            reject = min(more[0], math.ceil(share * self.steps - ROUNDING))
            low, high = (reject, reject * 3 // 2) if severity == "reject" else (low, reject - 1)
        return int(self.rng.integers(low, high + 1))

    def place(self, length: int, allowed: Mask | None = None) -> slice:
        """So many steps in a row, anywhere but at the ends of the episode.

        Args:
            allowed: (T,) whether they may begin at a step; None: at any.

        Raises:
            NoPlaceError: there is none.
        """
        starts = np.arange(MARGIN, self.steps - length - MARGIN + 1)
        if allowed is not None:
            starts = starts[allowed[starts]]
        if not len(starts):
            raise NoPlaceError(f"there is no place for {length} steps")
        start = int(self.rng.choice(starts))
        return slice(start, start + length)

    def stretch(self, kind: Kind, severity: Severity) -> slice:
        """Any steps in a row that come to this."""
        return self.place(self.length(kind, severity))

    def mask(self, where: Any) -> Mask:
        """(T,) of these steps."""
        marked = np.zeros(self.steps, bool)
        marked[where] = True
        return marked

    # -- columns

    def read(self, path: str) -> Array:
        """A whole dataset."""
        return np.asarray(self._file[path][...])

    def write(self, path: str, values: Array) -> None:
        """The same dataset with other values."""
        self._file[path][...] = values

    def put(self, path: str, index: Any, value: Any) -> None:
        """Another value there."""
        values = self.read(path)
        values[index] = value
        self.write(path, values)

    def count(self, path: str, steps: Any, bus: int) -> None:
        """A counter of a bus goes on at these steps."""
        values = self.read(path)
        values[:, bus] += np.cumsum(self.mask(steps)).astype(values.dtype)
        self.write(path, values)

    def hold(self, bus: int, servos: Sequence[int], where: slice) -> None:
        """Servos (ID - 1) do not answer at these steps: their values are those of the step before.

        The first of these steps must not be the first of the episode.
        """
        self.put("/tandem/held", (where, bus, servos), 1)
        self.put("/tandem/bus_ok", (where, bus), 0)
        self.count("/tandem/lost", where, bus)
        followers = [index for index, name in enumerate(self.buses) if "follower" in name]
        if bus not in followers:
            return
        first = followers.index(bus) * JOINTS_PER_ARM
        joints = [first + JOINT_SERVO_IDS.index(i + 1) for i in servos if i + 1 in JOINT_SERVO_IDS]
        for path in (QPOS, QVEL, EFFORT):
            self.put(path, (where, joints), self.read(path)[where.start - 1, joints])

    def keep(self, rows: Array) -> None:
        """Only these rows of the file stay, in this order."""
        seconds = schema.second_rows(len(rows), self.rate_hz)
        for column in schema.COLUMNS:
            if column.path in self._file:
                every = column.every == "second"
                kept = rows[seconds] // self.rate_hz if every else rows
                self._replace(column.path, self.read(column.path)[kept])
        for camera in self.cameras:
            path = f"{schema.IMAGES}/{camera}"
            self._replace(path, self.read(path)[rows])
        self._replace(schema.COMPRESS_LEN, self.read(schema.COMPRESS_LEN)[:, rows])
        self._replace(schema.SECOND_STEP, seconds)
        self.steps = len(rows)
        steps = self.read("/tandem/step")
        self._file.attrs["missing_steps"] = int(steps.max()) + 1 - self.steps

    def say(self, attribute: str, value: bool | str) -> None:
        """Another value of an attribute of the file."""
        self._file.attrs[attribute] = strings(value) if isinstance(value, str) else value

    # -- pictures

    def show(self, camera: int, rows: Array, *, stamped: bool) -> None:
        """At every step the picture that was shown at the step `rows` (T,) says.

        Args:
            stamped: with its number and stamps too; otherwise it claims to be the step's own.
        """
        path = f"{schema.IMAGES}/{self.cameras[camera]}"
        self.write(path, self.read(path)[rows])
        self.put(schema.COMPRESS_LEN, camera, self.read(schema.COMPRESS_LEN)[camera, rows])
        for name in (*NUMBERS, *(STAMPS if stamped else ())):
            column = f"{FRAME}{name}"
            self.put(column, (slice(None), camera), self.read(column)[rows, camera])

    def retake(self, camera: int, taken: Array) -> None:
        """The camera has taken its pictures at these times instead, in ticks since the first step.

        A step shows the newest; of two ticks' pictures in between, the older one.
        """
        newest = np.searchsorted(taken, np.arange(self.steps), side="right") - 1
        rows = np.floor(taken[newest]).astype(int)
        self.show(camera, rows, stamped=True)
        late_ns = np.rint((taken[newest] - rows) * self.period_ns).astype(np.int64)
        for name in ("capture_ns", "arrival_ns"):
            self.shift(f"{FRAME}{name}", (slice(None), camera), late_ns)
        first = self.read(f"{FRAME}number")[0, camera]
        self.put(f"{FRAME}number", (slice(None), camera), first + newest)

    def shift(self, path: str, index: Any, by: Any) -> None:
        """Add to values."""
        self.put(path, index, self.read(path)[index] + by)

    def redraw(self, camera: int, where: slice, change: Callable[[Image], Image]) -> None:
        """Other pictures at these steps, encoded as the recorder does it."""
        subsampling = next(s for s in get_args(Subsampling) if s == self._facts.jpeg_subsampling)
        config = RecordingConfig(self._facts.jpeg_quality, subsampling)
        for step in range(self.steps)[where]:
            image = decode_jpeg(self.jpeg(camera, step))
            assert image is not None
            picture = encode(change(image), config)
            self.put_jpeg(camera, step, picture.jpeg)
            self.put(f"{FRAME}crc32", (step, camera), schema.checksum(picture.jpeg))
            for name in ("brightness", "clipped", "sharpness"):
                self.put(f"{FRAME}{name}", (step, camera), getattr(picture.stats, name))

    def jpeg(self, camera: int, step: int) -> bytes:
        """The JPEG of a camera at a step."""
        length = int(self._file[schema.COMPRESS_LEN][camera, step])
        row = self._file[f"{schema.IMAGES}/{self.cameras[camera]}"][step, :length]
        return bytes(row.tobytes())

    def put_jpeg(self, camera: int, step: int, jpeg: bytes) -> None:
        """Other bytes, and their length; the checksum stays."""
        path = f"{schema.IMAGES}/{self.cameras[camera]}"
        if len(jpeg) > self._file[path].shape[1]:
            wider = len(jpeg) - self._file[path].shape[1]
            self._replace(path, np.pad(self.read(path), ((0, 0), (0, wider))))
        width = self._file[path].shape[1]
        self._file[path][step] = np.frombuffer(jpeg.ljust(width, b"\0"), np.uint8)
        self._file[schema.COMPRESS_LEN][camera, step] = len(jpeg)

    # -- the file

    def _replace(self, path: str, values: Array) -> None:
        """The dataset anew, as it was but for its shape."""
        old = self._file[path]
        attributes, checked, dtype = dict(old.attrs), old.fletcher32, old.dtype
        chunks = (1, values.shape[1]) if path.startswith(schema.IMAGES) else None
        del self._file[path]
        new = self._file.create_dataset(
            path, data=values.astype(dtype), fletcher32=checked, chunks=chunks
        )
        for name, value in attributes.items():
            new.attrs[name] = value

    def _derive(self) -> None:
        """The columns that follow from others."""
        captures, numbers = self.read(f"{FRAME}capture_ns"), self.read(f"{FRAME}number")
        ages = self.read("/tandem/tick_ns")[:, None] - captures
        repeats = np.zeros(numbers.shape, bool)
        repeats[1:] = numbers[1:] == numbers[:-1]
        self.write(f"{FRAME}age_ns", ages)
        self.write(f"{FRAME}stale", ages > STALE_PERIODS * self.period_ns)
        self.write(f"{FRAME}repeat", repeats)
        self.write(f"{FRAME}skew_ns", np.ptp(captures, axis=1))


Plant = Callable[[Copy, Severity], Planted]
"""Plants one kind of fault that comes to this; raises NoPlaceError where that cannot be."""
