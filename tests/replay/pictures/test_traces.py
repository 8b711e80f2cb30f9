"""What a plot shows: where the joint was, what was wrong with it and when."""

import dataclasses

import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from replay import colours
from replay.colours import rgb
from replay.material import Mark, Motion, motion_of
from replay.pictures.canvas import PANEL
from replay.pictures.traces import Plot, Traces, draw_cursor, traces
from tests.replay.pictures.well_behaved import calm_episode

WIDTH, HEIGHT, STEPS = 1400, 400, 60


@pytest.fixture(scope="module")
def motion(tmp_path_factory: pytest.TempPathFactory) -> Motion:
    with EpisodeReader(calm_episode(tmp_path_factory.mktemp("calm"), STEPS)) as episode:
        return motion_of(episode)


def part(drawn: Traces, plot: Plot) -> np.ndarray:
    """The image of a plot."""
    return drawn.image[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]


def column(drawn: Traces, plot: Plot, step: int) -> np.ndarray:
    """The pixels of a plot above a step."""
    return part(drawn, plot)[:, round(plot.x(step, STEPS)) - plot.left]


def is_shaded(drawn: Traces, plot: Plot, step: int) -> bool:
    """Most of it is not the panel's white."""
    return bool((column(drawn, plot, step) != PANEL).any(axis=1).mean() > 0.9)


def test_every_joint_has_a_plot_of_its_own(motion: Motion) -> None:
    drawn = traces(motion, [], WIDTH, HEIGHT)
    assert drawn.image.shape == (HEIGHT, WIDTH, 3)
    assert [plot.joint for plot in drawn.plots] == list(range(14))
    assert len({plot.top for plot in drawn.plots}) == 2  # a row an arm
    for plot in drawn.plots:
        seen = {tuple(pixel) for pixel in part(drawn, plot).reshape(-1, 3)}
        assert rgb(colours.FOLLOWER) in seen
        assert plot.top + plot.height <= HEIGHT
        assert plot.left + plot.width <= WIDTH


def test_a_line_is_where_its_value_is(motion: Motion) -> None:
    drawn = traces(motion, [], WIDTH, HEIGHT)
    plot = drawn.plots[3]
    step = 30
    follower = np.flatnonzero((column(drawn, plot, step) == rgb(colours.FOLLOWER)).all(axis=1))
    expected = plot.y(motion.qpos[step, 3]) - plot.top
    assert abs(follower.mean() - expected) < 2


def test_a_finding_shades_the_plot_of_its_joint(motion: Motion) -> None:
    name = motion.joint_names[2]
    marks = [Mark(20, 40, "reject", "position_jump", f"{name}: position jumps.")]
    drawn = traces(motion, marks, WIDTH, HEIGHT)
    for plot in drawn.plots:
        assert is_shaded(drawn, plot, 30) == (plot.joint == 2)
        assert not is_shaded(drawn, plot, 50)


def test_a_finding_of_no_joint_shades_all(motion: Motion) -> None:
    marks = [Mark(20, 40, "warn", "late_ticks", "Ticks began late.")]
    drawn = traces(motion, marks, WIDTH, HEIGHT)
    assert all(is_shaded(drawn, plot, 30) for plot in drawn.plots)


def test_what_is_true_of_the_whole_episode_hides_nothing(motion: Motion) -> None:
    marks = [Mark(0, STEPS - 1, "reject", "too_short", "The episode is short.")]
    drawn = traces(motion, marks, WIDTH, HEIGHT)
    assert not any(is_shaded(drawn, plot, 30) for plot in drawn.plots)


def test_limited_commands_are_marked_at_the_foot(motion: Motion) -> None:
    limited = motion.limited.copy()
    limited[10:20, 5] = 2
    drawn = traces(dataclasses.replace(motion, limited=limited), [], WIDTH, HEIGHT)
    feet = [tuple(column(drawn, plot, 15)[-2]) == rgb(colours.WARN) for plot in drawn.plots]
    assert feet == [plot.joint == 5 for plot in drawn.plots]


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.7e308])
def test_numbers_that_are_none_are_no_crash(motion: Motion, value: float) -> None:
    qpos = motion.qpos.copy()
    qpos[10:30, 4] = value
    qpos[:, 7] = value
    qpos[5, 7] = 1.7e308
    wild = dataclasses.replace(motion, qpos=qpos)
    drawn = traces(wild, [], WIDTH, HEIGHT)
    usual = traces(motion, [], WIDTH, HEIGHT)
    untouched = next(plot for plot in usual.plots if plot.joint == 0)
    assert np.array_equal(part(drawn, untouched), part(usual, untouched))
    draw_cursor(drawn.image, 0, drawn, wild, 12)
    assert not np.array_equal(part(drawn, untouched), part(usual, untouched))


def test_the_cursor_is_at_the_step(motion: Motion) -> None:
    drawn = traces(motion, [], WIDTH, HEIGHT)
    before = drawn.image.copy()
    draw_cursor(drawn.image, 0, drawn, motion, 45)
    for plot in drawn.plots:
        changed = (drawn.image != before).any(axis=2)[plot.top : plot.top + plot.height]
        columns = np.flatnonzero(changed[0, plot.left : plot.left + plot.width])
        assert abs(columns.mean() - (plot.x(45, STEPS) - plot.left)) < 2


def test_one_arm_and_other_joints(motion: Motion) -> None:
    one = dataclasses.replace(
        motion,
        joint_names=tuple(f"axis {i}" for i in range(3)),
        **{name: getattr(motion, name)[:, :3] for name in ("leader", "action", "qpos", "limited")},
    )
    drawn = traces(one, [], WIDTH, HEIGHT)
    assert [plot.joint for plot in drawn.plots] == [0, 1, 2]
    assert len({plot.top for plot in drawn.plots}) == 1
