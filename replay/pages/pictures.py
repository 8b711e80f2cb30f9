"""The pictures of a report: a thumbnail for the index, and a strip of moments a camera."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from recorder.cameras.camera import Image
from recorder.episode.reader import EpisodeReader

MOMENTS: Final = 6
STRIP_WIDTH: Final = 272
THUMBNAIL_WIDTH: Final = 208
"""Of one picture in pixels; a strip has six beside each other, a thumbnail two. It is shown at half
of that, as fine screens want it."""
GAP: Final = 4
JPEG_QUALITY: Final = 78
MAIN_CAMERAS: Final = ("cam_high", "high", "top")


def moments(steps: int, count: int = MOMENTS) -> list[int]:
    """So many steps from the first to the last."""
    return sorted({int(step) for step in np.linspace(0, steps - 1, count).round()})


def main_camera(names: Sequence[str]) -> str:
    """The one that sees most of the scene, as far as names tell."""
    return next((name for name in MAIN_CAMERAS if name in names), names[0])


def write_strip(
    episode: EpisodeReader, camera: str, steps: Sequence[int], width: int, path: Path
) -> tuple[int, int]:
    """Pictures of a camera beside each other, as a JPEG; returns its width and height.

    Raises:
        EpisodeError: a picture does not decode.
        OSError: the disk refuses.
    """
    tiles = [_tile(episode.image(camera, step), width) for step in steps]
    gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    between = [part for tile in tiles for part in (gap, tile)][1:]
    strip = np.concatenate(between, axis=1)
    encoded, content = cv2.imencode(
        ".jpg", cv2.cvtColor(strip, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not encoded:  # not seen with a uint8 image
        raise OSError(0, "OpenCV cannot encode a picture", str(path))
    path.write_bytes(content.tobytes())
    return strip.shape[1], strip.shape[0]


def _tile(image: Image, width: int) -> Image:
    """The picture at that width, but no taller than wide."""
    height = image.shape[0] * width / image.shape[1]
    scale = min(1.0, width / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    tile: Image = np.full((size[1], width, 3), 255, np.uint8)
    left = (width - size[0]) // 2
    tile[:, left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return tile
