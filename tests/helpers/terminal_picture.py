"""A screen of a terminal as a PNG file: block and line characters exact, text in DejaVu Sans Mono.

draw(terminal.cells(), path)              what a program has drawn (terminal.py)
draw(cells_of_app(app), path)             a Textual app, e.g. within `app.run_test()`
draw(cells_of_rows(rows, width), path)    rows of (text, foreground, background, bold)
"""

import functools
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

Rgb = tuple[int, int, int]
WIDTH, HEIGHT = 10, 20
"""Of a cell, in pixels: half a cell is a square."""
FONT_PX: Final = 16
FONT: Final = "DejaVu Sans Mono"
COLOURS: Final = 256
"""In a file: what is left out is hues of thumbnails, and smoothing of letters."""
LIGHT_PX, HEAVY_PX = 1, 3
SHADES: Final = {"░": 0.25, "▒": 0.5, "▓": 0.75}
QUADRANTS: Final = dict(zip("▖▗▘▙▚▛▜▝▞▟", (4, 8, 1, 13, 9, 7, 11, 2, 6, 14), strict=True))
"""Bits: upper left, upper right, lower left, lower right."""
TOWARDS: Final = {
    **{way: (way,) for way in ("LEFT", "RIGHT", "UP", "DOWN")},
    **{"HORIZONTAL": ("LEFT", "RIGHT"), "VERTICAL": ("UP", "DOWN")},
}


class Cell(NamedTuple):
    """One character; the cell after a wide one has no text."""

    text: str
    foreground: Rgb
    background: Rgb
    bold: bool = False
    underlined: bool = False


def draw(cells: Sequence[Sequence[Cell]], path: Path) -> None:
    """Write the screen as a PNG file.

    Raises:
        FileNotFoundError: there is no font; the text says which one.
    """
    size = WIDTH * max(map(len, cells)), HEIGHT * len(cells)
    image = Image.new("RGB", size)
    brush = ImageDraw.Draw(image)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            _rectangle(brush, (x * WIDTH, y * HEIGHT, WIDTH, HEIGHT), cell.background)
        for x, cell in enumerate(row):  # after all backgrounds: wide ones reach beyond their cell
            _draw_cell(image, brush, x * WIDTH, y * HEIGHT, cell)
    palette = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    palette.save(path, optimize=True)


def cells_of_rows(
    rows: Iterable[Iterable[tuple[str, Rgb, Rgb, bool]]], width: int, background: Rgb = (12, 12, 12)
) -> list[list[Cell]]:
    """Rows of (text, foreground, background, bold), filled up to `width` or cut there."""
    cells = [[Cell(letter, *style) for text, *style in row for letter in text] for row in rows]
    blank = Cell(" ", background, background)
    return [[*row, *[blank] * (width - len(row))][:width] for row in cells]


def cells_of_app(app: Any) -> list[list[Cell]]:
    """What a Textual app shows just now, whether or not it has a terminal."""
    return [
        [cell for segment in strip for cell in _cells_of_segment(segment)]
        for strip in app.screen._compositor.render_strips()
    ]


def _cells_of_segment(segment: Any) -> list[Cell]:
    style = segment.style
    fore = _rich_colour(style and style.color, (204, 204, 204))
    back = _rich_colour(style and style.bgcolor, (12, 12, 12))
    if style and style.reverse:
        fore, back = back, fore
    if style and style.dim:
        fore = Rgb((a + b) // 2 for a, b in zip(fore, back, strict=True))
    bold, underlined = bool(style and style.bold), bool(style and style.underline)
    wide = (0, 1)  # a wide letter is followed by an empty cell
    return [
        Cell(letter if place == 0 else "", fore, back, bold, underlined)
        for letter in segment.text
        for place in wide[: 1 + (unicodedata.east_asian_width(letter) in "WF")]
    ]


def _rich_colour(colour: Any, default: Rgb) -> Rgb:
    return Rgb(colour.get_truecolor()) if colour and not colour.is_default else default


# ---- a cell --------------------------------------------------------------------------------------


def _draw_cell(image: Image.Image, brush: Any, left: int, top: int, cell: Cell) -> None:
    text, fore = cell.text, cell.foreground
    if cell.underlined:
        _rectangle(brush, (left, top + HEIGHT - 2, WIDTH, 1), fore)
    if not text.strip():
        return
    if text in SHADES:
        _rectangle(brush, (left, top, WIDTH, HEIGHT), _blend(cell, SHADES[text]))
    elif parts := _parts(text):
        for x, y, width, height in parts:
            _rectangle(brush, (left + x, top + y, width, height), fore)
    else:
        mask, offset = _glyph(text, cell.bold)
        image.paste(fore, (left + offset[0], top + offset[1]), mask)


def _rectangle(brush: Any, box: tuple[int, int, int, int], colour: Rgb) -> None:
    left, top, width, height = box
    brush.rectangle((left, top, left + width - 1, top + height - 1), fill=colour)


def _blend(cell: Cell, share: float) -> Rgb:
    pairs = zip(cell.foreground, cell.background, strict=True)
    return Rgb(round(share * fore + (1 - share) * back) for fore, back in pairs)


@functools.cache
def _parts(text: str) -> list[tuple[int, int, int, int]]:
    """The rectangles (left, top, width, height in the cell) of a block or line; [] for others."""
    if len(text) != 1:
        return []
    code = ord(text)
    if 0x2800 <= code <= 0x28FF:
        return _dots(code - 0x2800)
    if 0x2581 <= code <= 0x2588:
        height = round(HEIGHT * (code - 0x2580) / 8)
        return [(0, HEIGHT - height, WIDTH, height)]
    if 0x2589 <= code <= 0x258F:
        return [(0, 0, round(WIDTH * (0x2590 - code) / 8), HEIGHT)]
    if text in QUADRANTS:
        return [
            (WIDTH // 2 * (bit % 2), HEIGHT // 2 * (bit // 2), WIDTH // 2, HEIGHT // 2)
            for bit in range(4)
            if QUADRANTS[text] >> bit & 1
        ]
    others = {
        "▀": (0, 0, WIDTH, HEIGHT // 2),
        "▐": (WIDTH // 2, 0, WIDTH // 2, HEIGHT),
        "▔": (0, 0, WIDTH, round(HEIGHT / 8)),
        "▕": (WIDTH - 1, 0, 1, HEIGHT),
    }
    return [others[text]] if text in others else _lines(text)


def _dots(bits: int) -> list[tuple[int, int, int, int]]:
    """Those of a Braille character, which few monospaced fonts have."""
    places = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
    return [(5 * x + 1, 5 * y + 1, 3, 3) for bit, (x, y) in enumerate(places) if bits >> bit & 1]


def _lines(text: str) -> list[tuple[int, int, int, int]]:
    """Those of a box-drawing character, whose name says where it has lines and of what weight."""
    name = unicodedata.name(text, "")
    if not name.startswith("BOX DRAWINGS ") or any(
        word in name for word in ("DASH", "DIAGONAL", "DOUBLE")
    ):
        return []
    parts = [part.split() for part in name.removeprefix("BOX DRAWINGS ").split(" AND ")]
    usual = "HEAVY" if "HEAVY" in parts[0] else "LIGHT"
    lines = []
    for part in parts:
        weight = next((word for word in part if word in ("LIGHT", "HEAVY")), usual)
        thick = HEAVY_PX if weight == "HEAVY" else LIGHT_PX
        for way in (way for word in part for way in TOWARDS.get(word, ())):
            lines.append(_line(way, thick))
    return lines


def _line(way: str, thick: int) -> tuple[int, int, int, int]:
    """From the middle of the cell to one of its edges."""
    x, y = (WIDTH - thick) // 2, (HEIGHT - thick) // 2
    return {
        "LEFT": (0, y, x + thick, thick),
        "RIGHT": (x, y, WIDTH - x, thick),
        "UP": (x, 0, thick, y + thick),
        "DOWN": (x, y, thick, HEIGHT - y),
    }[way]


@functools.cache
def _glyph(text: str, bold: bool) -> tuple[Image.Image, tuple[int, int]]:
    """A letter as a mask, and where it lies in its cell."""
    font = _font(bold)
    ascent, descent = font.getmetrics()
    left, top, right, bottom = font.getbbox(text)
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font)
    return mask, (int(left), int(top) + (HEIGHT - ascent - descent) // 2)


@functools.cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_path(bold), FONT_PX)


@functools.cache
def font_path(bold: bool = False) -> str:
    """The file of the font.

    Raises:
        FileNotFoundError: it is not installed.
    """
    style = "Bold" if bold else "Book"
    if shutil.which("fc-list"):
        listed = subprocess.run(
            ["fc-list", f"{FONT}:style={style}", "file"],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in sorted(listed.stdout.splitlines()):
            return line.strip().rstrip(":")
    for folder in (Path("/usr/share/fonts"), Path.home() / ".local/share/fonts"):
        for path in folder.rglob(f"DejaVuSansMono{'-Bold' if bold else ''}.ttf"):
            return str(path)
    raise FileNotFoundError(
        f"The font {FONT} is not installed: apt-get install fonts-dejavu-core fontconfig."
    )
