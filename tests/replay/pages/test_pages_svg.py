"""Lines are small, and lose no spike."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from replay.pages import svg

ANY = st.lists(st.floats(width=32) | st.just(0.0), min_size=1, max_size=300)


def points(path: str) -> list[tuple[float, float]]:
    """Where a path of ours goes."""
    found, x, y = [], 0.0, 0.0
    for letter, numbers in re.findall(r"([Mlh])([^Mlh\"]*)", path):
        values = [float(each) for each in re.findall(r"-?[\d.]+(?:e-?\d+)?", numbers)]
        if letter == "M":
            x, y = values
        elif letter == "l":
            x, y = x + values[0], y + values[1]
        else:
            x += values[0]
        found.append((x, y))
    return found


def drawn(values: np.ndarray) -> list[tuple[float, float]]:
    x = np.arange(len(values), dtype=float)
    across = svg.Scale(0, max(len(values), 2), 0, 500)
    line = svg.line("command", x, values, across, svg.Scale(-10, 10, 100, 0))
    return points(line.partition('d="')[2].partition('"')[0])


def test_a_spike_of_one_step_in_an_hour_is_drawn() -> None:
    values = np.zeros(180_000)
    values[123_457] = 10
    places = drawn(values)
    assert min(y for _, y in places) == 0.0
    assert len(places) < 20
    noise = np.random.default_rng(0).normal(size=180_000)
    assert len(drawn(noise)) <= 2 * svg.COLUMNS + 1


def test_a_gap_is_a_gap() -> None:
    values = np.zeros(10_000)
    values[4000:4001] = np.nan
    across, up = svg.Scale(0, 10_000, 0, 500), svg.Scale(-1, 1, 100, 0)
    assert svg.line("leader", np.arange(10_000.0), values, across, up).count("M") == 2


def test_rounding_does_not_add_up() -> None:
    values = np.linspace(-9, 9, 700)
    assert abs(drawn(values)[-1][1] - 5.0) < 0.2
    assert abs(drawn(values)[-1][0] - 499.3) < 0.2


@given(ANY)
def test_any_numbers_have_a_scale_ticks_and_a_line(values: list[float]) -> None:
    array = np.array(values)
    low, high = svg.extent(array, least=0.1)
    assert low < high
    assert len(svg.ticks(low, high, 3)) <= 10
    for x, y in drawn(array):
        assert np.isfinite([x, y]).all()
