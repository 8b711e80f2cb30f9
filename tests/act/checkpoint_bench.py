"""A small checkpoint to save, load and break."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from act.checkpoints.checkpoint import Checkpoint
from act.config import ModelConfig, TrainConfig
from act.data.stats import Stats
from act.model import ACT
from act.training.optimiser import MOMENTS

MODEL = ModelConfig(
    ("cam_high",),
    image_height=32,
    image_width=32,
    crops=((0.25, 0.0, 0.5, 0.75),),
    chunk=4,
    hidden=8,
    feedforward=8,
    heads=2,
    encoder_layers=1,
    decoder_layers=1,
    vae=False,
    backbone="small",
    backbone_width=2,
    backbone_norm="batch",
)
META: dict[str, Any] = {
    "step": 0,
    "task": "battery",
    "prompt": "Insert the battery.",
    "preset": "small",
    "episodes": ["/datasets/battery/episode_0.hdf5"],
    "backbone": "from scratch",
    "software": "{}",
    "created_utc": "2025-01-01T00:00:00+00:00",
    "threads": 1,
    "fps": 50,
    "joint_names": [],
    "losses": {"best": 0.5},
}


def make_checkpoint(step: int = 0, *, to_go_on: bool = True) -> Checkpoint:
    """One whose every weight and moment is its step."""
    weights = {name: torch.full_like(each, step) for name, each in ACT(MODEL).state_dict().items()}
    floats = {name: each for name, each in weights.items() if each.is_floating_point()}
    training = {
        f"{kind}.{name}": it.clone()
        for kind in ("raw", *MOMENTS[:2])
        for name, it in floats.items()
    }
    training |= {f"step.{name}": torch.tensor(float(step)) for name in floats}
    ones = np.ones(14, np.float32)
    return Checkpoint(
        MODEL,
        TrainConfig(),
        Stats(ones, ones, ones, ones),
        weights,
        META | {"step": step},
        training=training if to_go_on else {},
    )


def is_whole(checkpoint: Checkpoint) -> bool:
    """Whether all of it is of the same step."""
    tensors = (*checkpoint.weights.values(), *checkpoint.training.values())
    return all(bool((each == checkpoint.meta["step"]).all()) for each in tensors)


def change(path: Path, *keys: str, to: Any) -> None:
    """Let something else stand in a JSON file."""
    table = place = json.loads(path.read_text())
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    path.write_text(json.dumps(table))
