"""What the emulated cameras show: a loop of JPEGs, made once, whose pictures tell their number.

Colours and noise move from right to left; two digits, and blocks along the lower edge that a
program can read, give the number of the frame within the loop. The camera's name stands below the
digits: people tell cameras apart by what they see.
"""

from functools import cache
from typing import Final, Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Look = Literal["normal", "black", "overexposed", "blurred"]
LOOKS: Final[tuple[Look, ...]] = get_args(Look)
LOOP: Final = 100
"""Pictures until they begin again: what is shown is the frame's number modulo this."""
_SPOILT_LOOP: Final = 10
"""Of looks that nobody reads a number from; each differs from the next, as real ones do."""
_BITS: Final = 7
_QUALITY: Final = 85
_NOISE: Final = 8.0
"""640x480 pictures then have about 60 kB, what a webcam's MJPG has of an ordinary room."""
_SEED: Final = 5


@cache
def encoded_loop(
    width: int, height: int, look: Look = "normal", name: str = ""
) -> tuple[bytes, ...]:
    """The JPEGs of one round; takes some 3 ms a picture of 640x480 the first time."""
    texture = _texture(width, height)
    numbers = range(LOOP if look == "normal" else _SPOILT_LOOP)
    return tuple(
        _encode(_spoil(_picture(texture, number, name), look, number)) for number in numbers
    )


def shown_number(image: Image) -> int | None:
    """The number modulo LOOP that a picture shows; None if it cannot be read.

    Args:
        image: (H, W, 3) uint8, in any order of channels.
    """
    height, width = image.shape[:2]
    size = _block_px(width)
    row = image[height - size // 2].mean(axis=-1)
    levels = [float(row[size * block + size // 2]) for block in range(_BITS + 2)]
    if not (levels[0] > 170 and levels[1] < 85):
        return None
    number = sum((level > 127) << bit for bit, level in enumerate(levels[2:]))
    return number if number < LOOP else None


def _texture(width: int, height: int) -> Image:
    """(H, 2 W, 3): a pattern and its repetition, of which a picture shows W columns."""
    across = np.linspace(0.0, 2.0 * np.pi, width, endpoint=False)
    down = np.linspace(0.0, np.pi, height)[:, None]
    waves = [np.sin(n * across + n) * np.sin(down) for n in (1, 2, 4)]
    noise = np.random.default_rng(_SEED).normal(0.0, _NOISE, (height, width, 3))
    pattern = np.clip(128.0 + 80.0 * np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)
    return np.concatenate([pattern, pattern], axis=1)


def _picture(texture: Image, number: int, name: str) -> Image:
    """(H, W, 3): picture `number` of the loop."""
    height, width = texture.shape[0], texture.shape[1] // 2
    left = number * width // LOOP
    image = np.ascontiguousarray(texture[:, left : left + width])
    scale = height / 160
    place = (width // 20, height // 4)
    thickness = max(1, round(2 * scale))
    cv2.putText(
        image, f"{number:02}", place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255,) * 3, thickness
    )
    _draw_name(image, name)
    _draw_blocks(image, number)
    return image


def _draw_name(image: Image, name: str) -> None:
    """Across the middle, as large as the digits or as fits."""
    if not name:
        return
    height, width = image.shape[:2]
    font, margin = cv2.FONT_HERSHEY_SIMPLEX, width // 20
    (length, _), _ = cv2.getTextSize(name, font, 1.0, 1)
    scale = min(height / 240, (width - 2 * margin) / length)
    thickness = max(1, round(2 * scale))
    cv2.putText(image, name, (margin, height * 9 // 16), font, scale, (255,) * 3, thickness)


def _draw_blocks(image: Image, number: int) -> None:
    """A white block, a black one, then the number's bits, the lowest first."""
    height, width = image.shape[:2]
    size = _block_px(width)
    for block, lit in enumerate((1, 0, *(number >> bit & 1 for bit in range(_BITS)))):
        image[height - size :, size * block : size * (block + 1)] = 255 * lit


def _block_px(width: int) -> int:
    return max(2, width // 16)


def _spoil(image: Image, look: Look, number: int) -> Image:
    """The picture as a covered, over-exposed or unfocused camera would give it."""
    noise = np.random.default_rng(number).integers(0, 4, image.shape, dtype=np.uint8)
    match look:
        case "black":
            return noise
        case "overexposed":
            return np.minimum(255, 2 * image.astype(int) + 160 + noise).astype(np.uint8)
        case "blurred":
            return cv2.GaussianBlur(image, (0, 0), image.shape[1] / 64).astype(np.uint8)
        case "normal":
            return image


def _encode(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data)
