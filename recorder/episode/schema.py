"""The episode format, said once: what a step record holds and where it goes in the HDF5 file.

The journal stores step records of `step_dtype`; the episode writer copies their fields to the
datasets in `COLUMNS`; the reader checks a file against the same table, and `datasets/README.md`
repeats it for people (a test compares the two).

Axes: T steps, C cameras, J joints (14, or 7 of one arm pair: `joint_names`), B buses (4, or 2:
`bus_names`) and 9 servos a bus (`servo` = ID - 1), n numbers of physics state, M rows of once a
second, E events, L bytes.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from recorder.arms import Arms
from teleop.joints import SERVOS_PER_ARM
from teleop.tick import TICK_DTYPE, Led, Need, Stage

SCHEMA_VERSION: Final = 4
READABLE_VERSIONS: Final = (1, 2, 3, SCHEMA_VERSION)
"""Version 1: both arm pairs always. An older file has no column that is newer (`Column.since`)."""
SUFFIX: Final = ".hdf5"
JOURNAL_SUFFIX: Final = ".journal"

FRAME_DTYPE: Final = np.dtype(
    [
        ("number", "<i8"),
        ("capture_ns", "<i8"),
        ("arrival_ns", "<i8"),
        ("sensor_ns", "<i8"),
        ("age_ns", "<i8"),
        ("exposure_us", "<i4"),
        ("repeat", "?"),
        ("stale", "?"),
        ("missing", "?"),
        ("jpeg_bytes", "<u4"),
        ("crc32", "<u4"),
        ("brightness", "<f4"),
        ("clipped", "<f4"),
        ("sharpness", "<f4"),
    ]
)


def step_dtype(cameras: int, state_size: int) -> np.dtype[np.void]:
    """One step as the journal stores it; the JPEGs follow, in camera order."""
    return np.dtype(
        [
            ("tick", TICK_DTYPE),
            ("scene_ns", "<i8"),
            ("stage", "u1"),
            ("skew_ns", "<i8"),
            ("dropped", "?"),
            ("encode_queue", "<u2"),
            ("frames", FRAME_DTYPE, (cameras,)),
            ("state", "<f8", (state_size,)),
        ]
    )


STEP_LAYOUT: Final = repr(step_dtype(0, 0).descr)
"""Names the layout in a journal: one of another version is refused, not misread."""

ArmsKind = Literal["real", "simulated", "emulated"]
"""Emulated: servos that answer, but nothing that they could move."""
Every = Literal["step", "second"]
Axis = int | Literal["C", "J", "B", "n"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the shapes of an episode's columns depend on.

    Attributes:
        state_size: numbers of physics state; 0 where there is no simulated scene.
        version: of the format.
    """

    cameras: int
    state_size: int
    arms: Arms = field(default_factory=Arms)
    version: int = SCHEMA_VERSION

    def size(self, axis: Axis) -> int:
        """The length of an axis."""
        joints, buses = len(self.arms.joint_names), len(self.arms.bus_names)
        sizes = {"C": self.cameras, "J": joints, "B": buses, "n": self.state_size}
        return axis if isinstance(axis, int) else sizes[axis]

    def columns(self) -> "tuple[Column, ...]":
        """The columns of a file: those of the scene only where there is one."""
        return tuple(
            column
            for column in COLUMNS
            if column.since <= self.version and (self.state_size or not column.simulated_only)
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A dataset with one row a step (or one a second).

    Attributes:
        source: path of the field within a step record.
        axes: what follows the time axis.
        every: `second`: only rows 0, fps, 2 fps ... (`/tandem/second_step` gives their steps).
        since: the version of the format that brought it.
    """

    path: str
    source: tuple[str, ...]
    dtype: str
    axes: tuple[Axis, ...]
    unit: str
    meaning: str
    every: Every = "step"
    simulated_only: bool = False
    since: int = 1

    def shape(self, rows: int, layout: Layout) -> tuple[int, ...]:
        """The dataset's shape in a file."""
        return (rows, *map(layout.size, self.axes))

    def values(self, records: npt.NDArray[Any], arms: Arms) -> npt.NDArray[Any]:
        """What step records (T,) put into the dataset: (T, ...), of the arms that are there."""
        for name in self.source:
            records = records[name]
        for axis, kept in (("J", arms.joints), ("B", arms.buses)):
            if axis in self.axes:
                records = records.take(kept, axis=1 + self.axes.index(axis))
        return records.astype(self.dtype)


SERVO: Final = SERVOS_PER_ARM


def _tick(
    path: str,
    name: str,
    dtype: str,
    axes: tuple[Axis, ...],
    unit: str,
    meaning: str,
    since: int = 1,
) -> Column:
    return Column(path, ("tick", name), dtype, axes, unit, meaning, since=since)


def _frame(name: str, source: str, dtype: str, unit: str, meaning: str, since: int = 1) -> Column:
    return Column(f"/tandem/{name}", ("frames", source), dtype, ("C",), unit, meaning, since=since)


def _second(name: str, dtype: str, unit: str, meaning: str) -> Column:
    return Column(
        f"/tandem/{name}", ("tick", name), dtype, ("B", SERVO), unit, meaning, every="second"
    )


COLUMNS: Final = (
    _tick(
        "/observations/qpos",
        "qpos",
        "<f4",
        ("J",),
        "rad, gripper 0-1",
        "follower position, read before the action of the same row was sent",
    ),
    _tick("/observations/qvel", "qvel", "<f4", ("J",), "rad/s, gripper 1/s", "follower velocity"),
    _tick(
        "/observations/effort",
        "effort",
        "<f4",
        ("J",),
        "mA, or 0.1 % load: see effort_unit",
        "follower current or load",
    ),
    _tick("/action", "action", "<f4", ("J",), "rad, gripper 0-1", "command that the followers got"),
    _tick("/tandem/tick", "number", "<i8", (), "count", "control tick; skipped slots count"),
    _tick("/tandem/step", "step", "<i8", (), "count", "step as control counts; a gap is a loss"),
    _tick("/tandem/tick_ns", "t_ns", "<i8", (), "ns", "when the tick began"),
    _tick("/tandem/deadline_ns", "deadline_ns", "<i8", (), "ns", "when it should have begun"),
    _tick(
        "/tandem/bus_read_ns", "bus_read_ns", "<i8", ("B",), "ns", "the bus's reply was complete"
    ),
    _tick("/tandem/bus_ok", "bus_ok", "|u1", ("B",), "0/1", "every servo of the bus answered"),
    _frame("frame_number", "number", "<i8", "count", "the camera's frame; -1: none"),
    _frame("frame_capture_ns", "capture_ns", "<i8", "ns", "when the image was taken; -1: none"),
    _frame("frame_arrival_ns", "arrival_ns", "<i8", "ns", "when it could be used; -1: none"),
    _frame(
        "frame_sensor_ns",
        "sensor_ns",
        "<i8",
        "ns",
        "the device's own stamp, in its own clock; -1: none",
        since=3,
    ),
    _frame("frame_age_ns", "age_ns", "<i8", "ns", "tick_ns - frame_capture_ns; -1: no frame", 3),
    _frame("frame_exposure_us", "exposure_us", "<i4", "us", "exposure; -1: not told", since=3),
    _frame("frame_repeat", "repeat", "|u1", "0/1", "same frame as in the row before"),
    _frame("frame_stale", "stale", "|u1", "0/1", "older than two camera periods"),
    _frame(
        "frame_missing",
        "missing",
        "|u1",
        "0/1",
        "no frame could be had: the image is the last one, or black",
    ),
    _frame("frame_crc32", "crc32", "<u4", "", "CRC-32 of the JPEG, without its padding"),
    _frame("frame_brightness", "brightness", "<f4", "0-255", "mean luma of the image", since=3),
    _frame("frame_clipped", "clipped", "<f4", "0-1", "share of pixels that are blown out", since=3),
    _frame(
        "frame_sharpness",
        "sharpness",
        "<f4",
        "",
        "variance of the Laplacian (recorder.pictures.stats): compare within a camera only",
        since=3,
    ),
    Column(
        "/tandem/frame_skew_ns",
        ("skew_ns",),
        "<i8",
        (),
        "ns",
        "newest minus oldest capture of the row; -1: fewer than two cameras had a picture",
        since=3,
    ),
    Column(
        "/tandem/frame_dropped",
        ("dropped",),
        "|u1",
        (),
        "0/1",
        "the recorder was behind: all images of the row are those of the row before",
        since=3,
    ),
    Column(
        "/tandem/encode_queue",
        ("encode_queue",),
        "<u2",
        (),
        "count",
        "steps that waited for their JPEGs when this one was taken in",
        since=3,
    ),
    _tick("/tandem/leader", "leader", "<f8", ("J",), "rad", "raw leader joints, gripper as joint"),
    _tick(
        "/tandem/limited",
        "limited",
        "|u1",
        ("J",),
        "bits",
        "limits that changed the action: 1 position, 2 velocity, 4 step, 8 not finite",
    ),
    _tick(
        "/tandem/held", "held", "|u1", ("B", SERVO), "0/1", "no reply: the value is the last known"
    ),
    _tick(
        "/tandem/servo_error", "servo_error", "|u1", ("B", SERVO), "bits", "error byte of the reply"
    ),
    _tick("/tandem/lost", "lost", "<u4", ("B",), "count", "replies lost since control started"),
    _tick(
        "/tandem/retries",
        "retries",
        "<u4",
        ("B",),
        "count",
        "replies asked for again since control started",
    ),
    _tick(
        "/tandem/rejected",
        "rejected",
        "<u4",
        ("B",),
        "count",
        "readings that cannot be true, and were not used, since control started",
        since=2,
    ),
    _tick("/tandem/connected", "connected", "|u1", ("B",), "0/1", "the bus's port is open", 2),
    _tick(
        "/tandem/need",
        "need",
        "|u1",
        (),
        "",
        f"what the arms wait for: {', '.join(f'{need} {need.name.lower()}' for need in Need)}",
        since=2,
    ),
    _tick(
        "/tandem/led",
        "led",
        "|u1",
        (),
        "",
        f"who led the followers: {', '.join(f'{led} {led.name.lower()}' for led in Led)}",
        since=4,
    ),
    _tick(
        "/tandem/realtime",
        "realtime",
        "|u1",
        (),
        "bits",
        "what the system granted control: 1 SCHED_FIFO, 2 locked memory",
        since=2,
    ),
    _tick("/tandem/missed", "missed", "<u4", (), "count", "deadlines skipped since start"),
    _tick(
        "/tandem/stage_ns",
        "stage_ns",
        "<i8",
        (len(Stage),),
        "ns",
        "time spent in observe, limit, command, publish (of the tick before)",
    ),
    _second("temperature_degc", "|u1", "degC", "servo temperature"),
    _second("voltage_v", "<f4", "V", "servo supply voltage"),
    _second("hardware_error", "|u1", "bits", "register 70"),
    Column(
        "/tandem/sim_state",
        ("state",),
        "<f8",
        ("n",),
        "sim.scenes.scene.Scene.state",
        "the simulated scene at the observation; row 0 restores it",
        simulated_only=True,
    ),
    Column(
        "/tandem/sim_state_ns",
        ("scene_ns",),
        "<i8",
        (),
        "ns",
        "when the scene was in that state; -1: not known",
        simulated_only=True,
    ),
    Column(
        "/tandem/stage",
        ("stage",),
        "|u1",
        (),
        "count",
        "stage of the task reached",
        simulated_only=True,
    ),
)

SECOND_STEP: Final = "/tandem/second_step"
COMPRESS_LEN: Final = "/compress_len"
IMAGES: Final = "/observations/images"
EVENT_TIME: Final = "/tandem/events/t_ns"
EVENT_TEXT: Final = "/tandem/events/text"

OTHER_DATASETS: Final = (
    (f"{IMAGES}/<camera>", "(T, L) u1", "bytes", "one JPEG a row, zero padded; chunk (1, L)"),
    (COMPRESS_LEN, "(C, T) f4", "bytes", "length of each JPEG; rows in the order of camera_names"),
    (SECOND_STEP, "(M) i8", "count", "row of this file that each once-a-second row belongs to"),
    (EVENT_TIME, "(E) i8", "ns", "when something happened that the operator was told"),
    (EVENT_TEXT, "(E) string", "", "what happened"),
)
"""Datasets that are not a column: path, shape and type, unit, meaning."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the file's root."""

    name: str
    kind: Literal["bool", "int", "string", "strings"]
    meaning: str
    optional: bool = False


ATTRIBUTES: Final = (
    Attribute("sim", "bool", "recorded on a simulated rig, or on emulated arms"),
    Attribute("compress", "bool", "images are JPEG rows: always true"),
    Attribute("schema_version", "int", "version of this format"),
    Attribute("episode_id", "string", "unique, whatever the file is called later"),
    Attribute("task", "string", "name of the task"),
    Attribute("prompt", "string", "the task in words"),
    Attribute("fps", "int", "steps a second"),
    Attribute("success", "string", "`success`, `failure` or `unlabelled`"),
    Attribute("simulated_time", "bool", "stamps are simulated time, not CLOCK_MONOTONIC"),
    Attribute("recovered", "bool", "made from a journal that its recorder could not finish"),
    Attribute("recovery_note", "string", "what the journal lacked; empty: nothing"),
    Attribute("missing_steps", "int", "steps control took that are not in the file"),
    Attribute("started_utc", "string", "ISO 8601, when the episode began"),
    Attribute("joint_names", "strings", "the joints of the arms that are there, left arm first"),
    Attribute("bus_names", "strings", "their servo buses, leaders first"),
    Attribute("camera_names", "strings", "the row order of /compress_len and the C axis"),
    Attribute("camera_rate_hz", "string", "configured rates, JSON object by camera"),
    Attribute("action_offset", "int", "0: action row t was sent after observation row t"),
    Attribute("effort_unit", "string", "unit of /observations/effort"),
    Attribute("jpeg_quality", "int", "1-100"),
    Attribute("jpeg_subsampling", "string", "chroma: 420, 422 or 444"),
    Attribute("image_color", "string", "`RGB`: standard JPEGs, any decoder shows true colours"),
    Attribute("rig", "string", "name of the rig configuration"),
    Attribute("software", "string", "versions and git revision, JSON"),
    Attribute("servos", "string", "servo models and firmware as found at start"),
    Attribute("scene", "string", "what the simulated rig had on the table", optional=True),
    Attribute("seed", "int", "seed of the simulated scene", optional=True),
    Attribute("quality", "string", "rendering: `fast`, or `high` with shadows", optional=True),
    Attribute("faults", "string", "file of the faults that were scripted", optional=True),
    Attribute(
        "policy", "string", "the policy that led, JSON: checkpoint, execution", optional=True
    ),
    Attribute("camera_kind", "string", "what each camera was, JSON object", optional=True),
    Attribute("arms", "string", "`real`, `simulated`, or `emulated`: no scene", optional=True),
    Attribute(
        "cameras",
        "string",
        "device, serial, firmware, clock, options, what could not be set; JSON by camera",
        optional=True,
    ),
    Attribute("verdict", "string", "quality: `ok`, `warn` or `reject`", optional=True),
    Attribute("findings", "string", "what the verdict rests on, JSON", optional=True),
    Attribute("quality_limits", "string", "what it was judged by, JSON", optional=True),
    Attribute("label_reason", "string", "why the operator called it so", optional=True),
    Attribute("notes", "string", "what the operator wrote about it, a line each", optional=True),
    Attribute("edits", "string", "how it was edited, JSON list, oldest first", optional=True),
    Attribute("first_step", "int", "`/tandem/step` that it was cut to begin with", optional=True),
)


def second_rows(steps: int, rate_hz: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The rows that the once-a-second columns keep."""
    return np.arange(0, steps, rate_hz, dtype=np.int64)


def checksum(jpeg: bytes) -> int:
    """What `/tandem/frame_crc32` holds for an image."""
    return zlib.crc32(jpeg)
