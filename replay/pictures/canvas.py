"""What pictures are drawn on and with: paper, ink, text, lines. All images are (H, W, 3), RGB."""

from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Image
from recorder.checks.spans import runs
from recorder.printable import printable

Colour = tuple[int, int, int]
Points = npt.NDArray[np.float64]
"""(N, 2): x and y in pixels."""

PAPER: Final = (250, 250, 248)
PANEL: Final = (255, 255, 255)
INK: Final = (40, 40, 44)
FAINT: Final = (112, 112, 118)
GRID: Final = (228, 228, 226)
FRACTION_BITS: Final = 4
"""Lines are drawn to a sixteenth of a pixel."""
MAX_LETTERS: Final = 1000
"""Nobody sees more of a line, and measuring it would take long."""
HERSHEY_PX: Final = 32
"""How tall OpenCV 4's letters are at scale 1, about."""


def blank(width: int, height: int, colour: Colour = PAPER) -> Image:
    """A sheet of one colour."""
    image: Image = np.full((height, width, 3), colour, np.uint8)
    return image


def text(
    image: Image,
    words: str,
    origin: tuple[int, int],
    size: int,
    colour: Colour = INK,
    *,
    bold: bool = False,
    align: Literal["left", "middle", "right"] = "left",
) -> int:
    """Draw a line of text with its baseline at `origin`; `size` in pixels. Returns its width.

    What cannot be printed, line ends too, is shown as such: OpenCV crashes on some of it.
    """
    words = printable(words[:MAX_LETTERS])
    share = {"left": 0.0, "middle": 0.5, "right": 1.0}[align]
    width = text_width(words, size, bold=bold)
    at = (origin[0] - round(share * width), origin[1])
    if hasattr(cv2, "FontFace"):  # OpenCV 5 brings a real typeface
        cv2.putText(image, words, at, colour, cv2.FontFace("sans"), size, _weight(bold))
    else:
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(image, words, at, font, size / HERSHEY_PX, colour, 1 + bold, cv2.LINE_AA)
    return width


def text_width(words: str, size: int, *, bold: bool = False) -> int:
    """How wide that is when drawn, in pixels."""
    words = printable(words[:MAX_LETTERS])
    if hasattr(cv2, "FontFace"):
        face = cv2.FontFace("sans")
        return int(cv2.getTextSize((0, 0), words, (0, 0), face, size, _weight(bold))[2])
    font = cv2.FONT_HERSHEY_SIMPLEX
    return int(cv2.getTextSize(words, font, size / HERSHEY_PX, 1 + bold)[0][0])


def fitted(words: str, width: int, size: int, *, bold: bool = False) -> str:
    """As much of the text as goes into `width` pixels, with "..." where that is not all."""
    words = words[:MAX_LETTERS]
    if text_width(words, size, bold=bold) <= width:
        return words
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        shown = f"{words[:middle].rstrip()}..."
        low, high = (
            (middle, high) if text_width(shown, size, bold=bold) <= width else (low, middle - 1)
        )
    return f"{words[:low].rstrip()}..." if low else ""


def polyline(image: Image, points: Points, colour: Colour, thickness: int = 1) -> None:
    """A smooth line; where a coordinate is no number, it is broken."""
    for first, last in zip(*runs(np.asarray(np.isfinite(points).all(axis=1))), strict=True):
        run = np.round(points[first : last + 1] * (1 << FRACTION_BITS)).astype(np.int32)
        run = run if len(run) > 1 else np.repeat(run, 2, axis=0)
        cv2.polylines(image, [run], False, colour, thickness, cv2.LINE_AA, FRACTION_BITS)


def box(image: Image, left: int, top: int, width: int, height: int, colour: Colour) -> None:
    """A filled rectangle, cut off at the image's edges."""
    image[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = colour


def wash(
    image: Image, left: int, top: int, width: int, height: int, colour: Colour, share: float
) -> None:
    """A rectangle through which one sees what was there: `share` of it is the colour."""
    part = image[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    part[:] = (part * (1 - share) + np.multiply(colour, share)).round().astype(np.uint8)


def chip(
    image: Image, words: str, right: int, baseline: int, size: int, ink: Colour, fill: Colour
) -> int:
    """A word on a patch of colour that ends at `right`; returns where it begins."""
    pad = size // 2
    width = text_width(words, size, bold=True) + 2 * pad
    box(image, right - width, baseline - size - pad // 2 + 2, width, size + pad + 1, fill)
    text(image, words, (right - width + pad, baseline), size, ink, bold=True)
    return right - width


def _weight(bold: bool) -> int:
    return 600 if bold else 400
