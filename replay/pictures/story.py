"""What is drawn of an episode besides its pictures, as far as the file can tell it."""

from dataclasses import dataclass
from typing import Final

from recorder import quality
from recorder.checks.from_file import streams_of
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.judge import limits_of
from recorder.quality import Judgement
from replay.errors import PictureError
from replay.material import Mark, Motion, marks_of, motion_of

MAX_FPS: Final = 1000
MAX_CAMERAS: Final = 32
"""More than any rig has: a damaged file may name thousands."""
IMPOSSIBLE: Final = (EpisodeError, ArithmeticError, LookupError, ValueError, TypeError)
"""What numbers that cannot be lead to."""


@dataclass(frozen=True, slots=True)
class Story:
    """What is told below the pictures.

    Attributes:
        motion: None where the file is too damaged for it.
        marks: findings and events.
        verdict: `ok`, `warn`, `reject`, or "not judged".
    """

    motion: Motion | None
    marks: tuple[Mark, ...]
    verdict: str


def check_drawable(episode: EpisodeReader) -> None:
    """It has what every picture needs: steps, a rate, a camera.

    Raises:
        PictureError: it has not.
    """
    facts = episode.facts
    lacking = {
        "no step": episode.steps < 1,
        f"a rate of {facts.fps} Hz": not 1 <= facts.fps <= MAX_FPS,
        "no camera": not facts.camera_names,
        f"more than {MAX_CAMERAS} cameras": len(facts.camera_names) > MAX_CAMERAS,
    }
    for what, lacks in lacking.items():
        if lacks:
            raise PictureError(f"{episode.path} cannot be drawn: it has {what}.")


def story_of(episode: EpisodeReader, judgement: Judgement | None = None) -> Story:
    """What can be told of an episode, however damaged.

    Args:
        judgement: None: the checks are run here, without a look at the pictures.
    """
    judgement = judgement or _judged(episode)
    verdict = judgement.verdict if judgement else "not judged"
    return Story(_motion(episode), _marks(episode, judgement), verdict)


def _judged(episode: EpisodeReader) -> Judgement | None:
    try:
        return quality.judge(streams_of(episode, None), limits_of(episode))
    except IMPOSSIBLE:
        return None


def _motion(episode: EpisodeReader) -> Motion | None:
    try:
        motion = motion_of(episode)
    except IMPOSSIBLE:
        return None
    shape = (episode.steps, len(motion.joint_names))
    columns = motion.leader, motion.action, motion.qpos, motion.limited
    return motion if all(column.shape == shape for column in columns) else None


def _marks(episode: EpisodeReader, judgement: Judgement | None) -> tuple[Mark, ...]:
    try:
        return marks_of(episode, judgement)
    except IMPOSSIBLE:
        return ()
