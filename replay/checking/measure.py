"""The numbers of an episode that those of a whole dataset are joined from."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recorder.arms import arms_of
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from replay.checking.moments import Moments
from replay.gone import GoneError, opened


@dataclass(frozen=True, slots=True)
class JointMeasure:
    """A joint over an episode; rad, a gripper 0 to 1.

    Attributes:
        start: where it was at the first step.
        limited: steps whose command a limit changed.
    """

    qpos: Moments
    action: Moments
    start: Moments
    limited: int


@dataclass(frozen=True, slots=True)
class CameraMeasure:
    """A camera over an episode.

    Attributes:
        new: steps with a picture of their own: no repeat.
    """

    width: int
    height: int
    new: int


@dataclass(frozen=True, slots=True)
class Measure:
    """An episode.

    Attributes:
        limited: steps at which a limit changed the command of any joint.
        not_finite: numbers among positions and commands that are none.
        joints, cameras: by name.
    """

    steps: int
    limited: int
    not_finite: int
    joints: dict[str, JointMeasure]
    cameras: dict[str, CameraMeasure]


def measure(path: Path) -> Measure:
    """Read what there is to be measured; pictures are not looked at.

    Raises:
        GoneError: it is not there any more.
        EpisodeError: it is no episode, or damaged where that is.
    """
    try:
        with opened(path) as episode:
            return _measure(episode)
    except MemoryError:
        raise EpisodeError(f"{path} claims to hold more than there is memory for.") from None


def measured(path: Path) -> Measure | str | None:
    """The same, or why there is none; None: the file is gone meanwhile."""
    try:
        return measure(path)
    except GoneError:
        return None
    except EpisodeError as error:
        return str(error)


def measure_plain(path: Path) -> dict[str, Any] | str | None:
    """The same, as a worker hands it on."""
    its = measured(path)
    return dataclasses.asdict(its) if isinstance(its, Measure) else its


def from_plain(plain: dict[str, Any]) -> Measure:
    """What `measure_plain` has made."""
    joints = {
        name: JointMeasure(
            qpos=Moments(**each["qpos"]),
            action=Moments(**each["action"]),
            start=Moments(**each["start"]),
            limited=each["limited"],
        )
        for name, each in plain["joints"].items()
    }
    cameras = {name: CameraMeasure(**each) for name, each in plain["cameras"].items()}
    return Measure(**{**plain, "joints": joints, "cameras": cameras})


def _measure(episode: EpisodeReader) -> Measure:
    names, cameras = episode.facts.joint_names, episode.facts.camera_names
    if arms_of(names) is None:
        raise EpisodeError(f"{episode.path}: its joints are those of no arms.")
    qpos, action, limited = (
        _column(episode, path, len(names))
        for path in ("/observations/qpos", "/action", "/tandem/limited")
    )
    repeats = _column(episode, "/tandem/frame_repeat", len(cameras))
    return Measure(
        steps=episode.steps,
        limited=int(limited.any(axis=1).sum()),
        not_finite=int((~np.isfinite(qpos)).sum() + (~np.isfinite(action)).sum()),
        joints={
            name: JointMeasure(its_qpos, its_action, its_start, int(its_limited))
            for name, its_qpos, its_action, its_start, its_limited in zip(
                names,
                Moments.of_columns(qpos),
                Moments.of_columns(action),
                Moments.of_columns(qpos[:1]),
                np.count_nonzero(limited, axis=0),
                strict=True,
            )
        },
        cameras={
            name: CameraMeasure(*episode.image_size(name), int((repeats[:, camera] == 0).sum()))
            for camera, name in enumerate(cameras)
        },
    )


def _column(episode: EpisodeReader, path: str, width: int) -> npt.NDArray[Any]:
    """A column (T, width) of numbers.

    Raises:
        EpisodeError: it is another.
    """
    shape, dtype = episode.shape(path), episode.dtype(path)
    if shape != (episode.steps, width) or dtype.kind not in "fiub":
        raise EpisodeError(
            f"{episode.path}: {path} has shape {shape} of {dtype}, not "
            f"{(episode.steps, width)} of numbers."
        )
    return episode.column(path)
