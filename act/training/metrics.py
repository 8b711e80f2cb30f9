"""How far predicted actions are from demonstrated ones that were not learned from: open loop, so no
rig is needed, in rad, and beside what knowing nothing would give."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import Tensor

from act.data.dataset import Batch
from act.data.stats import Stats
from teleop.joints import JOINT_NAMES, is_gripper

HORIZONS: Final = (1, 10, 50, 100)
"""The action so many steps after the picture; at 50 Hz, 50 is a second."""
Predict = Callable[[Batch], Tensor]
"""Normalised actions (B, k, D)."""


@dataclass(frozen=True, slots=True)
class Error:
    """Mean distance from the demonstrated action so many steps ahead; each a number a joint, rad
    (grippers: 0 closed, 1 open).

    Attributes:
        samples: pictures whose episode was so long.
        policy: of what it predicts.
        hold_still: of staying where the arms are.
        mean_action: of the mean of all demonstrations.
    """

    horizon: int
    samples: int
    policy: tuple[float, ...]
    hold_still: tuple[float, ...]
    mean_action: tuple[float, ...]


def open_loop(predict: Predict, batches: Iterable[Batch], stats: Stats) -> list[Error]:
    """The errors at each horizon that a chunk reaches and an episode has."""
    rows = [_in_rad(predict(batch), batch, stats) for batch in batches]
    predicted, true, hold, pad = (torch.cat(each) for each in zip(*rows, strict=True))
    return list(_errors(predicted, true, hold, pad, torch.from_numpy(stats.action_mean)))


def _in_rad(predicted: Tensor, batch: Batch, stats: Stats) -> tuple[Tensor, ...]:
    """Predicted and true actions, joints, and what is padding."""
    return (
        stats.restore_action(predicted.float().cpu()),
        stats.restore_action(batch.actions.cpu()),
        batch.qpos.cpu() * torch.from_numpy(stats.qpos_std) + torch.from_numpy(stats.qpos_mean),
        batch.is_pad.cpu(),
    )


def _errors(
    predicted: Tensor, true: Tensor, hold: Tensor, pad: Tensor, mean: Tensor
) -> Iterable[Error]:
    for horizon in HORIZONS:
        if horizon > true.shape[1]:
            return
        valid = ~pad[:, horizon - 1]
        if count := int(valid.sum()):
            wanted = true[valid, horizon - 1]
            guesses = (predicted[valid, horizon - 1], hold[valid], mean.expand_as(wanted))
            yield Error(horizon, count, *(_per_joint(each - wanted) for each in guesses))


def _per_joint(difference: Tensor) -> tuple[float, ...]:
    return tuple(round(each, 6) for each in difference.abs().mean(0).tolist())


def table(errors: list[Error]) -> list[str]:
    """Lines for people: the mean of all joints and of the grippers, policy beside baselines."""
    lines = ["open loop, mean error      joints, rad             grippers, 0..1"]
    lines.append("steps ahead   policy   still    mean     policy   still    mean")
    for each in errors:
        rows = (each.policy, each.hold_still, each.mean_action)
        numbers = [_mean(row, grippers) for grippers in (False, True) for row in rows]
        lines.append(f"{each.horizon:11}   " + "  ".join(f"{number:7.4f}" for number in numbers))
    return lines


def as_json(errors: list[Error]) -> dict[str, Any]:
    """For programs, with the joints' names where they are the usual ones."""
    named = all(len(each.policy) == len(JOINT_NAMES) for each in errors)
    return {
        "joints": list(JOINT_NAMES) if named else None,
        "open_loop": [asdict(each) for each in errors],
    }


def _mean(row: tuple[float, ...], grippers: bool) -> float:
    """Over the joints that are grippers, or over those that are not."""
    names = JOINT_NAMES if len(row) == len(JOINT_NAMES) else [""] * len(row)
    chosen = [each for name, each in zip(names, row, strict=True) if is_gripper(name) == grippers]
    return sum(chosen) / len(chosen) if chosen else float("nan")
