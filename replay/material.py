"""What is shown of an episode, as arrays: its joints over time, and what was found in it where.

The viewer, the traces below a video, and the pages all draw from here.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from recorder.checks.finding import Finding
from recorder.episode.reader import EpisodeReader
from recorder.quality import Judgement
from teleop.gripper import GRIPPERS, Gripper
from teleop.joints import GRIPPER

Floats = npt.NDArray[np.float64]
TRIMMED: Final = "trimmed"
"""What is written where an episode is not all that was recorded (`history.is_trimmed`)."""
Severity = Literal["reject", "warn", "event"]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The joints of an episode: (T, J) each, rad, grippers 0 (closed) to 1 (open).

    Attributes:
        leader: where the leaders were, as the commands they would have been.
        action: the commands that were sent.
        qpos: where the followers were.
        limited: `Limited` flags of each command.
        seconds: (T,) since the first step.
    """

    fps: int
    joint_names: tuple[str, ...]
    seconds: Floats
    leader: Floats
    action: Floats
    qpos: Floats
    limited: npt.NDArray[Any]

    @property
    def steps(self) -> int:
        """T."""
        return len(self.seconds)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something about a stretch of steps, both ends included.

    Attributes:
        kind: of finding, as docs/quality.md has it; "event" for what the operator was told.
        text: a sentence; `advice`: what to do about it, "" for an event.
    """

    first: int
    last: int
    severity: Severity
    kind: str
    text: str
    advice: str = ""


def motion_of(episode: EpisodeReader) -> Motion:
    """The joints of an episode.

    Raises:
        EpisodeError: the file is damaged where they are.
    """
    names = episode.facts.joint_names
    grippers = [column for column, name in enumerate(names) if name.endswith(GRIPPER)]
    action = episode.column("/action").astype(np.float64)
    leader = episode.column("/tandem/leader").astype(np.float64)
    for column in grippers:
        gripper = _gripper(leader[:, column], action[:, column])
        leader[:, column] = gripper.action(leader[:, column])  # type: ignore[arg-type]
    ticks = episode.column("/tandem/tick_ns")
    return Motion(
        fps=episode.facts.fps,
        joint_names=names,
        seconds=(ticks - ticks[:1]) / 1e9,
        leader=leader,
        action=action,
        qpos=episode.column("/observations/qpos").astype(np.float64),
        limited=episode.column("/tandem/limited"),
    )


def _gripper(leader_rad: Floats, action: Floats) -> Gripper:
    """Of the published grippers the one by which this leader's angles become these commands: the
    file does not say which it was."""

    def error(gripper: Gripper) -> float:
        with np.errstate(all="ignore"):  # what a file holds may be any number
            wanted = np.clip(gripper.action(leader_rad), 0, 1)  # type: ignore[arg-type]
            return float(np.nan_to_num(np.abs(wanted - action), nan=1.0).sum())

    return min(GRIPPERS.values(), key=error)


def marks_of(episode: EpisodeReader, judgement: Judgement | None) -> tuple[Mark, ...]:
    """Findings and events on the time line, in its order. A finding about the whole episode is one
    mark from end to end.

    Args:
        judgement: None: nobody could judge.

    Raises:
        EpisodeError: the file is damaged where its events are.
    """
    findings = judgement.findings if judgement else ()
    marks = [mark for finding in findings for mark in _of_finding(finding, episode.steps)]
    ticks = episode.column("/tandem/tick_ns")
    for event in episode.events():
        step = int(np.searchsorted(ticks, event.t_ns, side="right")) - 1
        step = min(max(step, 0), episode.steps - 1)
        marks.append(Mark(step, step, "event", "event", event.text))
    return tuple(sorted(marks, key=lambda mark: (mark.first, mark.last)))


def _of_finding(finding: Finding, steps: int) -> list[Mark]:
    spans = finding.spans or ((0, steps - 1),)
    told = finding.severity, str(finding.check), finding.text, finding.advice
    return [
        Mark(min(max(first, 0), steps - 1), min(max(last, 0), steps - 1), *told)
        for first, last in spans
    ]
