"""Weights and inputs of the golden numbers, the same to the bit on every machine.

`small2.npz` holds what the original code (tonyzhaozh/act 742c753, CPU, torch 2.13, float32) says
to them: hidden 64, feedforward 128, 8 heads, 2 layers of each kind, chunk 10, batch 2, two cameras
of 96 x 128. `keys_small2.json` has its names of the weights and their shapes.

Numbers come from a 32-bit integer hash of (name, index): sine-like weights would be too alike to
tell a swapped camera, colour or position from the right one.
"""

import json
import math
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from act.config import ModelConfig

HERE: Final = Path(__file__).parent
CONFIG: Final = ModelConfig(
    cameras=("left", "right"),
    image_height=96,
    image_width=128,
    chunk=10,
    hidden=64,
    feedforward=128,
    encoder_layers=2,
    decoder_layers=2,
    vae_layers=2,
    dropout=0.0,
    queries="learned",
    decoder_output="first",
    pad_head=True,
)
MASK: Final = np.uint64(0xFFFFFFFF)


def answers() -> dict[str, npt.NDArray[Any]]:
    """What the original code says."""
    with np.load(HERE / "small2.npz", allow_pickle=False) as archive:
        return dict(archive)


def uniform(name: str, *shape: int) -> npt.NDArray[np.float64]:
    """Numbers in [-1, 1), in the order of C."""
    index = np.arange(math.prod(shape), dtype=np.uint64)
    x = (index * np.uint64(2654435761) + np.uint64(zlib.crc32(name.encode()))) & MASK
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint64(shift)
        x = (x * np.uint64(factor)) & MASK
    x ^= x >> np.uint64(16)
    return (x / 2.0**31 - 1.0).reshape(shape)


def weights(positions: Tensor) -> dict[str, Tensor]:
    """All of the original's, under its names; `positions` are of its CVAE encoder, a constant."""
    shapes = json.loads((HERE / "keys_small2.json").read_text())
    made = {name: torch.from_numpy(_weight(name, shape)) for name, shape in shapes.items()}
    return made | {"pos_table": positions}


def _weight(name: str, shape: list[int]) -> npt.NDArray[np.float32]:
    *_, parent, leaf = ["", *name.split(".")]
    is_norm = parent.startswith(("norm", "bn")) or ".downsample.1." in name
    values = uniform(name, *shape)
    if leaf == "running_var":
        values = 1 + 0.5 * values
    elif is_norm and leaf == "weight":
        values = 1 + 0.2 * values
    elif len(shape) < 2:
        values = 0.1 * values
    elif not name.endswith("_embed.weight"):
        gain = 2.0 if leaf == "in_proj_weight" else 1.0
        values = gain * np.sqrt(3 / math.prod(shape[1:])) * values
    return values.astype(np.float32)


def inputs(config: ModelConfig = CONFIG, batch: int = 2) -> dict[str, Tensor]:
    """Arguments of `ACT.forward`: the last fifths of each chunk are padding."""
    size = (batch, len(config.cameras), 3, config.image_height, config.image_width)
    sample, camera, colour, row, column = np.ogrid[tuple(slice(n) for n in size)]
    noise = ((uniform("image", *size) + 1) * 16).astype(np.int64)
    pictures = (31 * sample + 97 * camera + 40 * colour + 3 * row + 5 * column + noise) % 256
    padded = [config.chunk - (i + 1) * config.chunk // 5 for i in range(batch)]
    steps = torch.arange(config.chunk)
    numbers = {
        name: torch.from_numpy((1.5 * uniform(name, *shape)).astype(np.float32))
        for name, shape in (
            ("qpos", (batch, config.state_dim)),
            ("actions", (batch, config.chunk, config.action_dim)),
            ("eps", (batch, config.latent)),
        )
    }
    return numbers | {
        "images": torch.from_numpy(pictures.astype(np.uint8)).permute(0, 1, 3, 4, 2).contiguous(),
        "is_pad": torch.stack([steps >= start for start in padded]),
    }


def small(**changes: Any) -> ModelConfig:
    """Other small networks, for tests that need no golden numbers."""
    return replace(CONFIG, **changes)
