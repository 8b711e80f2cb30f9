"""Episodes whose joints move as joints do, so that a video of them has something to show."""

from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np

from tests.recorder.fake_rig import calm, make_episode

MAGENTA = (255, 0, 255)
"""The same read backwards."""


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
