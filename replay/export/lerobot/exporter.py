"""The LeRobot export as `episodes export` knows it: its options, its plan, and its work."""

import argparse
import importlib.util
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from replay.errors import ExportError
from replay.export.exporter import Entry, Exporter, Plan, Setting, Source
from replay.export.film_bytes import EVERY_OTHER_A_KEY_FRAME
from replay.export.lerobot.features import Features, features
from replay.export.lerobot.places import DATA, EPISODES, INFO, STATISTICS, TASKS, VIDEO, Place
from replay.export.lerobot.rig import check_efforts, check_videos, rig_of
from replay.export.lerobot.sampling import sampled_steps
from replay.export.lerobot.settings import Settings, add_arguments, settings_of
from replay.export.names import numbering_remarks
from replay.progress import Progress

INSTALL: Final = ".venv/bin/pip install -c constraints.txt -e '.[lerobot]'"
ROW_BYTES: Final = 300
"""At most, of an episode's numbers."""
EPISODE_BYTES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LeRobotPlan(Plan):
    """What would be written.

    Attributes:
        features: of the set.
    """

    features: Features


def plan(sources: Sequence[Source], options: argparse.Namespace) -> LeRobotPlan:
    """See that a set can be made of these episodes, and what it takes.

    Raises:
        ExportError: it cannot.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise ExportError(f"The LeRobot export needs pyarrow, which is not installed: {INSTALL}")
    settings, rig = settings_of(options), rig_of(sources)
    if settings.images == "video":
        check_videos(rig, sources)
    if settings.velocity_and_effort:
        check_efforts(sources)
    wanted = features(rig, settings)
    usual, most = _estimates(sources, settings)
    return LeRobotPlan(
        entries=tuple(Entry(source, (), source.steps) for source in sources),
        estimated_bytes=usual,
        most_bytes=most,
        remarks=_remarks(sources, settings),
        settings=_told(settings),
        files=_files(wanted),
        work=_work(sources, wanted),
        features=wanted,
    )


def write(plan: LeRobotPlan, folder: Path, progress: Progress) -> None:
    """Write the set.

    Raises:
        ExportError, EpisodeError, OSError, RuntimeError, MemoryError, ImportError: it cannot be;
            what is there is of no use.
    """
    from pyarrow import ArrowException

    from replay.export.lerobot.dataset import write_dataset  # it needs pyarrow and libav

    sources = [entry.source for entry in plan.entries]
    try:
        write_dataset(sources, plan.features, folder, progress)
    except ArrowException as error:  # e.g. no thread was to be had
        raise RuntimeError(str(error)) from error


def _told(settings: Settings) -> dict[str, Setting]:
    """What makes a difference to the files."""
    idle = ("jobs",) if settings.images == "video" else ("jobs", "crf", "video_mb")
    return {name: value for name, value in asdict(settings).items() if name not in idle}


def _estimates(sources: Sequence[Source], settings: Settings) -> tuple[int, int]:
    """What is usual, and what it may be at most."""
    images = sum(source.image_bytes for source in sources)
    numbers = sum(source.steps * ROW_BYTES + EPISODE_BYTES for source in sources)
    if settings.images == "jpeg":
        return numbers + images, numbers + images
    usual, most = EVERY_OTHER_A_KEY_FRAME.bytes_of(images, settings.crf)
    return numbers + usual, numbers + most


def _remarks(sources: Sequence[Source], settings: Settings) -> tuple[str, ...]:
    remarks = [
        *numbering_remarks(sources),
        "Times are frame number / rate, as LeRobot wants them; when pictures were really taken, "
        "raw leaders and checks stay in the HDF5 files only.",
    ]
    if settings.images == "video":
        remarks.append(f"Pictures are compressed again, as H.264 of crf {settings.crf}.")
    if settings.velocity_and_effort:
        remarks.append(
            "Velocity and effort become inputs of a trained policy; --without-velocity-and-effort "
            "leaves them out."
        )
    return tuple(remarks)


def _files(wanted: Features) -> tuple[str, ...]:
    """Those that every set has: the first of each kind, and what is told of them."""
    first = Place()
    films = wanted.cameras if wanted.settings.images == "video" else ()
    return (
        *(first.name(VIDEO, key) for key in films),
        first.name(DATA),
        first.name(EPISODES),
        TASKS,
        STATISTICS,
        INFO,
    )


def _work(sources: Sequence[Source], wanted: Features) -> int:
    """Pictures that are written, and, where they are not decoded for that, looked at."""
    pictures = sum(source.steps for source in sources)
    if wanted.settings.images == "jpeg":
        pictures += sum(len(sampled_steps(source.steps)) for source in sources)
    return pictures * len(wanted.cameras)


EXPORTER: Final = Exporter(
    name="lerobot",
    what="a LeRobot dataset v3.0: videos and parquet, for LeRobot's training and tools",
    add_arguments=add_arguments,
    plan=plan,
    write=write,
    about=(
        "LeRobotDataset(<any name>, root=<this folder>) of LeRobot 0.4 and later opens it.",
        "Features: observation.state and action (rad, gripper 0-1), observation.velocity and "
        "observation.effort unless left out, observation.images.<camera>; left arm before right.",
    ),
)
