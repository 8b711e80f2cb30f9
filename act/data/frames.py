"""Pictures to learn from: all of them decoded once and kept, or read from the files as needed."""

import math
import os
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Literal, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import torch

from act.config import ModelConfig, Part
from act.data.episode import Episode, EpisodeFile, Kind
from act.errors import DataError
from recorder.errors import EpisodeError
from recorder.pictures.decode import AS_IT_IS, jpeg_size
from recorder.printable import printable

Keep = Literal["auto", "resident", "streamed"]
Image = npt.NDArray[np.uint8]
Progress = Callable[[int, int], object]
"""Is told of how many samples the pictures are decoded, and of how many in all."""
Key = TypeVar("Key")
Made = TypeVar("Made")

SHARE_OF_FREE: Final = 0.65
"""Of memory that pictures may take: the network needs the rest."""
BLOCK: Final = 64
"""Samples decoded at a time."""
SAME_SHAPE: Final = 0.01
"""By which share height over width may be off: what is left of rounding to whole pixels."""
MAX_OPEN: Final = 256
"""Files at a time; a process may usually have 1024."""
REDUCED: Final = {
    factor: getattr(cv2, f"IMREAD_REDUCED_COLOR_{factor}") | cv2.IMREAD_IGNORE_ORIENTATION
    for factor in (2, 4, 8)
}
"""JPEGs can be decoded to a half, a quarter or an eighth in a third of the time. Measured: what
comes out is as near to the picture before JPEG, scaled by area, as what a whole one scaled by area
is (0.15 to 0.63 of 255 off on average, either way)."""


def seen(image: Image, part: Part, size: tuple[int, int]) -> Image:
    """What a policy sees of a picture (H, W, 3): a part of it, at this height and width. Both when
    it learns and when it drives."""
    left, top, width, height = box(part, image.shape[1], image.shape[0])
    cropped = image[top : top + height, left : left + width]
    if cropped.shape[:2] == size:
        return cropped
    height, width = size
    return np.asarray(cv2.resize(cropped, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def box(part: Part, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of a part of a picture of that size, px."""
    left, top, wide, high = part
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    return x, y, max(1, round((left + wide) * width) - x), max(1, round((top + high) * height) - y)


def misfit(model: ModelConfig, camera: str, width: int, height: int) -> str:
    """Why a camera whose pictures have this size, px, is none for a model; "": it is one. Nothing
    is scaled up, nor made wider than it was."""
    *_, wide, high = box(model.parts[camera], width, height)
    by = high / model.image_height, wide / model.image_width
    if min(by) >= 1 and abs(by[0] / by[1] - 1) <= SAME_SHAPE:
        return ""
    given = f"{width}x{height} px" + (f", of which it sees {wide}x{high}" if model.crops else "")
    return f"{given}, and the policy takes {model.image_width}x{model.image_height} px"


def decode(
    stored: bytes, kind: Kind, asked: tuple[int, int], part: Part, size: tuple[int, int]
) -> Image | None:
    """A part of a file's picture, (*size, 3) RGB; None if that is not of the width and height asked
    for."""
    if kind == "pixels":
        whole = len(stored) == asked[0] * asked[1] * 3
        pixels = np.frombuffer(stored, np.uint8)
        return seen(pixels.reshape(asked[1], asked[0], 3), part, size) if whole else None
    if jpeg_size(stored) != asked:  # not decoded: some kB may claim to be a gigabyte
        return None
    left, top, *shape = box(part, *asked)
    flags = (
        flag
        for by, flag in REDUCED.items()
        if shape == [by * size[1], by * size[0]] and not any(px % by for px in (left, top, *asked))
    )
    try:
        image = cv2.imdecode(np.frombuffer(stored, np.uint8), next(flags, AS_IT_IS))
    except cv2.error:
        return None
    if image is None:
        return None
    image = seen(np.asarray(image, np.uint8), part, size)
    return (
        image if kind == "swapped" else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """Which pictures are meant.

    Attributes:
        episode, step: of each sample, (S,).
        parts: what is meant of each camera's pictures.
        size: height and width they are brought to, px.
    """

    episodes: Sequence[Episode]
    episode: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    parts: dict[str, Part]
    size: tuple[int, int]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all pictures: (S, N, H, W, 3)."""
        return (len(self.step), len(self.parts), *self.size, 3)


class Streamed:
    """Pictures decoded by a pool of threads as they are asked for, from files that stay open."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pool = ThreadPoolExecutor(_threads())
        self._open: OrderedDict[Path, EpisodeFile] = OrderedDict()
        self._reading = Lock()  # HDF5 lets one thread read at a time anyway

    def begin(self, indices: torch.Tensor) -> Callable[[], torch.Tensor]:
        """Start to get the pictures of samples (B,). What it returns waits for them: (B, N, H, W,
        3) uint8 RGB, black where an episode has no such camera; or raises a DataError."""
        out = np.zeros((len(indices), *self._plan.shape[1:]), np.uint8)
        begun = [
            self._pool.submit(self._fill, sample, place)
            for sample, place in zip(indices.tolist(), out, strict=True)
        ]

        def wait() -> torch.Tensor:
            for each in begun:
                each.result()
            return torch.from_numpy(out)

        return wait

    def close(self) -> None:
        """Let threads and files go."""
        self._pool.shutdown(cancel_futures=True)
        while self._open:
            self._open.popitem()[1].close()

    def _fill(self, sample: int, out: npt.NDArray[np.uint8]) -> None:
        episode, step = self._plan.episodes[self._plan.episode[sample]], self._plan.step[sample]
        for camera, place in zip(self._plan.parts, out, strict=True):
            if camera in episode.sizes:
                place[:] = self._picture(episode.path, camera, int(step))

    def _picture(self, path: Path, camera: str, step: int) -> Image:
        try:
            with self._reading:
                file = self._file(path)
                stream, stored = file.stream(camera), file.stored(camera, step)
        except EpisodeError as error:
            raise DataError(printable(str(error))) from error
        part = self._plan.parts[camera]
        image = decode(stored, stream.kind, stream.size, part, self._plan.size)
        if image is None:
            where = f"{path}: the image of {camera} at step {step}"
            raise DataError(printable(f"{where} is no picture: `episodes check` says more."))
        return image

    def _file(self, path: Path) -> EpisodeFile:
        file = self._open.pop(path, None) or EpisodeFile(path)
        self._open[path] = file  # at the end: the one that was used last
        if len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)[1].close()
        return file


class Resident:
    """All pictures, decoded once, on a device or in memory.

    Raises:
        DataError: a picture cannot be read.
    """

    def __init__(self, plan: Plan, device: torch.device, progress: Progress) -> None:
        self._pictures = torch.empty(plan.shape, dtype=torch.uint8, device=device)
        streamed, count = Streamed(plan), len(plan.step)
        blocks = (torch.arange(at, min(at + BLOCK, count)) for at in range(0, count, BLOCK))
        try:
            done = 0
            for pictures in ahead(streamed.begin, blocks):
                self._pictures[done : done + len(pictures)] = pictures
                done += len(pictures)
                progress(done, count)
        finally:
            streamed.close()

    def begin(self, indices: torch.Tensor) -> Callable[[], torch.Tensor]:
        """As `Streamed.begin`, but they are there at once, where they lie."""
        rows = self._pictures.flatten(1)  # a selection of rows is a copy; of more axes it crawls
        gathered = rows.index_select(0, indices.to(rows.device))
        return lambda: gathered.view(len(indices), *self._pictures.shape[1:])

    def close(self) -> None:
        """There is nothing to let go."""


def ahead(
    begin: Callable[[Key], Callable[[], Made]], keys: Iterable[Key], count: int = 3
) -> Generator[Made]:
    """What is made of each key, in order; the making of the next `count` has begun by then."""
    begun: deque[Callable[[], Made]] = deque()
    for key in keys:
        begun.append(begin(key))
        if len(begun) > count:
            yield begun.popleft()()
    while begun:
        yield begun.popleft()()


def frames_of(
    plan: Plan, device: torch.device, keep: Keep, progress: Progress
) -> tuple[Resident | Streamed, str]:
    """Where to have the pictures, by the memory that is free, and what that is in words.

    Raises:
        DataError: they must be resident, and there is no room; or a picture cannot be read.
    """
    needed, rooms = math.prod(plan.shape), {device: _room_bytes(device)}
    memory = torch.device("cpu")
    rooms[memory] = _room_bytes(memory)
    pictures = f"{len(plan.step) * len(plan.parts)} pictures ({needed / 1e9:.1f} GB)"
    for place, room in rooms.items():
        if keep != "streamed" and needed <= room:
            where = "in memory" if place == memory else f"on {place}"
            return Resident(plan, place, progress), f"{pictures} lie {where}."
    most = f"{max(rooms.values()) / 1e9:.1f} GB"
    if keep == "resident":
        raise DataError(f"{pictures} do not fit into the {most} of memory that may be taken.")
    why = "" if keep == "streamed" else f": more than the {most} of memory that may be taken"
    return Streamed(plan), f"{pictures} are decoded as they are needed{why}."


def _room_bytes(device: torch.device) -> int:
    """What pictures may take there; processes of one training on one machine share its memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * SHARE_OF_FREE)
    if device.type != "cpu":
        return 0
    return int(_available_bytes() * SHARE_OF_FREE) // _local_processes()


def _available_bytes() -> int:
    """Memory that can be had without swapping: of the machine, or of the container if less."""
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        known = dict(line.split(":", 1) for line in meminfo)
    available = int(known["MemAvailable"].split()[0]) * 1024
    try:
        group = Path("/sys/fs/cgroup")
        limit, used = ((group / name).read_text() for name in ("memory.max", "memory.current"))
        return min(available, int(limit) - int(used))
    except (OSError, ValueError):  # none, or "max"
        return available


def _threads() -> int:
    return max(1, len(os.sched_getaffinity(0)) // _local_processes())


def _local_processes() -> int:
    """Of a training on this machine, as torchrun says."""
    return max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
