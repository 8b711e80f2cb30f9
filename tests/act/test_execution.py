"""Chunks to commands, against a plain statement of the formulae: one table of all predictions.

The table is the one of the paper's code: row s is what was predicted from tick s, column t what
it says of tick t; what is not in it is not populated.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from act.errors import ConfigError
from act.rollout.execution import (
    Chunked,
    Ensemble,
    Execution,
    ExecutionConfig,
    Favor,
    at_lower_rate,
)

D = 3
Floats = npt.NDArray[np.float64]
FAVORS: tuple[Favor, ...] = ("older", "newer")
decays = st.sampled_from([0.0, 0.01, 0.1, 1.0])
chunk_lengths = st.integers(1, 8)
seeds = st.integers(0, 2**32 - 1)


def chunks_of(seed: int, k: int) -> Callable[[int], Floats]:
    """What is predicted from a tick; a quarter of it is exactly 0, as real commands may be."""

    def chunk(tick: int) -> Floats:
        random = np.random.default_rng((seed, tick))
        return random.normal(size=(k, D)) * (random.random((k, D)) > 0.25)

    return chunk


def run(execution: Execution, chunk: Callable[[int], Floats], ticks: int, late: int = 0) -> Floats:
    """A loop that asks when it is to, and obeys; predictions come `late` ticks after."""
    asked: int | None = None
    commands = []
    for tick in range(ticks):
        for _ in range(2):  # an answer comes, the next is asked for, and without delay comes, too
            if asked is not None and tick >= asked + late:
                execution.add(asked, chunk(asked))
                asked = None
            if asked is None and execution.wants(tick):
                asked = tick
        commands.append(execution.targets(tick, 1)[0] if tick >= late else np.full(D, np.nan))
    return np.array(commands)


def table(chunks: Mapping[int, Floats], ticks: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """all_time_actions (ticks, ticks, D), and which of its cells are populated."""
    actions = np.zeros((ticks, ticks, D))
    populated = np.zeros((ticks, ticks), bool)
    for start, chunk in chunks.items():
        for column in range(min(len(chunk), ticks - start)):
            actions[start, start + column] = chunk[column]
            populated[start, start + column] = True
    return actions, populated


def weigh(rows: npt.NDArray[np.int64], decay: float, favor: Favor) -> list[float]:
    """The formula: i = 0 the oldest, or age 0 the newest; normalised."""
    raw = [
        math.exp(-decay * (row - rows[0] if favor == "older" else rows[-1] - row)) for row in rows
    ]
    return [weight / math.fsum(raw) for weight in raw]


@given(seed=seeds, k=chunk_lengths, decay=decays, favor=st.sampled_from(FAVORS), data=st.data())
def test_ensembling_is_the_weighted_mean_of_the_table(
    seed: int, k: int, decay: float, favor: Favor, data: st.DataObject
) -> None:
    every, ticks, chunk = data.draw(st.integers(1, k)), 3 * k, chunks_of(seed, k)
    commands = run(Ensemble(every, decay, favor), chunk, ticks)
    actions, populated = table({s: chunk(s) for s in range(0, ticks, every)}, ticks)
    for tick in range(ticks):
        rows = np.flatnonzero(populated[:, tick])
        weights = weigh(rows, decay, favor)
        expected = sum(w * actions[row, tick] for w, row in zip(weights, rows, strict=True))
        np.testing.assert_allclose(commands[tick], expected, atol=1e-12)


@given(seed=seeds, k=chunk_lengths, decay=decays)
def test_a_chunk_every_tick_is_the_papers_code(seed: int, k: int, decay: float) -> None:
    """There i is the number of the prediction, from ramp-up (fewer than k of them) on."""
    ticks, chunk = 2 * k + 1, chunks_of(seed, k)
    commands = run(Ensemble(1, decay, "older"), chunk, ticks)
    actions, populated = table({s: chunk(s) for s in range(ticks)}, ticks)
    for tick in range(ticks):
        said = actions[:, tick][populated[:, tick]]
        assert len(said) == min(tick + 1, k)
        weights = np.exp(-decay * np.arange(len(said)))
        weights = weights / weights.sum()
        np.testing.assert_allclose(
            commands[tick], (said * weights[:, None]).sum(axis=0), atol=1e-12
        )


@given(n=st.integers(1, 20), decay=decays)
def test_the_two_directions_are_mirrored(n: int, decay: float) -> None:
    older, newer = (_weights_of(n, decay, favor) for favor in FAVORS)
    np.testing.assert_allclose(older, newer[::-1], atol=1e-15)
    assert (np.diff(older) <= 0).all()
    growing = np.exp(decay * np.arange(n) - decay * (n - 1))  # LeRobot's negative coefficient
    np.testing.assert_allclose(newer, growing / growing.sum(), atol=1e-15)


def _weights_of(n: int, decay: float, favor: Favor) -> Floats:
    """By what comes out when each of n chunks says 1 in a dimension of its own."""
    execution = Ensemble(1, decay, favor)
    for tick in range(n):
        execution.add(tick, np.tile(np.eye(n)[tick], (n, 1)))
    return execution.targets(n - 1, 1)[0]


def test_a_hundred_predictions_weigh_what_the_paper_says() -> None:
    weights = _weights_of(100, 0.01, "older")
    assert weights[0] == pytest.approx(0.0157, abs=5e-5)
    assert weights[-1] == pytest.approx(0.0058, abs=5e-5)
    mean_age = (weights * np.arange(99, -1, -1)).sum()
    assert mean_age == pytest.approx(57.7, abs=0.1)
    assert ExecutionConfig(ensemble_every=1).oldest_to_newest(100) == pytest.approx(
        weights[0] / weights[-1]
    )


@given(seed=seeds, k=chunk_lengths, decay=decays, favor=st.sampled_from(FAVORS), data=st.data())
def test_commands_stay_between_what_the_chunks_say(
    seed: int, k: int, decay: float, favor: Favor, data: st.DataObject
) -> None:
    every, chunk = data.draw(st.integers(1, k)), chunks_of(seed, k)
    commands = run(Ensemble(every, decay, favor), chunk, 2 * k)
    actions, populated = table({s: chunk(s) for s in range(0, 2 * k, every)}, 2 * k)
    for tick, command in enumerate(commands):
        said = actions[:, tick][populated[:, tick]]
        assert (command >= said.min(axis=0) - 1e-12).all()
        assert (command <= said.max(axis=0) + 1e-12).all()


@given(k=chunk_lengths, decay=decays, favor=st.sampled_from(FAVORS), data=st.data())
def test_what_all_say_is_done(k: int, decay: float, favor: Favor, data: st.DataObject) -> None:
    said = np.full((k, D), 0.3)
    every = data.draw(st.integers(1, k))
    for execution in (Ensemble(every, decay, favor), Chunked(every)):
        np.testing.assert_allclose(run(execution, lambda _: said, 2 * k), 0.3, atol=1e-15)


@given(seed=seeds, k=chunk_lengths, data=st.data())
def test_open_loop_runs_each_chunk_for_its_ticks(seed: int, k: int, data: st.DataObject) -> None:
    execute, chunk = data.draw(st.integers(1, k)), chunks_of(seed, k)
    commands = run(Chunked(execute), chunk, 3 * k)
    for tick, command in enumerate(commands):
        start = tick // execute * execute
        assert (command == chunk(start)[tick - start]).all()


@given(seed=seeds, k=st.integers(2, 8), data=st.data())
def test_a_late_chunk_joins_at_the_column_of_now(seed: int, k: int, data: st.DataObject) -> None:
    late = data.draw(st.integers(1, k - 1))
    execute, chunk = data.draw(st.integers(1, k)), chunks_of(seed, k)
    commands = run(Chunked(execute), chunk, 6 * k, late)
    period = max(execute, late)  # nobody asks again before there is an answer
    for tick in range(late, 6 * k):
        start = (tick - late) // period * period
        expected = chunk(start)[tick - start] if tick - start < k else np.full(D, np.nan)
        np.testing.assert_array_equal(commands[tick], expected)


@given(seed=seeds, k=st.integers(2, 8), favor=st.sampled_from(FAVORS), data=st.data())
def test_targets_ahead_are_those_of_their_ticks(
    seed: int, k: int, favor: Favor, data: st.DataObject
) -> None:
    """Prefetched, or asked one at a time; beyond the last chunk nobody knows."""
    every, chunk = data.draw(st.integers(1, k)), chunks_of(seed, k)
    for execution in (Ensemble(every, 0.1, favor), Chunked(every)):
        run(execution, chunk, k)
        last = (k - 1) // every * every
        ahead = execution.targets(last, k + 3)
        one_by_one = [execution.targets(last + row, 1)[0] for row in range(k + 3)]
        np.testing.assert_array_equal(ahead, one_by_one)
        assert ahead.shape == (k + 3, D)
        assert ahead.dtype == np.float64
        np.testing.assert_array_equal(np.isnan(ahead), np.arange(k + 3)[:, None] >= [k] * D)


def test_an_episode_begins_with_nothing_of_the_last() -> None:
    execution = Ensemble(1, 0.01, "older")
    execution.add(7, np.ones((4, D)))
    assert not execution.wants(7)
    execution.reset()
    assert execution.wants(0)
    execution.add(0, np.zeros((4, D)))
    assert not execution.targets(0, 4).any()


def test_a_gap_is_made_up_for_at_once() -> None:
    """The machine slept: a prediction is due whatever the tick's number."""
    execution = Chunked(10)
    execution.add(0, np.zeros((10, D)))
    assert [tick for tick in (1, 9, 10, 11, 500) if execution.wants(tick)] == [10, 11, 500]
    execution.add(500, np.ones((10, D)))
    assert np.isfinite(execution.targets(500, 10)).all()


def test_nothing_is_kept_for_ever() -> None:
    """A session of hours does not fill the memory: 500 chunks of 100 ticks, and 100 of use."""
    execution = Ensemble(1, 0.01, "older")
    for tick in range(500):
        execution.add(tick, np.full((100, D), float(tick)))
    assert len(execution._chunks) == 100
    assert execution.targets(499, 1)[0, 0] == pytest.approx(
        np.average(np.arange(400, 500), weights=np.exp(-0.01 * np.arange(100)))
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"execute": 10, "ensemble_every": 10}, "choose one"),
        ({"execute": 0}, "1 tick or more"),
        ({"ensemble_every": -1}, "1 tick or more"),
        ({"control_stride": 0}, "1 tick or more"),
        ({"ensemble_decay": -0.01}, "favor newer"),
        ({"ensemble_decay": math.nan}, "from 0 to 1"),
        ({"ensemble_decay": math.inf}, "from 0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        dataclasses.replace(ExecutionConfig(), **options)  # type: ignore[arg-type]


def test_a_chunk_must_reach_the_next() -> None:
    for config in (ExecutionConfig(execute=51), ExecutionConfig(ensemble_every=51)):
        with pytest.raises(ConfigError, match="predicts 50 ticks"):
            config.execution(50)


def test_the_configuration_makes_what_it_says() -> None:
    chunk = chunks_of(1, 8)
    half, some = ExecutionConfig(), ExecutionConfig(execute=3)
    np.testing.assert_array_equal(run(half.execution(8), chunk, 20), run(Chunked(4), chunk, 20))
    np.testing.assert_array_equal(run(some.execution(8), chunk, 20), run(Chunked(3), chunk, 20))
    newer = ExecutionConfig(ensemble_every=2, ensemble_decay=0.1, ensemble_favor="newer")
    np.testing.assert_array_equal(
        run(newer.execution(8), chunk, 20), run(Ensemble(2, 0.1, "newer"), chunk, 20)
    )
    slow = ExecutionConfig(control_stride=4).execution(8)
    slow.add(0, chunk(0))
    np.testing.assert_array_equal(slow.targets(0, 8), at_lower_rate(chunk(0), 4))


def test_it_says_how_it_weighs() -> None:
    config = ExecutionConfig(ensemble_every=1)
    assert "oldest to newest 2.69 : 1" in config.describe(100)
    assert "0.372 : 1" in dataclasses.replace(config, ensemble_favor="newer").describe(100)
    assert "each run for 50 open loop" in ExecutionConfig().describe(100)
    steep = dataclasses.replace(config, ensemble_decay=1.0)
    assert math.isfinite(steep.oldest_to_newest(5000))


def test_asking_often_without_ensembling_is_warned_of() -> None:
    assert "may never get going" in ExecutionConfig(execute=10).warning(100)
    assert not ExecutionConfig(execute=50).warning(100)
    assert not ExecutionConfig(ensemble_every=10).warning(100)
    assert not ExecutionConfig().warning(1)  # no chunks at all: there is no other way


@given(seed=seeds, length=st.integers(1, 40), stride=st.integers(1, 12))
def test_a_lower_rate_keeps_each_so_many_and_goes_straight(
    seed: int, length: int, stride: int
) -> None:
    actions = np.random.default_rng(seed).normal(size=(length, D)).astype(np.float32)
    slower = at_lower_rate(actions, stride)
    assert slower.shape == actions.shape
    np.testing.assert_array_equal(slower[::stride], actions[::stride])
    last = (length - 1) // stride * stride
    np.testing.assert_array_equal(
        slower[last:], np.repeat(actions[last : last + 1], length - last, 0)
    )
    inner = (
        np.diff(slower[: last + 1], axis=0).reshape(-1, stride, D) if last else np.zeros((0, 1, D))
    )
    np.testing.assert_allclose(inner, inner[:, :1].repeat(inner.shape[1], axis=1), atol=1e-6)
