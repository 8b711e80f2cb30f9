"""Statistics are the reference's, and come back from a file to the bit."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from act.data.stats import MIN_STD, Stats, from_json, of_episodes, to_json
from act.errors import CheckpointError


def _episodes(lengths: list[int], seed: int, joints: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    scale = 10.0 ** random.uniform(-4, 2, joints)
    made = [random.normal(1, 1, (length, joints)) * scale for length in lengths]
    return [each.astype(np.float32) for each in made]


LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=5)


@given(LENGTHS, st.integers(0, 1 << 30))
def test_they_are_the_formulae_of_the_reference(lengths: list[int], seed: int) -> None:
    qpos, action = _episodes(lengths, seed), _episodes(lengths, seed + 1, joints=2)
    stats = of_episodes(qpos, action)
    for episodes, mean, std in (
        (qpos, stats.qpos_mean, stats.qpos_std),
        (action, stats.action_mean, stats.action_std),
    ):
        every = torch.from_numpy(np.concatenate(episodes)).double()
        expected = torch.clip(every.std(dim=0), 1e-2, np.inf).float().numpy()
        assert mean.dtype == std.dtype == np.float32
        np.testing.assert_allclose(mean, every.mean(dim=0).float().numpy(), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(std, expected, rtol=1e-6)


@given(LENGTHS, st.integers(0, 1 << 30))
def test_they_come_back_from_json_to_the_bit(lengths: list[int], seed: int) -> None:
    stats = of_episodes(_episodes(lengths, seed), _episodes(lengths, seed + 1))
    again = from_json(json.loads(json.dumps(to_json(stats))))
    for name, vector in to_json(stats).items():
        assert to_json(again)[name] == vector
    assert again.qpos_std.dtype == np.float32


def test_what_is_normalised_is_restored_as_array_and_as_tensor() -> None:
    qpos, action = _episodes([50], 1), _episodes([50], 2)
    stats = of_episodes(qpos, action)
    normal = stats.normalise_action(action[0])
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=0.2)
    np.testing.assert_allclose(stats.restore_action(normal), action[0], rtol=1e-4, atol=1e-4)
    tensor = stats.normalise_action(torch.from_numpy(action[0]))
    assert np.array_equal(tensor.numpy(), normal)
    expected = (qpos[0] - stats.qpos_mean) / stats.qpos_std
    assert np.array_equal(stats.normalise_qpos(torch.from_numpy(qpos[0])).numpy(), expected)


def test_joints_that_hardly_move_are_told() -> None:
    moving = np.random.default_rng(0).normal(0, 1, (50, 3)).astype(np.float32)
    moving[:, 1] = 0.25
    stats = of_episodes([moving], [moving])
    assert stats.still() == [1]
    assert stats.action_std[1] == np.float32(MIN_STD)


def test_one_step_is_enough() -> None:
    one = np.ones((1, 2), np.float32)
    assert of_episodes([one], [one]).qpos_std.tolist() == [np.float32(MIN_STD)] * 2


def _document(**changes: Any) -> dict[str, Any]:
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    return to_json(Stats(zeros, ones, zeros, ones)) | changes


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        _document(qpos_mean=None),
        _document(qpos_mean=[]),
        _document(qpos_mean=[0.0] * 100_000),
        _document(qpos_mean=[0.0]),
        _document(action_std=[1.0, 0.0]),
        _document(action_std=[1.0, -1.0]),
        _document(action_mean=[float("nan"), 0.0]),
        _document(action_mean=[float("inf"), 0.0]),
        _document(action_mean=[1e300, 0.0]),
        _document(action_mean=["1", 0.0]),
        _document(action_mean=[[0.0], [0.0]]),
    ],
)
def test_what_are_no_statistics_is_refused_in_a_sentence(document: Any) -> None:
    with pytest.raises(CheckpointError, match=r"^The statistics.*\.$"):
        from_json(document)


ONE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
ANYTHING = ONE | st.lists(ONE, max_size=4) | st.dictionaries(st.text(max_size=3), ONE, max_size=2)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(sorted(_document())), ANYTHING | st.lists(st.floats(0.1, 9), max_size=3)
    )
)
def test_any_document_is_statistics_or_refused(document: dict[str, Any]) -> None:
    try:
        stats = from_json(document)
    except CheckpointError:
        return
    assert np.isfinite(stats.normalise_action(np.zeros_like(stats.action_mean))).all()
