"""What the pictures send: calm ones come at their own rate, wild ones share a budget."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.dashboard.fake_facts import CAMERA_NAMES, facts, thumbnails
from tui.dashboard.drawing.rows import Row
from tui.dashboard.drawing.traffic import (
    FEWER_COLOURS,
    FULL_COLOUR,
    Budget,
    Cost,
    bytes_of,
    cost_of,
)
from tui.dashboard.panels.cameras import CameraWall
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import Thumbnail

PLACE = 51, 21
"""Of the pictures at 120x40."""
PER_S, THUMBNAILS_PER_S = 10, 5
Pictures = Callable[[float], tuple[Thumbnail, ...]]


def noise(t_s: float) -> tuple[Thumbnail, ...]:
    """Everything changes all the time, in patches so large that no mean makes them grey."""
    random = np.random.default_rng(round(100 * t_s))
    patches: npt.NDArray[np.uint8] = random.integers(0, 256, (4, 12, 16, 3), np.uint8)
    images = patches.repeat(5, axis=1).repeat(5, axis=2)
    pairs = zip(CAMERA_NAMES, images, strict=True)
    return tuple(Thumbnail(name, round(30 * t_s), image) for name, image in pairs)


def calm(t_s: float) -> tuple[Thumbnail, ...]:
    return thumbnails(facts(), t_s)


def watch(pictures: Pictures, cost: Cost, seconds: int = 10) -> tuple[float, list[float]]:
    """Bytes a second, and how often a second each camera's picture was drawn."""
    wall, sent = CameraWall(), 0
    wall.cost = cost
    drawn = dict.fromkeys(CAMERA_NAMES, 0)
    before: list[Row] = []
    numbers = dict.fromkeys(CAMERA_NAMES, -1)
    for tick in range(seconds * PER_S):
        t_s = tick / PER_S
        if tick % (PER_S // THUMBNAILS_PER_S) == 0:
            wall.take(pictures(t_s))
        rows = wall.draw(Scene(replace(facts(), now_s=t_s)), *PLACE)
        sent += bytes_of(before, rows, cost) if before else 0
        before = rows
        for name, shown in wall._shown.items():
            drawn[name] += shown.number != numbers[name]
            numbers[name] = shown.number
    return sent / seconds, [count / seconds for count in drawn.values()]


@pytest.mark.parametrize("cost", [FULL_COLOUR, FEWER_COLOURS])
def test_a_calm_scene_keeps_its_five_pictures_a_second(cost: Cost) -> None:
    sent, rates = watch(calm, cost)
    assert rates == [THUMBNAILS_PER_S] * 4
    assert sent < cost.budget


@pytest.mark.parametrize("cost", [FULL_COLOUR, FEWER_COLOURS])
def test_wild_pictures_come_less_often_and_all_cameras_equally(cost: Cost) -> None:
    sent, rates = watch(noise, cost)
    assert 0.8 * cost.budget < sent < 1.15 * cost.budget
    assert min(rates) >= 2
    assert max(rates) - min(rates) < 0.3


def test_larger_pictures_come_as_often() -> None:
    wall = CameraWall()
    numbers = set()
    for tick in range(100):
        if tick % 2 == 0:
            wall.take(noise(tick / 10))
        wall.draw(Scene(replace(facts(), now_s=tick / 10)), 200, 75)
        numbers.add(wall._shown[CAMERA_NAMES[0]].number)
    assert len(numbers) >= 20


def test_a_picture_is_one_frame() -> None:
    """Frames of one colour each: two of them are never seen at once."""

    def flat(t_s: float) -> tuple[Thumbnail, ...]:
        image = np.full((60, 80, 3), round(t_s * 10) % 8 * 32, np.uint8)
        image[:, ::8] ^= 16  # as dear as it can be
        return tuple(Thumbnail(name, round(30 * t_s), image) for name in CAMERA_NAMES)

    wall = CameraWall()
    for tick in range(40):
        wall.take(flat(tick / 10))
        wall.draw(Scene(replace(facts(), now_s=tick / 10)), *PLACE)
        for shown in wall._shown.values():
            assert all(row == shown.picture.rows[0] for row in shown.picture.rows)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50_000), min_size=1),
    st.floats(1e3, 1e5),
)
def test_nobody_is_left_out_and_the_rate_is_kept(sizes: dict[str, int], rate: float) -> None:
    budget, seconds, spent = Budget(), 60.0, 0
    turns: list[str] = []
    for tick in range(int(seconds * 10)):
        granted = budget.grant(sizes, rate, tick / 10)
        turns += granted
        spent += sum(sizes[name] for name in granted)
    assert spent <= seconds * rate + 0.2 * rate + sum(sizes.values())
    count = {name: turns.count(name) for name in sizes}
    assert max(count.values()) - min(count.values()) <= 1


def test_a_clock_that_stands_grants_no_more_and_one_that_leaps_not_everything() -> None:
    budget = Budget()
    assert budget.grant({"a": 30_000}, 10e3, 5.0) == ["a"]
    assert budget.grant({"a": 30_000}, 10e3, 5.0) == []
    assert budget.grant({"a": 1_500, "b": 1_500, "c": 1_500}, 10e3, 900.0) == ["b", "c"]


def test_a_row_counts_up_to_its_last_difference() -> None:
    old: list[Row] = [[("▀", "#000/#fff"), ("  ", "#0f0"), ("▀", "#111/#fff")], [("x", "ink")]]
    new: list[Row] = [[("▀", "#000/#fff"), ("  ", "#f00"), ("▀", "#111/#fff")], old[1]]
    assert bytes_of(old, new, FULL_COLOUR) == FULL_COLOUR.pair + 3 + FULL_COLOUR.ground + 2
    assert bytes_of(old, old, FULL_COLOUR) == 0
    assert bytes_of([], new, FULL_COLOUR) > 2 * FULL_COLOUR.pair


def test_the_cost_is_that_of_the_terminals_colours() -> None:
    assert cost_of("truecolor") is FULL_COLOUR
    assert cost_of("256") is cost_of("standard") is cost_of(None) is FEWER_COLOURS
