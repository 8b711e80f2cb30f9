"""The numbers of a dataset, joined from those of its episodes."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from replay.checking.measure import CameraMeasure, Measure
from replay.checking.moments import Moments
from replay.index.row import Row

NONE: Final = "none"
"""The verdict of a file that is older than the quality checks."""


@dataclass(slots=True)
class JointStats:
    """A joint over all episodes; rad, a gripper 0 to 1."""

    qpos: Moments = field(default_factory=Moments)
    action: Moments = field(default_factory=Moments)
    start: Moments = field(default_factory=Moments)
    steps: int = 0
    limited: int = 0


@dataclass(slots=True)
class CameraStats:
    """A camera of one size over all episodes.

    Attributes:
        new: steps with a picture of their own.
        seconds: of demonstration.
    """

    episodes: int = 0
    new: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Stats:
    """The episodes of a folder.

    Attributes:
        lengths_s, lengths: of each episode, in seconds and steps.
        errors: why episodes could not be read or measured; they count nowhere else.
        gone: those that were not there any more; nor do they.
        limited: steps at which a limit changed the command of any joint.
        not_finite: numbers among positions and commands that are none.
    """

    folder: Path
    lengths_s: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    size_bytes: int = 0
    recovered: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    rates: Counter[int] = field(default_factory=Counter)
    limited: int = 0
    not_finite: int = 0
    joints: dict[str, JointStats] = field(default_factory=dict)
    cameras: dict[tuple[str, int, int], CameraStats] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    gone: list[Path] = field(default_factory=list)

    def add(self, row: Row, its: Measure) -> None:
        """Count an episode in."""
        facts = row.facts
        self.lengths.append(its.steps)
        self.lengths_s.append(facts.seconds)
        self.size_bytes += row.size_bytes
        self.recovered += facts.recovered
        self.labels[facts.success] += 1
        self.verdicts[facts.verdict or NONE] += 1
        self.rates[facts.fps] += 1
        self.limited += its.limited
        self.not_finite += its.not_finite
        for name, joint in its.joints.items():
            total = self.joints.setdefault(name, JointStats())
            total.qpos = total.qpos.joined(joint.qpos)
            total.action = total.action.joined(joint.action)
            total.start = total.start.joined(joint.start)
            total.limited += joint.limited
            total.steps += its.steps
        for name, camera in its.cameras.items():
            self._add_camera(name, camera, facts.seconds)

    def _add_camera(self, name: str, camera: CameraMeasure, seconds: float) -> None:
        total = self.cameras.setdefault((name, camera.width, camera.height), CameraStats())
        total.episodes += 1
        total.new += camera.new
        total.seconds += seconds
