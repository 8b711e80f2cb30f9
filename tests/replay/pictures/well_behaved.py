"""Episodes whose joints move as joints do, so that a video of them has something to show."""

from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np

from tests.recorder.fake_rig import PERIOD_NS, make_episode

MAGENTA = (255, 0, 255)
"""The same read backwards."""


def calm(step: int, tick: Any) -> None:
    """All joints swing slowly, grippers open and close; the follower is a step late."""
    for field, late in (("leader", 0), ("action", 0), ("qpos", 1)):
        phase = (step - late) * PERIOD_NS / 1e9
        tick[field] = 0.3 * np.sin(phase + np.arange(14) / 4)
        tick[field][6::7] = 0.5 + 0.5 * np.sin(phase)
    tick["qvel"] = tick["effort"] = 0
    for counter in ("lost", "retries", "rejected"):
        tick[counter] = 0
    tick["held"] = tick["servo_error"] = False
    tick["temperature_degc"] = 40


def calm_episode(folder: Path, steps: int = 60, cameras: int = 2, **facts: Any) -> Path:
    """An episode of `calm` joints."""
    return make_episode(folder, steps, change=calm, cameras=cameras, **facts)


def replace_pictures(path: Path, camera: str, size: tuple[int, int]) -> None:
    """Give a camera magenta pictures of another size, width and height in pixels."""
    jpeg = cv2.imencode(".jpg", np.full((size[1], size[0], 3), MAGENTA, np.uint8))[1]
    with h5py.File(path, "r+") as file:
        name = f"/observations/images/{camera}"
        steps = len(file[name])
        file["/compress_len"][int(camera.removeprefix("cam_"))] = len(jpeg)
        del file[name]
        rows = file.create_dataset(name, data=np.tile(jpeg.ravel(), (steps, 1)))
        rows.attrs["width"], rows.attrs["height"] = size
