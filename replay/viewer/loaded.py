"""An episode as far as it can be shown: what cannot be read says why, and the rest is there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.errors import EpisodeError
from replay.inspect.checked import Checked
from replay.material import Mark, Motion, marks_of, motion_of
from replay.viewer.flags import Flags, flags_of
from replay.viewer.timeline import Timeline, timeline_of

Part = TypeVar("Part")
UNREADABLE: Final = (EpisodeError, ArithmeticError, LookupError, ValueError, TypeError)
"""What damaged columns come to, in whoever makes sense of them."""
FORMAT: Final = "format"
"""The kind of mark that a fault against the format is."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """One episode.

    Attributes:
        fault: why nothing of it can be shown; "": something can.
        faults: why motion ("joints"), marks, flags ("cameras") or stages are missing, by name.
        word: the verdict, as `Checked.word`, or "not checked".
        stages: (T,) stage of the simulated task.
        checksums: (T, C) of the JPEGs.
    """

    path: Path
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    word: str = "not checked"
    reader: EpisodeReader | None = None
    facts: EpisodeFacts | None = None
    timeline: Timeline = field(default_factory=Timeline)
    motion: Motion | None = None
    marks: tuple[Mark, ...] = ()
    flags: Flags | None = None
    stages: npt.NDArray[Any] | None = None
    checksums: npt.NDArray[Any] | None = None

    @property
    def cameras(self) -> tuple[str, ...]:
        """Their names."""
        return self.facts.camera_names if self.facts and not self.fault else ()

    @property
    def joints(self) -> tuple[str, ...]:
        """Their names; none where their columns cannot be read."""
        return self.motion.joint_names if self.motion else ()

    def close(self) -> None:
        """Let the file go."""
        if self.reader is not None:
            self.reader.close()


def load(path: Path, checked: Checked | None) -> Loaded:
    """Open an episode and read all but its pictures. Raises nothing."""
    word = checked.word if checked else "not checked"
    try:
        reader = EpisodeReader(path)
    except EpisodeError as error:
        return Loaded(path, fault=str(error), word=word)
    if reader.steps < 1:
        fault = f"{path} has no steps."
        return Loaded(path, fault=fault, word=word, reader=reader, facts=reader.facts)
    faults: dict[str, str] = {}

    def part(name: str, read: Callable[[], Part]) -> Part | None:
        try:
            with np.errstate(all="ignore"):  # a file may hold any numbers
                return read()
        except UNREADABLE as error:
            faults[name] = str(error)
            return None

    motion = part("joints", lambda: _motion(reader))
    seconds = motion.seconds if motion else part("time", lambda: _seconds(reader))
    marks = part("marks", lambda: marks_of(reader, checked.judgement if checked else None))
    stages = part("stages", lambda: _stages(reader))
    return Loaded(
        path,
        faults=faults,
        word=word,
        reader=reader,
        facts=reader.facts,
        timeline=timeline_of(reader.steps, reader.facts.fps, seconds),
        motion=motion,
        marks=(*_format_marks(checked, reader.steps), *(marks or ())),
        flags=part("cameras", lambda: flags_of(reader)),
        stages=stages,
        checksums=part("checksums", lambda: _checksums(reader)),
    )


def _motion(reader: EpisodeReader) -> Motion:
    motion = motion_of(reader)
    shape = reader.steps, len(motion.joint_names)
    arrays = motion.leader, motion.action, motion.qpos, motion.limited
    if not shape[1] or any(each.shape != shape for each in arrays) or motion.steps != shape[0]:
        raise EpisodeError(f"{reader.path}: its joints are not all {shape}.")
    return motion


def _seconds(reader: EpisodeReader) -> npt.NDArray[np.float64]:
    ticks = reader.column("/tandem/tick_ns")
    return np.asarray((ticks - ticks[:1]) / 1e9, np.float64)


def _stages(reader: EpisodeReader) -> npt.NDArray[Any] | None:
    """None: there is no simulated scene."""
    if reader.facts.scene is None:
        return None
    stages = reader.column("/tandem/stage")
    if stages.shape != (reader.steps,):
        raise EpisodeError(f"{reader.path}: its stages are not ({reader.steps},).")
    return stages


def _checksums(reader: EpisodeReader) -> npt.NDArray[Any]:
    sums = reader.column("/tandem/frame_crc32")
    if sums.shape != (reader.steps, len(reader.facts.camera_names)):
        raise EpisodeError(f"{reader.path}: its checksums are not one a picture.")
    return sums


def _format_marks(checked: Checked | None, steps: int) -> tuple[Mark, ...]:
    """Faults against the format are about the whole file."""
    faults = checked.faults if checked else ()
    return tuple(
        Mark(0, steps - 1, "reject", FORMAT, fault, "Keep the file, and do not learn from it.")
        for fault in faults
    )
