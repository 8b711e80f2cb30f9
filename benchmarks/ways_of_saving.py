"""How others save an episode, to be compared with. A process of its own, which records one.

    python benchmarks/ways_of_saving.py WAY STEPS FOLDER

Four pattern cameras at 640x480 and made-up joints, a step every 20 ms. WAY:

- `nothing`: the pictures are made and dropped: what all the others pay besides
- `aloha`: as tonyzhaozh/aloha publishes it. Pictures stay in memory; after the episode they go
  into an HDF5 file uncompressed, a picture a chunk
- `mobile-aloha`: as MarkFzp/mobile-aloha publishes it. Pictures stay in memory; after the episode
  they become JPEGs of quality 50, padded to the longest, in an HDF5 file
- `lerobot`, `lerobot-streaming`: LeRobot's own, with what it does by default, or with its encoding
  while it records. For a Python that has it (`benchmarks/recorder_peers.py` says how)

Written anew from what these projects do; nothing of theirs is copied. Like theirs, the loop sleeps
for what is left of a period, and a step that took longer moves all that follow. What they have
written when they stop may still be in the kernel's memory: none of them syncs, as ours does.
Prints one JSON object.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from recorder.cameras.pattern import PatternCamera
from recorder.config import CameraConfig

CAMERAS = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
WIDTH, HEIGHT, JOINTS = 640, 480, 14
PERIOD_S = 0.02
MOBILE_QUALITY = 50
CHUNK_CACHE_BYTES = 2 << 20
Pictures = dict[str, np.ndarray]


class Way(Protocol):
    """One way of saving."""

    @property
    def dropped(self) -> int:
        """Frames that are not in the file."""
        ...

    @property
    def version(self) -> str:
        """Of the software, where it is somebody else's."""
        ...

    def add(self, pictures: Pictures, joints: np.ndarray) -> None:
        """A step: (480, 640, 3) uint8 a camera, and (14,) float32."""
        ...

    def save(self) -> None:
        """What is done when the operator has stopped; the files can be read afterwards."""
        ...


def main() -> None:
    """Record one episode, and print what it cost."""
    how, steps, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    way = WAYS[how](folder)
    cameras = [PatternCamera(CameraConfig(name, "pattern")) for name in CAMERAS]
    cv2.setNumThreads(1)
    before_s, cpu_before_s = time.monotonic(), cpu_s()
    late = record(way, cameras, steps)
    stopped_s = time.monotonic()
    way.save()
    saved_s = time.monotonic()
    json.dump(
        {
            "recording_s": stopped_s - before_s,
            "after_stop_s": saved_s - stopped_s,
            "cpu_s": cpu_s() - cpu_before_s,
            "late": late,
            "dropped": way.dropped,
            "version": way.version,
            "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        },
        sys.stdout,
    )


def record(way: Way, cameras: list[PatternCamera], steps: int) -> int:
    """The loop; returns how many steps took longer than a period."""
    late = 0
    for step in range(steps):
        began_s = time.monotonic()
        pictures = {camera.name: camera.picture(step) for camera in cameras}
        way.add(pictures, np.full(JOINTS, np.sin(step / 50), np.float32))
        left_s = PERIOD_S - (time.monotonic() - began_s)
        late += left_s < 0
        time.sleep(max(0.0, left_s))
    return late


def cpu_s() -> float:
    """Of this process and the children that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


# ---- in memory until the end ---------------------------------------------------------------------


class Nothing:
    """Looks away."""

    dropped = 0
    version = ""

    def __init__(self, folder: Path) -> None:
        """Nothing to prepare."""

    def add(self, pictures: Pictures, joints: np.ndarray) -> None:
        """See `Way`."""

    def save(self) -> None:
        """See `Way`."""


class InMemory:
    """Everything stays in memory; subclasses say how pictures go into the file."""

    dropped = 0
    version = ""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "episode_0.hdf5"
        self._pictures: dict[str, list[np.ndarray]] = {name: [] for name in CAMERAS}
        self._joints: list[np.ndarray] = []

    def add(self, pictures: Pictures, joints: np.ndarray) -> None:
        """See `Way`."""
        for name, picture in pictures.items():
            self._pictures[name].append(picture)
        self._joints.append(joints)

    def save(self) -> None:
        """See `Way`."""
        import h5py  # not among what LeRobot's Python has

        with h5py.File(self._path, "w", rdcc_nbytes=CHUNK_CACHE_BYTES) as file:
            file.attrs["sim"] = False
            self.write_pictures(file.create_group("observations/images"))
            for name in ("qpos", "qvel", "effort"):
                file[f"observations/{name}"] = np.stack(self._joints)
            file["action"] = np.stack(self._joints)

    def write_pictures(self, images: Any) -> None:
        """Put the pictures of all cameras into this group of the file."""
        raise NotImplementedError


class Aloha(InMemory):
    """Uncompressed."""

    def write_pictures(self, images: Any) -> None:
        """See `InMemory`."""
        for name, pictures in self._pictures.items():
            shape = (len(pictures), HEIGHT, WIDTH, 3)
            images.create_dataset(name, shape, "u1", chunks=(1, *shape[1:]))
            images[name][...] = np.array(pictures)  # a second copy of this camera's


class MobileAloha(InMemory):
    """JPEGs, all of them made now."""

    def write_pictures(self, images: Any) -> None:
        """See `InMemory`."""
        quality = [cv2.IMWRITE_JPEG_QUALITY, MOBILE_QUALITY]
        jpegs = {
            name: [cv2.imencode(".jpg", picture, quality)[1] for picture in pictures]
            for name, pictures in self._pictures.items()
        }
        longest = max(len(jpeg) for of_camera in jpegs.values() for jpeg in of_camera)
        for name, of_camera in jpegs.items():
            padded = np.zeros((len(of_camera), longest), np.uint8)
            for row, jpeg in zip(padded, of_camera, strict=True):
                row[: len(jpeg)] = jpeg
            images.create_dataset(name, padded.shape, "u1", chunks=(1, longest), data=padded)
        images.file.attrs["compress"] = True
        images.file["compress_len"] = np.array(
            [[len(jpeg) for jpeg in of_camera] for of_camera in jpegs.values()], np.float32
        )


def lerobot(folder: Path) -> Way:
    """LeRobot as it is by default."""
    from benchmarks.lerobot_way import LeRobot

    return LeRobot(folder, streaming=False)


def lerobot_streaming(folder: Path) -> Way:
    """LeRobot encoding while it records."""
    from benchmarks.lerobot_way import LeRobot

    return LeRobot(folder, streaming=True)


WAYS: dict[str, Callable[[Path], Way]] = {
    "nothing": Nothing,
    "aloha": Aloha,
    "mobile-aloha": MobileAloha,
    "lerobot": lerobot,
    "lerobot-streaming": lerobot_streaming,
}

if __name__ == "__main__":
    main()
