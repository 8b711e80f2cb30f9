"""Means and deviations that make joints numbers around 0. The only place that does so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from act.errors import CheckpointError

Vector = npt.NDArray[np.float32]
Numbers = TypeVar("Numbers", npt.NDArray[np.float32], torch.Tensor)

MIN_STD: Final = 1e-2
"""A joint that hardly moves would be blown up otherwise; the reference's number, in rad."""
MAX_JOINTS: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Stats:
    """Of joints as observed, (state_dim,) float32, and of actions, (action_dim,) float32: rad,
    grippers 0-1. Deviations are never below `MIN_STD`."""

    qpos_mean: Vector
    qpos_std: Vector
    action_mean: Vector
    action_std: Vector

    def normalise_qpos(self, qpos: Numbers) -> Numbers:
        """(..., state_dim) in rad to numbers around 0, on the device where it lies."""
        return _normalised(qpos, self.qpos_mean, self.qpos_std)

    def normalise_action(self, action: Numbers) -> Numbers:
        """(..., action_dim) in rad to numbers around 0."""
        return _normalised(action, self.action_mean, self.action_std)

    def restore_action(self, action: Numbers) -> Numbers:
        """What a policy says, (..., action_dim), in rad."""
        std, mean = _like(self.action_std, action), _like(self.action_mean, action)
        restored: Numbers = action * std + mean
        return restored

    def still(self) -> list[int]:
        """Joints whose observation or action moves so little that its deviation was raised."""
        pairs = zip(self.qpos_std, self.action_std, strict=False)
        return [joint for joint, pair in enumerate(pairs) if min(pair) <= np.float32(MIN_STD)]


def of_episodes(qpos: Sequence[Vector], action: Sequence[Vector]) -> Stats:
    """Statistics over all steps of these episodes, each (T, D): mean and unbiased deviation."""
    return Stats(*_mean_and_std(qpos), *_mean_and_std(action))


def to_json(stats: Stats) -> dict[str, list[float]]:
    """For a JSON file; `from_json` gives the same bits back."""
    return {field.name: getattr(stats, field.name).tolist() for field in fields(Stats)}


def from_json(document: Mapping[str, Any]) -> Stats:
    """What `to_json` gave.

    Raises:
        CheckpointError: it did not give this.
    """
    vectors = {field.name: _vector(document, field.name) for field in fields(Stats)}
    for name in ("qpos", "action"):
        mean, std = vectors[f"{name}_mean"], vectors[f"{name}_std"]
        if len(mean) != len(std) or (std <= 0).any():
            raise CheckpointError(f"The statistics' {name}_std does not fit its mean.")
    return Stats(**vectors)


def _mean_and_std(episodes: Sequence[Vector]) -> tuple[Vector, Vector]:
    steps = np.concatenate(episodes).astype(np.float64)
    std = steps.std(axis=0, ddof=1) if len(steps) > 1 else np.zeros(steps.shape[1])
    return steps.mean(axis=0).astype(np.float32), np.maximum(std, MIN_STD).astype(np.float32)


def _vector(document: Mapping[str, Any], name: str) -> Vector:
    values = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_JOINTS:
        raise CheckpointError(f"The statistics have no {name} of 1 to {MAX_JOINTS} numbers.")
    if not all(isinstance(value, float | int) and abs(value) < 1e30 for value in values):
        raise CheckpointError(f"The statistics' {name} holds something that is no finite number.")
    return np.array(values, np.float32)


def _normalised(numbers: Numbers, mean: Vector, std: Vector) -> Numbers:
    normalised: Numbers = (numbers - _like(mean, numbers)) / _like(std, numbers)
    return normalised


def _like(values: Vector, numbers: Any) -> Any:
    is_tensor = isinstance(numbers, torch.Tensor)
    return torch.from_numpy(values).to(numbers.device) if is_tensor else values
