"""Text of others on a picture: whatever it is, it is drawn, and stays in its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.pictures.canvas import PAPER, blank, fitted, polyline, text, text_width


@given(st.text(max_size=60))
def test_any_text_is_drawn_and_measured(words: str) -> None:
    image = blank(300, 40)
    width = text(image, words, (0, 28), 18)
    assert width >= 0
    shown = fitted(words, 200, 18)
    assert text_width(shown, 18) <= 200


def test_half_a_letter_is_no_crash() -> None:
    """OpenCV 5 dies of it."""
    image = blank(300, 40)
    text(image, "a\ud800b\0c\nd", (0, 28), 18)
    assert (image != PAPER).any()


def test_long_text_is_cut_and_says_so() -> None:
    words = "電池をリモコンに入れる " * 5000
    shown = fitted(words, 500, 18)
    assert shown.endswith("...")
    assert 300 < text_width(shown, 18) <= 500
    assert fitted("short", 500, 18) == "short"
    assert fitted("nothing goes in", 3, 18) == ""


@pytest.mark.parametrize(("align", "columns"), [("left", (150, 300)), ("right", (0, 151))])
def test_text_is_on_its_side(align: str, columns: tuple[int, int]) -> None:
    image = blank(300, 40)
    text(image, "where", (150, 28), 18, align=align)  # type: ignore[arg-type]
    inked = np.flatnonzero((image != PAPER).any(axis=(0, 2)))
    assert columns[0] <= inked.min()
    assert inked.max() < columns[1]


def test_a_line_is_broken_where_nothing_is_known() -> None:
    points = np.array([(10, 20), (100, 20), (150, np.nan), (200, 20), (290, 20)], float)
    image = blank(300, 40)
    polyline(image, points, (0, 0, 0), 2)
    inked = (image != PAPER).any(axis=(0, 2))
    assert inked[10:100].all()
    assert not inked[105:195].any()
    assert inked[201:290].all()
