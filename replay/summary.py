"""What an episode holds, in numbers. Reads the columns once; images are not decoded."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recorder import schema
from recorder.episode_reader import EpisodeReader
from teleop.joints import GRIPPER, JOINT_NAMES
from teleop.tick import Limited

MAX_LAG_TICKS: Final = 25
MOVING_RAD: Final = 0.02
"""A joint that moves less over the whole episode tells nothing about tracking."""
ARM: Final = [index for index, name in enumerate(JOINT_NAMES) if not name.endswith(GRIPPER)]

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class CameraSummary:
    """One camera over an episode.

    Attributes:
        fps: distinct frames a second of capture time; 0 if there are fewer than two.
        mean_bytes: of a JPEG.
    """

    name: str
    width: int
    height: int
    fps: float
    mean_bytes: float
    repeated: int
    stale: int
    missing: int


@dataclass(frozen=True, slots=True)
class JointSummary:
    """Range of a joint's position, rad (gripper 0-1), and how often limits changed its command."""

    name: str
    lowest: float
    highest: float
    limited: dict[str, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """An episode in numbers.

    Attributes:
        seconds: from the first tick to the end of the last.
        lag_ticks: by how much the followers' motion is behind the commands; None if none moved.
        lost, retries: replies in this episode, by bus.
        temperature_degc, voltage_v: lowest and highest of all servos that told one.
    """

    seconds: float
    cameras: tuple[CameraSummary, ...]
    joints: tuple[JointSummary, ...]
    lag_ticks: int | None
    lost: dict[str, int]
    retries: dict[str, int]
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
        joints=_joints(episode),
        lag_ticks=tracking_lag(episode.column("/action"), episode.column("/observations/qpos")),
        lost=_counted(buses, episode.column("/tandem/lost")),
        retries=_counted(buses, episode.column("/tandem/retries")),
        missed_deadlines=int(np.ptp(episode.column("/tandem/missed").astype(np.int64))),
        hardware_errors=int(np.count_nonzero(episode.column("/tandem/hardware_error"))),
        temperature_degc=_range(episode.column("/tandem/temperature_degc")),
        voltage_v=_range(episode.column("/tandem/voltage_v")),
    )


def tracking_lag(action: Array, qpos: Array) -> int | None:
    """Ticks by which `qpos` follows `action`, both (T, 14): where their velocities correlate best.

    Returns:
        None if no arm joint moves, or the episode is too short to tell.
    """
    moving = [joint for joint in ARM if np.ptp(action[:, joint]) > MOVING_RAD]
    command, motion = np.diff(action[:, moving], axis=0), np.diff(qpos[:, moving], axis=0)
    longest = min(MAX_LAG_TICKS, len(command) // 2)
    if not moving or longest < 1:
        return None
    correlations = [
        _correlation(command[: len(command) - lag], motion[lag:]) for lag in range(longest + 1)
    ]
    return int(np.argmax(correlations))


def _correlation(command: Array, motion: Array) -> float:
    scale = float(np.linalg.norm(command) * np.linalg.norm(motion))
    return float((command * motion).sum()) / scale if scale else 0.0


def _camera(episode: EpisodeReader, name: str) -> CameraSummary:
    column = episode.facts.camera_names.index(name)
    numbers = episode.column("/tandem/frame_number")[:, column]
    captures = episode.column("/tandem/frame_capture_ns")[:, column]
    width, height = episode.image_size(name)
    seconds = float(captures.max() - captures[numbers >= 0].min(initial=captures.max())) / 1e9
    distinct = len(np.unique(numbers[numbers >= 0]))
    return CameraSummary(
        name=name,
        width=width,
        height=height,
        fps=(distinct - 1) / seconds if seconds > 0 else 0.0,
        mean_bytes=float(episode.column(schema.COMPRESS_LEN)[column].mean()),
        repeated=int(episode.column("/tandem/frame_repeat")[:, column].sum()),
        stale=int(episode.column("/tandem/frame_stale")[:, column].sum()),
        missing=int(episode.column("/tandem/frame_missing")[:, column].sum()),
    )


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


def _range(values: Array) -> tuple[float, float]:
    told = values[values > 0]
    return (float(told.min()), float(told.max())) if told.size else (0.0, 0.0)
