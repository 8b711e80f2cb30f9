"""Distances in rad, beside what knowing nothing gives; and the log and picture of a training."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from act.data.dataset import Batch
from act.data.stats import Stats
from act.training.curves import LOG, PICTURE, Log, draw
from act.training.metrics import as_json, open_loop, table
from teleop.joints import DOF, JOINT_NAMES

CHUNK = 60
STATS = Stats(
    qpos_mean=np.full(DOF, 0.5, np.float32),
    qpos_std=np.full(DOF, 2.0, np.float32),
    action_mean=np.linspace(-1, 1, DOF, dtype=np.float32),
    action_std=np.full(DOF, 0.25, np.float32),
)


def batch_of(actions: torch.Tensor, qpos: torch.Tensor, lengths: list[int]) -> Batch:
    """Samples (B, k, D) in rad whose episodes go on for so many steps."""
    ahead = torch.arange(CHUNK)
    return Batch(
        qpos=STATS.normalise_qpos(qpos),
        images=torch.zeros(len(qpos), 1, 8, 8, 3, dtype=torch.uint8),
        camera_mask=torch.ones(len(qpos), 1, dtype=torch.bool),
        actions=STATS.normalise_action(actions),
        is_pad=torch.stack([ahead >= length for length in lengths]),
        episode=torch.zeros(len(qpos), dtype=torch.int64),
    )


def test_errors_are_those_of_the_definition() -> None:
    random = torch.Generator().manual_seed(7)
    actions = torch.randn(6, CHUNK, DOF, generator=random)
    qpos = torch.randn(6, DOF, generator=random)
    lengths = [60, 50, 49, 10, 9, 1]
    parts = slice(0, 4), slice(4, 6)
    batches = [batch_of(actions[part], qpos[part], lengths[part]) for part in parts]
    offset = torch.linspace(0, 0.3, DOF)
    errors = open_loop(lambda it: it.actions + offset / 0.25, batches, STATS)
    assert [each.horizon for each in errors] == [1, 10, 50]
    assert [each.samples for each in errors] == [6, 4, 2]
    for each in errors:
        rows = [i for i, length in enumerate(lengths) if length >= each.horizon]
        wanted = actions[rows, each.horizon - 1]
        for found, guess in (
            (each.policy, wanted + offset),
            (each.hold_still, qpos[rows]),
            (each.mean_action, torch.from_numpy(STATS.action_mean)),
        ):
            expected = (guess - wanted).abs().mean(0).tolist()
            assert found == pytest.approx(expected, abs=1e-5)


def test_the_table_has_grippers_apart() -> None:
    actions = torch.zeros(1, CHUNK, DOF)
    qpos = torch.tensor([[1.0 if "gripper" in name else 0.125 for name in JOINT_NAMES]])
    errors = open_loop(lambda it: it.actions, [batch_of(actions, qpos, [CHUNK])], STATS)
    first = table(errors)[2].split()
    assert first[:3] == ["1", "0.0000", "0.1250"]
    assert first[4:6] == ["0.0000", "1.0000"]
    document = json.loads(json.dumps(as_json(errors)))
    assert document["joints"] == list(JOINT_NAMES)
    assert document["open_loop"][0]["hold_still"][6] == 1


def test_a_log_goes_on_where_the_training_does(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for step in range(1, 8):
        log.append({"step": step, "reconstruction": 1 / step})
    with (tmp_path / LOG).open("a") as file:
        file.write('{"step": 8, "recon')  # killed here
    assert [row["step"] for row in log.rows()] == list(range(1, 8))
    log.cut(5)
    log.append({"step": 6})
    assert [row["step"] for row in Log(tmp_path).rows()] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(ValueError, match="not JSON compliant"):
        log.append({"step": 7, "reconstruction": math.nan})


def test_a_picture_of_whatever_there_is(tmp_path: Path) -> None:
    some = [{"step": 1, "reconstruction": 0.5, "kl": 0.0}, {"step": 2, "skipped": True}]
    more = [*some, {"step": 3, "reconstruction": 0.2, "kl": 1.0, "validation": None}]
    for rows in (some, more, []):
        draw(rows, tmp_path)
        assert (tmp_path / PICTURE).read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in tmp_path.iterdir()] == [PICTURE]
