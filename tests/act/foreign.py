"""Files in the layouts of the original code, written with h5py as that code writes them."""

from pathlib import Path

import cv2
import h5py
import numpy as np

CAMERAS = ("cam_high", "cam_left_wrist")
WIDTH, HEIGHT = 64, 48


def thirds(step: int) -> np.ndarray:
    """Red, green and blue thirds, RGB; the step is a brightness."""
    image = np.full((HEIGHT, WIDTH, 3), step, np.uint8)
    for channel in range(3):
        image[:, channel * WIDTH // 3 : (channel + 1) * WIDTH // 3, channel] = 220
    return image


def make_raw(path: Path, steps: int = 8, joints: int = 14) -> Path:
    """ACT's: pictures as they are."""
    with h5py.File(path, "w", rdcc_nbytes=1 << 21) as file:
        _write_joints(file, steps, joints)
        for camera in CAMERAS:
            pictures = file.create_dataset(
                f"/observations/images/{camera}",
                (steps, HEIGHT, WIDTH, 3),
                dtype="uint8",
                chunks=(1, HEIGHT, WIDTH, 3),
            )
            pictures[...] = [thirds(step) for step in range(steps)]
    return path


def make_compressed(path: Path, steps: int = 8) -> Path:
    """Mobile ALOHA's: what is red first given to an encoder that takes it for blue first."""
    with h5py.File(path, "w") as file:
        _write_joints(file, steps, 14)
        file.attrs["compress"] = True
        for camera in CAMERAS:
            jpegs = [cv2.imencode(".jpg", thirds(step))[1].tobytes() for step in range(steps)]
            longest = max(map(len, jpegs))
            rows = [np.frombuffer(jpeg.ljust(longest, b"\0"), np.uint8) for jpeg in jpegs]
            file.create_dataset(
                f"/observations/images/{camera}", data=np.stack(rows), chunks=(1, longest)
            )
        file.create_dataset("compress_len", data=np.zeros((len(CAMERAS), steps)))
    return path


def _write_joints(file: h5py.File, steps: int, joints: int) -> None:
    file.attrs["sim"] = False
    values = np.arange(steps * joints, dtype="f4").reshape(steps, joints)
    for name in ("observations/qpos", "observations/qvel", "action"):
        file.create_dataset(name, data=values)
