"""Which episodes are learned from: those of files and folders that somebody names, by task."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from act.config import WHOLE, Part
from act.data.episode import Episode, read_episode
from act.data.frames import box
from act.errors import DataError
from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import number_of
from recorder.printable import printable
from session.paths import datasets_dir

Labels = Literal["auto", "success", "all"]
"""`auto`: the successes of a task, or all its episodes where nobody has labelled any."""
Missing = Literal["error", "intersect", "mask"]
"""What to do where an episode lacks a camera: refuse, leave the camera out, or mask its tokens."""


@dataclass(frozen=True, slots=True)
class Found:
    """Episodes by task, in the order of their numbers; and what was left out, a sentence each."""

    tasks: dict[str, list[Episode]]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class Common:
    """What the episodes of one training have in common.

    Attributes:
        size: height and width of the smallest pictures, or parts of them, px.
    """

    cameras: tuple[str, ...]
    size: tuple[int, int]
    state_dim: int
    action_dim: int
    fps: int
    joint_names: tuple[str, ...]


def find_episodes(names: Sequence[Path], labels: Labels = "auto") -> Found:
    """The episodes of files and folders (and those in them), which are here or under `datasets/`.
    Hidden ones, such as the trash, are left out, and so is a file in a folder that cannot be read.

    Raises:
        DataError: a name leads nowhere, a file that was named cannot be read, or nothing is left.
    """
    episodes: dict[str, Episode] = {}
    remarks: list[str] = []
    for path, was_named in _files(names):
        try:
            episode = read_episode(path)
        except DataError as error:
            if was_named:
                raise
            remarks.append(f"Left out: {error}")
            continue
        first = episodes.setdefault(episode.identity, episode)
        if first is not episode:
            remarks.append(printable(f"Left out: {path} is {first.path} once more."))
    tasks: dict[str, list[Episode]] = {}
    for episode in episodes.values():
        tasks.setdefault(episode.task, []).append(episode)
    chosen = {task: _labelled(task, every, labels, remarks) for task, every in tasks.items()}
    if not any(chosen.values()):
        where = ", ".join(map(str, names))
        why = f" {remarks[0]}" if remarks else ""
        raise DataError(printable(f"There is no episode to learn from in {where}.{why}"))
    return Found({task: every for task, every in sorted(chosen.items()) if every}, remarks)


def common(
    episodes: Sequence[Episode],
    cameras: Sequence[str] | None = None,
    missing: Missing = "error",
    crops: Mapping[str, Part] | None = None,
) -> Common:
    """What a policy that learns from these episodes gets to see, and says.

    Args:
        cameras: None: all that there are.
        crops: of cameras of whose pictures only a part is looked at.

    Raises:
        DataError: there is none; joints or rates differ; a camera is missing, or none is left.
    """
    if not episodes:
        raise DataError("There is no episode to learn from.")
    first = episodes[0]
    for each in episodes[1:]:
        if difference := _difference(first, each):
            raise DataError(printable(f"{each.path} has {difference} of {first.path}."))
    known = list(dict.fromkeys(name for each in episodes for name in each.sizes))
    if unknown := [name for name in cameras or () if name not in known]:
        there = f"no episode has a camera {unknown[0]!r}; there are: {', '.join(known)}."
        raise DataError(printable(f"{first.path.parent}: {there}"))
    chosen = list(dict.fromkeys(cameras)) if cameras else known
    lacking = {name: each for each in episodes for name in chosen if name not in each.sizes}
    if lacking and missing == "error":
        name, episode = next(iter(lacking.items()))
        told = f"{episode.path} has no camera {name!r}, which others have: give --cameras"
        raise DataError(printable(f"{told}, or --missing-cameras intersect or mask."))
    if missing == "intersect":
        chosen = [name for name in chosen if name not in lacking]
    if not chosen:
        raise DataError(printable(f"{first.path.parent}: there is no camera that all have."))
    parts = {name: (crops or {}).get(name, WHOLE) for name in chosen}
    boxes = [
        box(part, *each.sizes[name])
        for each in episodes
        for name, part in parts.items()
        if name in each.sizes
    ]
    *_, width, height = min(boxes, key=lambda it: it[2] * it[3])
    dims = first.qpos.shape[1], first.action.shape[1]
    return Common(tuple(chosen), (height, width), *dims, first.fps, first.joint_names)


def _difference(one: Episode, other: Episode) -> str:
    """What the other has instead; empty: they may be learned from together."""
    shapes = [(each.qpos.shape[1], each.action.shape[1]) for each in (one, other)]
    if shapes[0] != shapes[1]:
        return "{} joints and {} actions, not the {} and {}".format(*shapes[1], *shapes[0])
    if one.joint_names and other.joint_names and one.joint_names != other.joint_names:
        return "other joints than those"
    if one.fps and other.fps and one.fps != other.fps:
        return f"{other.fps} steps a second, not the {one.fps}"
    return ""


def _labelled(
    task: str, episodes: list[Episode], labels: Labels, remarks: list[str]
) -> list[Episode]:
    counts = Counter(each.label for each in episodes)
    if labels == "all" or set(counts) == {"success"}:
        return episodes
    if labels == "auto" and set(counts) == {"unlabelled"}:
        remarks.append(printable(f"{task}: nothing is labelled: all {len(episodes)} are taken."))
        return episodes
    taken = [each for each in episodes if each.label == "success"]
    others = ", ".join(f"{label} {n}" for label, n in counts.items() if label != "success")
    told = f"{task}: {len(taken)} of {len(episodes)} episodes are successes, and taken"
    remarks.append(printable(f"{told}; left out: {others} (--success all takes all)."))
    return taken


def _files(names: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was named itself."""
    seen: set[str] = set()
    for name in names:
        path = name if os.path.exists(name) else datasets_dir() / name
        if not os.path.exists(path):
            raise DataError(printable(f"{name} does not exist, nor does it under datasets/."))
        for file in _below(path) if path.is_dir() else [path]:
            if (real := os.path.realpath(file)) not in seen:
                seen.add(real)
                yield file, file is path


def _below(folder: Path) -> Iterator[Path]:
    """The files in a folder and those in it, but for hidden ones, by number."""
    seen: set[str] = set()
    for place, inner, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        inner[:] = [] if real in seen else sorted(name for name in inner if name[0] != ".")
        if real not in seen:
            found = [Path(place, name) for name in files if name[0] != "."]
            yield from sorted((file for file in found if file.suffix == SUFFIX), key=_by_number)
        seen.add(real)


def _by_number(path: Path) -> tuple[float, str]:
    number = number_of(path)
    return float("inf") if number is None else number, path.name
