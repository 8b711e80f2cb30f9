"""What an episode holds, in numbers. Reads the columns once; images are not decoded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recorder.checks.tracking import lag_ticks
from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from teleop.tick import Limited, Realtime, Stage

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class CameraSummary:
    """One camera over an episode.

    Attributes:
        fps: distinct frames a second of capture time; 0 if there are fewer than two.
        mean_bytes: of a JPEG.
        age_ms, oldest_ms: of its pictures at their ticks, median and most; None without a picture.
    """

    name: str
    width: int
    height: int
    fps: float
    mean_bytes: float
    repeated: int
    stale: int
    missing: int
    age_ms: float | None
    oldest_ms: float | None


@dataclass(frozen=True, slots=True)
class JointSummary:
    """Range of a joint's position, rad (gripper 0-1), and how often limits changed its command."""

    name: str
    lowest: float
    highest: float
    limited: dict[str, int]


@dataclass(frozen=True, slots=True)
class Timing:
    """How control kept its time over an episode, in ms.

    Attributes:
        late_p99_ms, late_worst_ms: ticks behind their deadlines.
        stages_ms: the median of each Stage.
        granted: what the system granted control; None if the file is too old to tell.
    """

    late_p99_ms: float
    late_worst_ms: float
    stages_ms: dict[str, float]
    granted: Realtime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """An episode in numbers.

    Attributes:
        seconds: from the first tick to the end of the last.
        lag_ticks: by how much the followers' motion is behind the commands; None if none moved.
        lost, retries: replies in this episode, by bus.
        rejected: readings in this episode that were not believed, by bus.
        unplugged: steps without the bus, by bus.
        skew_ms, worst_skew_ms: between the cameras' pictures of a step, median and most; None for
            fewer than two cameras, and in files that are too old to tell.
        dropped: steps without pictures of their own, because the recorder was behind.
        timing: None in simulated time, where nothing can be late.
        temperature_degc, voltage_v: lowest and highest of all servos that told one.
    """

    seconds: float
    cameras: tuple[CameraSummary, ...]
    skew_ms: float | None
    worst_skew_ms: float | None
    dropped: int
    joints: tuple[JointSummary, ...]
    lag_ticks: int | None
    lost: dict[str, int]
    retries: dict[str, int]
    rejected: dict[str, int]
    unplugged: dict[str, int]
    timing: Timing | None
    missed_deadlines: int
    hardware_errors: int
    temperature_degc: tuple[float, float]
    voltage_v: tuple[float, float]


def summarise(episode: EpisodeReader) -> Summary:
    """The numbers of an episode.

    Raises:
        EpisodeError: the file is damaged where they are.
    """
    ticks = episode.column("/tandem/tick_ns")
    buses = episode.facts.bus_names
    return Summary(
        seconds=float(ticks[-1] - ticks[0]) / 1e9 + 1 / episode.facts.fps,
        cameras=tuple(_camera(episode, name) for name in episode.facts.camera_names),
        **_skew(episode),
        dropped=int(_newer(episode, "/tandem/frame_dropped", like="/tandem/step").sum()),
        joints=_joints(episode),
        lag_ticks=lag_ticks(episode.column("/action"), episode.column("/observations/qpos")),
        lost=_counted(buses, episode.column("/tandem/lost")),
        retries=_counted(buses, episode.column("/tandem/retries")),
        rejected=_counted(buses, _newer(episode, "/tandem/rejected", like="/tandem/lost")),
        unplugged=_unplugged(buses, episode),
        timing=None if episode.facts.simulated_time else _timing(episode),
        missed_deadlines=int(np.ptp(episode.column("/tandem/missed").astype(np.int64))),
        hardware_errors=int(np.count_nonzero(episode.column("/tandem/hardware_error"))),
        temperature_degc=_range(episode.column("/tandem/temperature_degc")),
        voltage_v=_range(episode.column("/tandem/voltage_v")),
    )


def _camera(episode: EpisodeReader, name: str) -> CameraSummary:
    column = episode.facts.camera_names.index(name)
    numbers = episode.column("/tandem/frame_number")[:, column]
    captures = episode.column("/tandem/frame_capture_ns")[:, column]
    width, height = episode.image_size(name)
    seconds = float(captures.max() - captures[numbers >= 0].min(initial=captures.max())) / 1e9
    distinct = len(np.unique(numbers[numbers >= 0]))
    ages = _ages_ms(episode.column("/tandem/tick_ns"), captures, numbers >= 0)
    return CameraSummary(
        name=name,
        width=width,
        height=height,
        fps=(distinct - 1) / seconds if seconds > 0 else 0.0,
        mean_bytes=float(episode.column(schema.COMPRESS_LEN)[column].mean()),
        repeated=int(episode.column("/tandem/frame_repeat")[:, column].sum()),
        stale=int(episode.column("/tandem/frame_stale")[:, column].sum()),
        missing=int(episode.column("/tandem/frame_missing")[:, column].sum()),
        age_ms=ages[0],
        oldest_ms=ages[1],
    )


def _ages_ms(ticks: Array, captures: Array, seen: Array) -> tuple[float | None, float | None]:
    """Median and most; in files of any version."""
    if not seen.any():
        return None, None
    ages = (ticks - captures)[seen] / 1e6
    return float(np.median(ages)), float(ages.max())


def _skew(episode: EpisodeReader) -> dict[str, float | None]:
    skews = _newer(episode, "/tandem/frame_skew_ns", like="/tandem/step", fill=-1)
    known = skews[skews >= 0] / 1e6
    if not known.size:
        return {"skew_ms": None, "worst_skew_ms": None}
    return {"skew_ms": float(np.median(known)), "worst_skew_ms": float(known.max())}


def _joints(episode: EpisodeReader) -> tuple[JointSummary, ...]:
    qpos, limited = episode.column("/observations/qpos"), episode.column("/tandem/limited")
    return tuple(
        JointSummary(
            name=name,
            lowest=float(qpos[:, joint].min()),
            highest=float(qpos[:, joint].max()),
            limited=_limits(limited[:, joint]),
        )
        for joint, name in enumerate(episode.facts.joint_names)
    )


def _limits(flags: Array) -> dict[str, int]:
    counts = {
        limit.name.lower().replace("_", " "): int(np.count_nonzero(flags & limit))
        for limit in Limited
        if limit.name
    }
    return {name: count for name, count in counts.items() if count}


def _counted(buses: tuple[str, ...], counters: Array) -> dict[str, int]:
    """What counters that run since control's start have counted in this episode."""
    differences = counters[-1].astype(np.int64) - counters[0]
    return {bus: int(count) for bus, count in zip(buses, differences, strict=True) if count}


def _newer(episode: EpisodeReader, path: str, *, like: str, fill: int = 0) -> Array:
    """A column, or `fill` in the shape of another in a file of before there was that column."""
    column = next(column for column in schema.COLUMNS if column.path == path)
    if column.since > episode.facts.schema_version:
        return np.full(episode.shape(like), fill, column.dtype)
    return episode.column(path)


def _unplugged(buses: tuple[str, ...], episode: EpisodeReader) -> dict[str, int]:
    connected = _newer(episode, "/tandem/connected", like="/tandem/bus_ok", fill=1)
    steps = np.count_nonzero(connected == 0, axis=0)
    return {bus: int(count) for bus, count in zip(buses, steps, strict=True) if count}


def _timing(episode: EpisodeReader) -> Timing:
    late_ms = (episode.column("/tandem/tick_ns") - episode.column("/tandem/deadline_ns")) / 1e6
    stages_ms = np.median(episode.column("/tandem/stage_ns"), axis=0) / 1e6
    granted = None
    if episode.facts.schema_version > 1:
        granted = Realtime(int(episode.column("/tandem/realtime")[-1]))
    return Timing(
        late_p99_ms=float(np.percentile(late_ms, 99)),
        late_worst_ms=float(late_ms.max()),
        stages_ms={stage.name.lower(): float(stages_ms[stage]) for stage in Stage},
        granted=granted,
    )


def _range(values: Array) -> tuple[float, float]:
    told = values[values > 0]
    return (float(told.min()), float(told.max())) if told.size else (0.0, 0.0)
