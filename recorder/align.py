"""Alignment by arrival: which frame belongs to a tick, and what is to be said about it.

Pure. A step takes, of every camera, the newest frame that had arrived by the tick: what a policy
could have used. `repeat` (the same frame as in the last step: the camera is slower than the ticks)
is not `stale` (older than two camera periods: the camera is late or has stalled), and neither is
`missing` (no frame could be had at all).

The pictures of a step belong together. Where the recorder could not take one of them in time, the
step is `dropped`: it keeps its arms and shows, of every camera, the picture of the step before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.cameras.camera import Frame, Record
from recorder.scene import SceneState

STALE_PERIODS: Final = 2
NO_TIME: Final = -1


@dataclass(frozen=True, slots=True)
class AlignedFrame:
    """What one camera contributes to a step.

    Attributes:
        frame: None if the camera has given nothing since the episode began.
        age_ns: tick minus capture; NO_TIME without a frame.
        repeat: the same frame as in the step before.
        stale: older than two camera periods, or no frame at all.
        missing: the camera could give no frame; the last one stands in, if there was one.
    """

    frame: Frame | None
    age_ns: int
    repeat: bool
    stale: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an episode: the tick (TICK_DTYPE), and the cameras' frames in their order.

    Attributes:
        dropped: the recorder could not take its pictures; those of the step before stand in.
    """

    tick: Record
    frames: tuple[AlignedFrame, ...]
    scene: SceneState | None = None
    dropped: bool = False

    @property
    def skew_ns(self) -> int:
        """Newest minus oldest capture; NO_TIME if fewer than two cameras have a picture."""
        captures = [each.frame.capture_ns for each in self.frames if each.frame is not None]
        return max(captures) - min(captures) if len(captures) > 1 else NO_TIME


def align(
    tick: Record,
    frames: Sequence[Frame | None],
    periods_ns: Sequence[int],
    last: Step | None,
    scene: SceneState | None = None,
    *,
    dropped: bool = False,
) -> Step:
    """The step of a tick.

    Args:
        frames: per camera the newest that had arrived by the tick; None if there was none yet, or
            if it came and is gone (then the whole step is dropped).
        periods_ns: per camera the configured time between frames.
        last: the step before in the same episode; None at its first.
        dropped: its pictures cannot be taken, whatever `frames` are.
    """
    before = last.frames if last else (None,) * len(frames)
    dropped = dropped or any(
        frame is None and previous is not None and previous.frame is not None
        for frame, previous in zip(frames, before, strict=True)
    )
    aligned = tuple(
        align_frame(int(tick["t_ns"]), None if dropped else frame, period_ns, previous)
        for frame, period_ns, previous in zip(frames, periods_ns, before, strict=True)
    )
    return Step(tick, aligned, scene, dropped)


def align_frame(
    t_ns: int, frame: Frame | None, period_ns: int, last: AlignedFrame | None
) -> AlignedFrame:
    """What one camera contributes to the step at `t_ns`."""
    last_frame = last.frame if last else None
    missing = frame is None
    frame = frame or last_frame
    if frame is None:
        return AlignedFrame(None, NO_TIME, repeat=False, stale=True, missing=True)
    age_ns = t_ns - frame.capture_ns
    return AlignedFrame(
        frame,
        age_ns,
        repeat=last_frame is not None and last_frame.number == frame.number,
        stale=age_ns > STALE_PERIODS * period_ns,
        missing=missing,
    )
