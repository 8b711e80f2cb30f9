"""A camera's picture of a step, or a sign that it is damaged."""

from typing import Final

import numpy as np

from recorder.cameras.camera import Image
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.pictures.decode import decode_jpeg, jpeg_size
from replay.pictures.canvas import GRID, INK, PAPER, blank, fitted, polyline, text
from replay.pictures.layout import Size

WORDS: Final = "picture damaged"
TEXT: Final = 18
CROSS: Final = 3


def picture(episode: EpisodeReader, camera: str, step: int) -> Image | None:
    """The picture; None if it is damaged."""
    return decoded(jpeg_of(episode, camera, step), size_of(episode, camera))


def jpeg_of(episode: EpisodeReader, camera: str, step: int) -> bytes:
    """The picture as it is in the file; nothing if it cannot be read."""
    try:
        return episode.jpeg(camera, step)
    except EpisodeError:
        return b""


def decoded(jpeg: bytes, size: Size) -> Image | None:
    """The picture; None if it is damaged, or has another size: a small JPEG may claim a huge
    one."""
    return decode_jpeg(jpeg) if jpeg_size(jpeg) == size else None


def size_of(episode: EpisodeReader, camera: str) -> Size:
    """What a camera was asked for; what is usual where the file does not tell."""
    try:
        return episode.image_size(camera)
    except EpisodeError:
        return 640, 480


def damaged(width: int, height: int) -> Image:
    """What is shown in place of a picture, (height, width, 3)."""
    image = blank(width, height, GRID)
    for ends in (((0, 0), (width, height)), ((0, height), (width, 0))):
        polyline(image, np.array(ends, float), PAPER, CROSS)
    words = fitted(WORDS, width - 8, TEXT, bold=True)
    text(image, words, (width // 2, (height + TEXT) // 2), TEXT, INK, bold=True, align="middle")
    return image
