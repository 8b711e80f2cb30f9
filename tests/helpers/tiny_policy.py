"""A policy that has learned nothing, small enough to be loaded and asked in a moment."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from act.checkpoints.checkpoint import Checkpoint, save
from act.config import ModelConfig, TrainConfig
from act.data.stats import Stats
from act.model import ACT
from teleop.joints import DOF, JOINT_NAMES
from teleop.rig_config import PoseConfig

START = np.tile([*PoseConfig().start_rad, 0.1], 2).astype(np.float32)


def tiny_policy(
    folder: Path,
    *,
    cameras: tuple[str, ...] = ("cam_high",),
    size: tuple[int, int] = (48, 64),
    spread: float = 0.05,
    **model: Any,
) -> Path:
    """A checkpoint whose actions are about the start pose, at most some `spread` rad away."""
    config = ModelConfig(
        cameras,
        *size,
        **{
            **{"chunk": 20, "hidden": 16, "feedforward": 32, "heads": 2, "encoder_layers": 1},
            **{"decoder_layers": 1, "vae": False, "dropout": 0.0, "backbone": "small"},
            **{"backbone_width": 2, "backbone_norm": "batch"},
            **model,
        },
    )
    torch.manual_seed(0)
    std = np.full(DOF, spread, np.float32)
    stats = Stats(START, np.ones(DOF, np.float32), START, std)
    meta = {
        **{
            "step": 0,
            "task": "transfer_cube",
            "prompt": "",
            "preset": "small",
            "episodes": ["episode_0.hdf5"],
        },
        **{"backbone": "none", "software": "", "created_utc": "2025-01-01T00:00:00+00:00"},
        **{"threads": 1, "fps": 50, "joint_names": list(JOINT_NAMES), "losses": {}},
    }
    weights = ACT(config).state_dict()
    save(folder, Checkpoint(config, TrainConfig(), stats, weights, meta))
    return folder
