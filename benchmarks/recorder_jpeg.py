"""JPEG quality and subsampling: what they cost, and what of the picture they keep.

On raw renders of the simulated rig (all four cameras, at moments spread over a scripted
demonstration of each task) and on the pattern camera, whose noise is what a real sensor's would be.
Encoding and decoding are the recorder's own functions, conversion from and to RGB included, in one
thread. PSNR is that of the mean squared error of all RGB values of a source's pictures.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np

from benchmarks.recorder_options import Options
from benchmarks.recorder_process import pattern_cameras
from benchmarks.teleop_loop import head, row
from recorder.cameras.camera import Image
from recorder.cameras.pattern import PatternCamera
from recorder.config import RecordingConfig, Subsampling
from recorder.pictures.decode import decode_jpeg
from recorder.pictures.encode import encode_jpeg
from session.config import load_task
from sim.cameras.gl import ENVIRONMENT_KEY, choose_gl
from sim.config import Quality
from sim.errors import SimError

QUALITIES: Final = (80, 85, 90, 95)
SUBSAMPLINGS: Final[tuple[Subsampling, ...]] = ("420", "444")
SOURCES: Final[dict[str, tuple[str, Quality]]] = {
    "battery": ("battery", "fast"),
    "battery, high": ("battery", "high"),
    "transfer_cube": ("transfer_cube", "fast"),
    "insertion": ("insertion", "fast"),
}
"""Scene and how it is rendered, by name."""
MOMENTS: Final = 6
REPEATS: Final = 3
WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one way to encode the pictures of one source; the times are medians a picture."""

    encode_ms: float
    decode_ms: float
    kb: float
    psnr_db: float


def jpeg(folder: Path, options: Options) -> None:
    """Render, encode, decode, compare; print one table a source."""
    cv2.setNumThreads(1)
    sources: dict[str, Callable[[], list[Image]]] = {"pattern": _pattern}
    try:
        os.environ.setdefault(ENVIRONMENT_KEY, choose_gl())
        for name, (scene, quality) in SOURCES.items():
            sources[name] = partial(_rendered, scene, quality, options.seed)
    except SimError as error:
        print(f"simulated cameras are left out: {error}\n")
    head("pictures", "quality", "subsampling", "encode ms", "decode ms", "KB", "PSNR dB",
         "KB against 90 / 420", "dB against 90 / 420")  # fmt: skip
    for name, take in sources.items():
        _report(name, take())
    print()


def _report(name: str, pictures: Sequence[Image]) -> None:
    ways = list(product(QUALITIES, SUBSAMPLINGS))
    measured = {way: _measure(pictures, RecordingConfig(*way)) for way in ways}
    usual = measured[90, "420"]
    for (quality, subsampling), its in measured.items():
        row(name, quality, subsampling, f"{its.encode_ms:.2f}", f"{its.decode_ms:.2f}",
            f"{its.kb:.1f}", f"{its.psnr_db:.1f}", f"{its.kb / usual.kb:.2f}",
            f"{its.psnr_db - usual.psnr_db:+.1f}")  # fmt: skip


def _measure(pictures: Sequence[Image], config: RecordingConfig) -> Measured:
    encode_ms, decode_ms, sizes, errors = [], [], [], []
    for picture in [picture for picture in pictures for _ in range(REPEATS)]:
        began_s = time.perf_counter()
        encoded = encode_jpeg(picture, config)
        encoded_s = time.perf_counter()
        decoded = decode_jpeg(encoded)
        decoded_s = time.perf_counter()
        encode_ms.append(1e3 * (encoded_s - began_s))
        decode_ms.append(1e3 * (decoded_s - encoded_s))
        sizes.append(len(encoded) / 1e3)
        errors.append(_squared_error(picture, cast(Image, decoded)))
    psnr_db = 10 * np.log10(255**2 / np.mean(errors))
    return Measured(
        float(np.median(encode_ms)), float(np.median(decode_ms)), float(np.mean(sizes)), psnr_db
    )


def _squared_error(picture: Image, other: Image) -> float:
    return float(np.mean(np.square(picture.astype(np.float32) - other)))


# ---- pictures ------------------------------------------------------------------------------------


def _pattern() -> list[Image]:
    """As many as of a simulated scene."""
    camera = PatternCamera(pattern_cameras(1)[0])
    return [camera.picture(number) for number in range(0, 50 * 4 * MOMENTS, 50)]


def _rendered(scene_name: str, quality: Quality, seed: int) -> list[Image]:
    """All four cameras at moments spread over one demonstration, as they come from the renderer."""
    # MuJoCo binds to what MUJOCO_GL says at its first import.
    from sim.cameras.render import Renderer
    from sim.operators.demonstrate import demonstrate
    from sim.operators.operator import Operator
    from sim.scenes.scene import Scene

    task, scene = load_task(scene_name), Scene(scene_name, HEIGHT, WIDTH)
    scene.reset(seed, task.start)
    states = [
        scene.state()
        for _ in demonstrate(scene, Operator(scene, seed, task.operator), task.max_steps)
    ]
    renderer = Renderer(scene, quality)
    pictures = []
    for tick in np.linspace(0, len(states) - 1, MOMENTS).astype(int):
        scene.restore(states[tick])
        for camera in renderer.camera_names:
            pictures.append(np.empty((HEIGHT, WIDTH, 3), np.uint8))
            renderer.render(camera, pictures[-1])
    renderer.close()
    return pictures
