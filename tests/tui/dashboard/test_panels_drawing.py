"""Letters, bars, pictures and colours."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color, ColorSystem

from session.kind import RigKind
from tui.dashboard.drawing.bars import axis, bar, histogram, marked_bar
from tui.dashboard.drawing.font import GLYPHS, large
from tui.dashboard.drawing.palette import DARK, LIGHT, PLAIN, Palette, badge_on
from tui.dashboard.drawing.pictures import drawn, picture_size, resized
from tui.dashboard.drawing.rows import beside, cut, fit, lines_of, spread, title, width_of, wrap

LEAST_CONTRAST = 4.5
"""Of text to its ground (WCAG 2, AA)."""
BADGE_CONTRAST = 2.5
"""Of a badge's ground to the state around it."""
PICTORIAL = ("bar", "bar.warn", "leader", "counts", "counts.late", "leader.on", "leader.on.warn")


@given(st.text(max_size=120), st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(string.ascii_letters + "äß宽 ", max_size=80), st.integers(1, 40), st.integers(1, 4))
def test_text_that_does_not_fit_says_so(text: str, width: int, most: int) -> None:
    lines = lines_of(text, width, most)
    assert len(lines) <= most
    assert all(cell_len(line) <= width for line in lines)
    if len(wrap(text, width)) > most:
        assert lines[-1].endswith("…")


@given(st.text(max_size=60), st.integers(0, 40))
def test_rows_are_exactly_as_wide_as_wanted(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width
    for row in (
        fit([(text, "ink"), ("x" * 9, "warn")], width),
        spread([(text, "ink")], [("right", "warn")], width),
        title("NAME", text, width),
    ):
        assert width_of(row) == width


def test_blocks_stand_beside_each_other() -> None:
    rows = beside([[("one", "ink")]], [[("a", "ink")], [("b", "ink")]], 5, 2)
    assert ["".join(text for text, _ in row) for row in rows] == ["one    a", "       b"]


@given(st.floats(-1, 2), st.one_of(st.none(), st.floats(-1, 2)), st.integers(1, 80), st.booleans())
def test_a_bar_keeps_its_width(share: float, mark: float | None, width: int, warn: bool) -> None:
    assert len(bar(share, width)) == width
    row = marked_bar(share, mark, width, warn)
    assert width_of(row) == width
    assert sum(text.count("┃") for text, _ in row) == (mark is not None)


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(0.5, 8) == "████    "
    assert bar(1 / 64, 8).rstrip() == "▏"
    assert "?" in marked_bar(None, None, 9, False)[0][0]


def test_one_late_tick_beside_thousands_is_seen_and_marked() -> None:
    counts = [5000, 3000, 0, 0, 0, 0, 0, 1]
    rows = histogram(counts, 16, 3, 4)
    assert all(width_of(row) == 16 for row in rows)
    bottom = dict((style, text) for text, style in rows[-1])
    assert bottom["counts.late"].strip()
    assert not histogram([*counts[:7], 0], 16, 3, 4)[-1][1][0].strip()


def test_more_bins_than_columns_are_added_up() -> None:
    rows = histogram([1] * 32, 10, 1, 20)
    assert width_of(rows[0]) == 10
    assert " " not in rows[0][0][0]


def test_the_axis_stands_below_the_bins() -> None:
    assert axis((0.0, 0.1, 1.0, 10.0), (0.0, 1.0, 10.0), 20) == "0         1    10 ms"
    assert axis((0.0, 0.1, 1.0, 10.0), (0.0, 1.0, 10.0), 8) == "0   1 ms"


@given(st.text(string.printable, min_size=1, max_size=12), st.integers(1, 2))
def test_large_letters_are_rows_of_one_length(text: str, scale: int) -> None:
    rows = large(text, scale)
    assert len(rows) == 3 * scale
    assert len({len(row) for row in rows}) == 1


def test_letters_can_be_told_apart() -> None:
    shapes = [glyph for letter, glyph in GLYPHS.items() if letter != "0"]  # as the letter O
    assert len(set(shapes)) == len(shapes)


def noisy(shift: int = 0, seed: int = 0) -> "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]":
    image = np.full((60, 80, 3), 100, np.uint8)
    image[40:50, 20 + shift : 40 + shift] = (240, 170, 20)
    noise = np.random.default_rng(seed).integers(-3, 4, image.shape)
    pixels: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]] = (image + noise).astype(np.uint8)
    return pixels


def test_noise_draws_nothing_again() -> None:
    before = drawn(None, noisy(), 24, 9)
    after = drawn(before, noisy(seed=1), 24, 9)
    assert all(old is new for old, new in zip(before.rows, after.rows, strict=True))


def test_what_moves_draws_its_rows_again() -> None:
    before = drawn(None, noisy(), 24, 9)
    after = drawn(before, noisy(shift=12), 24, 9)
    pairs = zip(before.rows, after.rows, strict=True)
    changed = [i for i, (old, new) in enumerate(pairs) if old != new]
    assert changed
    assert min(changed) >= 5


def test_another_size_draws_everything() -> None:
    after = drawn(drawn(None, noisy(), 24, 9), noisy(), 32, 30)
    assert (after.width, len(after.rows)) == (32, 12)
    assert all(width_of(row) == 32 for row in after.rows)


@pytest.mark.parametrize(
    ("shape", "size"), [((60, 80), (24, 9)), ((45, 80), (24, 7)), ((80, 60), (14, 9))]
)
def test_pictures_keep_their_sides(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert picture_size(shape, 24, 9) == size


@given(st.integers(1, 60), st.integers(1, 80), st.integers(1, 70), st.integers(1, 90))
def test_resizing_keeps_a_plain_colour(rows: int, columns: int, height: int, width: int) -> None:
    image = np.full((rows, columns, 3), (10, 120, 250), np.uint8)
    small = resized(image, height, width)
    assert small.shape == (height, width, 3)
    assert (small == (10, 120, 250)).all()


def test_without_colour_a_picture_is_made_of_characters() -> None:
    rows = drawn(None, noisy(), 24, 9, colours=False).rows
    text = "".join(span for row in rows for span, _ in row)
    assert "▀" not in text
    assert len(set(text)) > 1


def test_palettes_have_the_same_names() -> None:
    assert DARK.looks.keys() == LIGHT.looks.keys() == PLAIN.looks.keys()


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_text_stands_out(palette: Palette) -> None:
    for name, look in palette.looks.items():
        if name not in PICTORIAL:
            assert contrast(look.ink, look.ground) >= LEAST_CONTRAST, name


@pytest.mark.parametrize("depth", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_badges_stand_out_in_every_state(palette: Palette, depth: ColorSystem) -> None:
    for state in (name for name in palette.looks if name.startswith("state.")):
        for kind in RigKind:
            badge = palette.looks[badge_on(kind.name.lower(), state)]
            ground, around, ink = (
                Color.parse(colour).downgrade(depth).get_truecolor().hex
                for colour in (badge.ground, palette.looks[state].ground, badge.ink)
            )
            assert contrast(ground, around) >= BADGE_CONTRAST, (state, kind)
            assert contrast(ink, ground) >= LEAST_CONTRAST, (state, kind)


def test_no_colour_means_none() -> None:
    for name in PLAIN.looks:
        style = PLAIN.style(name)
        assert style.color is None, name
        assert style.bgcolor is None, name


def test_styles_are_made_once() -> None:
    assert DARK.style("warn") is DARK.style("warn")
    assert DARK.style("#f80/#012") is DARK.style("#f80/#012")


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
