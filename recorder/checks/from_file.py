"""What an episode file holds, as `recorder.quality` takes it."""

import json
import math
from dataclasses import fields
from typing import Any, Final

import numpy as np

from recorder.align import NO_TIME
from recorder.arms import Arms, arms_of
from recorder.checks.streams import Array, Mask, PictureNumbers, Streams
from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from teleop.alarms import sustained_limit
from teleop.joints import JOINT_SERVO_IDS
from teleop.registers import MODELS

_COLUMNS: Final = {column.path.rsplit("/", 1)[-1]: column for column in schema.COLUMNS}
_NEEDED: Final = tuple(each.name for each in fields(Streams) if each.name in _COLUMNS)
_MODELS: Final = {model.name for model in MODELS.values()}
_OF_PICTURES: Final = tuple(each.name for each in fields(PictureNumbers))


def streams_of(episode: EpisodeReader, undecodable: Mask | None = None) -> Streams:
    """The columns of a file, of this version or an older one.

    Args:
        undecodable: (T, C) pictures that are damaged, where somebody has looked.

    Raises:
        EpisodeError: they are damaged, or do not fit together.
    """
    facts, arms = episode.facts, _arms(episode)
    columns: dict[str, Any] = {name: _column(episode, name, arms) for name in _NEEDED}
    if columns["frame_skew_ns"] is None:
        columns["frame_skew_ns"] = _skew_ns(columns["frame_number"], columns["frame_capture_ns"])
    # Of a file that was cut, what lies before is not lost.
    columns["step"] = columns["step"] - (facts.first_step or 0)
    return Streams(
        fps=facts.fps,
        joint_names=facts.joint_names,
        bus_names=facts.bus_names,
        camera_names=facts.camera_names,
        camera_rate_hz=_rates(facts.camera_rate_hz, facts.camera_names),
        effort_limit=_effort_limits(facts.servos, arms),
        second_step=episode.column(schema.SECOND_STEP),
        pictures=_pictures(episode, arms),
        undecodable=undecodable,
        recovery_note=facts.recovery_note if facts.recovered else "",
        **columns,
    )


def _arms(episode: EpisodeReader) -> Arms:
    arms = arms_of(episode.facts.joint_names)
    if arms is None or episode.facts.bus_names != arms.bus_names:
        raise EpisodeError(f"{episode.path}: its joints and buses are those of no arms.")
    return arms


def _pictures(episode: EpisodeReader, arms: Arms) -> PictureNumbers | None:
    numbers = [_column(episode, f"frame_{name}", arms) for name in _OF_PICTURES]
    return None if numbers[0] is None else PictureNumbers(*numbers)


def _column(episode: EpisodeReader, name: str, arms: Arms) -> Any:
    """The column of that name; None where the file's version has none."""
    column, facts = _COLUMNS[name], episode.facts
    if column.since > facts.schema_version:
        return None
    rows = episode.steps
    if column.every == "second":
        rows = len(schema.second_rows(rows, max(facts.fps, 1)))
    expected = column.shape(rows, schema.Layout(len(facts.camera_names), 0, arms))
    if (found := episode.shape(column.path)) != expected:
        raise EpisodeError(f"{episode.path}: {column.path} has shape {found}, not {expected}.")
    return episode.column(column.path)


def _skew_ns(numbers: Array, captures_ns: Array) -> Array:
    """Newest minus oldest capture of each row, as later versions store it."""
    there = numbers >= 0
    limits = np.iinfo(np.int64)
    newest = captures_ns.max(axis=1, initial=limits.min, where=there)
    oldest = captures_ns.min(axis=1, initial=limits.max, where=there)
    return np.where(there.sum(axis=1) > 1, newest - oldest, NO_TIME)


def _rates(text: str, cameras: tuple[str, ...]) -> tuple[float, ...]:
    """Configured rates from their attribute; 0, which is not judged, where it tells none."""
    try:
        rates = json.loads(text)
        return tuple(float(rates.get(camera, 0.0)) for camera in cameras)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return (0.0,) * len(cameras)


def _effort_limits(servos: str, arms: Arms) -> Array:
    """What each joint's servo stands, by the models in their attribute; infinity if unknown."""
    found = [
        _model(servos, f"follower_{side}", servo_id)
        for side in arms.sides
        for servo_id in JOINT_SERVO_IDS
    ]
    return np.array([sustained_limit(name) if name in _MODELS else math.inf for name in found])


def _model(servos: str, bus: str, servo_id: int) -> str:
    """The model of a servo, of the text that control has left; "" if it is not in it."""
    try:
        return str(json.loads(servos)[bus][str(servo_id)]).partition(" firmware")[0]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
