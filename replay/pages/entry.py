"""What the index says of an episode: small, so that a thousand of them fit in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from recorder.episode.history import is_trimmed
from recorder.episode.reader import EpisodeReader
from recorder.printable import printable
from replay.inspect.checked import Checked
from replay.material import Motion

VERDICTS: Final = ("ok", "warn", "reject", "unsound", "unusable", "gone")
LABELS: Final = ("success", "failure", "unlabelled")
"""The words for what was found in a file (`Checked.word`), and for whether the task was done."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an episode stands in a report.

    Attributes:
        name: of its page and its pictures, without ending; unique in the report.
        title: what people call it.
    """

    path: Path
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Poses:
    """Where an episode's followers were, rad (gripper 0-1), a number a joint: at its first step,
    and the least and the most of all of it."""

    joint_names: tuple[str, ...]
    start: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What an episode says of itself.

    Attributes:
        label: `success`, `failure` or `unlabelled`; `reason`: why, "": nobody said.
        ending: the last thing the operator was told in it; "": nothing.
        poses: None: too damaged.
        picture: has a thumbnail.
        trimmed: it is not all that was recorded.
    """

    task: str
    arms_kind: str
    label: str
    reason: str
    started_utc: str
    seconds: float
    steps: int
    size_bytes: int
    ending: str
    poses: Poses | None
    picture: bool
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An episode in the index; `about` is None for a file that cannot be used."""

    place: Place
    checked: Checked
    about: About | None = None


def told(place: Place, sentence: str) -> str:
    """What was said of a file, with its name where its whole path stands."""
    return sentence.replace(str(place.path), place.path.name)


def places(paths: Sequence[Path]) -> list[Place]:
    """A name for the page of each: its own, with its folder's where that is not enough."""
    folders = {path.absolute().parent for path in paths}
    taken: set[str] = set()
    found = []
    for path in paths:
        title = path.stem if len(folders) == 1 else f"{path.absolute().parent.name}/{path.stem}"
        name = _unique(_plain(title), taken)
        taken.add(name.lower())  # some disks do not tell small letters from large ones
        found.append(Place(path, name, printable(title)))
    return found


def about(episode: EpisodeReader, motion: Motion | None, ending: str, *, picture: bool) -> About:
    """What is to be said of it."""
    facts = episode.facts
    return About(
        task=facts.task,
        arms_kind=facts.arms_kind,
        label=facts.success if facts.success in LABELS else "unlabelled",
        reason=facts.label_reason or "",
        started_utc=facts.started_utc,
        seconds=episode.steps / facts.fps if facts.fps > 0 else 0.0,
        steps=episode.steps,
        size_bytes=episode.size_bytes,
        ending=ending,
        poses=_poses(motion) if motion else None,
        picture=picture,
        trimmed=is_trimmed(episode.path, facts.edits),
    )


def _poses(motion: Motion) -> Poses | None:
    if not motion.steps or not np.isfinite(motion.qpos).all():
        return None
    return Poses(
        motion.joint_names,
        tuple(motion.qpos[0].tolist()),
        tuple(motion.qpos.min(axis=0).tolist()),
        tuple(motion.qpos.max(axis=0).tolist()),
    )


def _plain(name: str) -> str:
    """Letters and digits that any file system and any link takes as they are."""
    plain = "".join(each if each.isascii() and each.isalnum() else "_" for each in name)
    return plain[:60] or "episode"


def _unique(name: str, taken: set[str]) -> str:
    count, found = 1, name
    while found.lower() in taken:
        count += 1
        found = f"{name}-{count}"
    return found
