"""The rig that all episodes of a set come from: LeRobot says once for the whole set what it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from replay.errors import ExportError
from replay.export.exporter import Source
from replay.export.uniform import one

LONGEST_S: Final = 2048
"""Times of frames are single precision: beyond, they are off by more than the 0.1 ms that the
reader of videos tolerates."""


@dataclass(frozen=True, slots=True)
class Rig:
    """What is the same in every episode.

    Attributes:
        fps: steps a second.
        sizes: (width, height) in pixels by camera.
    """

    fps: int
    joint_names: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]]


def rig_of(sources: Sequence[Source]) -> Rig:
    """What these episodes have in common.

    Raises:
        ExportError: there are none, or they differ where they must not.
    """
    if not sources:
        raise ExportError("There are no episodes to export.")
    fps = one(sources, "steps a second", lambda source: source.facts.fps)
    joints = one(sources, "joints", lambda source: source.facts.joint_names)
    one(sources, "cameras or picture sizes", _cameras)
    sizes = dict(sources[0].sizes)
    for camera in sizes:
        if not camera.isidentifier():  # it becomes the name of a folder
            raise ExportError(f"{sources[0].path}: {camera!r} is no name of a camera.")
    return Rig(fps, joints, sizes)


def check_efforts(sources: Sequence[Source]) -> None:
    """See that effort means the same in all.

    Raises:
        ExportError: it does not.
    """
    units = {source.facts.effort_unit: source.path for source in sources}
    if len(units) > 1:
        found = ", ".join(f"{unit} in {path}" for unit, path in units.items())
        raise ExportError(
            f"Effort has several units ({found}): export the episodes apart, or with "
            "--without-velocity-and-effort."
        )


def check_videos(rig: Rig, sources: Sequence[Source]) -> None:
    """See that they fit into H.264 and its reader.

    Raises:
        ExportError: a picture has an odd side, or an episode is too long.
    """
    for camera, (width, height) in rig.sizes.items():
        if width % 2 or height % 2:
            raise ExportError(
                f"{camera} is {width}x{height}, and H.264 takes even sizes only; export with "
                "--images jpeg."
            )
    for source in sources:
        if source.steps > LONGEST_S * rig.fps:
            raise ExportError(
                f"{source.path} is longer than {LONGEST_S} s, beyond which LeRobot cannot tell "
                "the frames of a video apart: trim it, or export with --images jpeg."
            )


def _cameras(source: Source) -> tuple[str, ...]:
    return tuple(
        f"{name} {width}x{height}" for name, (width, height) in sorted(source.sizes.items())
    )
