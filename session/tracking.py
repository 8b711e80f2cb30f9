"""How closely an episode that was played back was followed: collected tick by tick, then told."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from teleop.config import write_json
from teleop.joints import DOF, JOINT_NAMES, is_gripper
from teleop.ring import Record
from teleop.track import Track


@dataclass(frozen=True, slots=True)
class JointTracking:
    """One joint against the recording, rad (gripper: share of its way).

    Attributes:
        rms, largest: of the difference, and at which step of the recording it was largest.
        limited: ticks in which a limit changed its command.
    """

    name: str
    rms: float
    largest: float
    largest_at: int
    limited: int


@dataclass(frozen=True, slots=True)
class PlaybackReport:
    """What came of a playback.

    Attributes:
        played, ticks: how many ticks were played, of how many.
        ended_by: why it ended before its end; "": it did not.
        joints: of the arms that there are.
        rms_rad, largest_rad, largest_joint: over all arm joints, without grippers.
        recorded: the outcome that the episode has, "success", "failure" or "unlabelled".
        stage, stages: what the simulated task had come to at the end, and the names of its stages;
            None where no scene was restored.
    """

    episode: str
    played: int
    ticks: int
    ended_by: str
    joints: tuple[JointTracking, ...] = ()
    rms_rad: float | None = None
    largest_rad: float | None = None
    largest_joint: str = ""
    recorded: str = ""
    stage: int | None = None
    stages: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """It came to its end."""
        return self.played >= self.ticks and not self.ended_by

    @property
    def succeeded(self) -> bool | None:
        """The simulated task was done at the end; None: there was none to be judged."""
        return None if self.stage is None else self.stage == len(self.stages) - 1


@dataclass(slots=True)
class Tracking:
    """Compares control's ticks with the recording, as they come."""

    track: Track
    episode: int
    _errors: dict[int, Any] = field(default_factory=dict)
    _limited: Any = field(default_factory=lambda: np.zeros(DOF, np.int64))

    def take_in(self, ticks: Sequence[Record]) -> None:
        """Those of this episode count; each is seen once."""
        for tick in ticks:
            step = int(tick["step"])
            if int(tick["episode"]) == self.episode and 0 <= step < self.track.ticks:
                self._errors[step] = tick["qpos"] - self.track.expected(step)
                self._limited += tick["limited"] != 0

    @property
    def played(self) -> int:
        """How many ticks were seen."""
        return len(self._errors)

    def report(self, **facts: Any) -> PlaybackReport:
        """All that was seen; `facts` are the fields of the report that nobody can see in ticks."""
        steps = sorted(self._errors)
        errors = np.array([self._errors[step] for step in steps]).reshape(-1, DOF)
        joints = tuple(
            self._joint(index, errors[:, index], steps)
            for index in range(DOF)
            if np.isfinite(errors[:, index]).any()
        )
        arms = [joint for joint in joints if not is_gripper(joint.name)]
        worst = max(arms, key=lambda joint: abs(joint.largest), default=None)
        mean_square = sum(joint.rms**2 for joint in arms) / max(len(arms), 1)
        return PlaybackReport(
            played=self.played,
            ticks=self.track.ticks,
            joints=joints,
            rms_rad=math.sqrt(mean_square) if arms else None,
            largest_rad=worst.largest if worst else None,
            largest_joint=worst.name if worst else "",
            **facts,
        )

    def _joint(self, index: int, errors: Any, steps: list[int]) -> JointTracking:
        at = int(np.nanargmax(np.abs(errors)))
        return JointTracking(
            name=JOINT_NAMES[index],
            rms=float(np.sqrt(np.nanmean(errors**2))),
            largest=float(errors[at]),
            largest_at=round(steps[at] * self.track.pace),
            limited=int(self._limited[index]),
        )


def save_report(report: PlaybackReport, path: Path) -> None:
    """Leave it for whoever started the session."""
    write_json(path, asdict(report))
