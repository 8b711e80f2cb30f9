"""Checkpoints of tonyzhaozh/act, read and written, as they are: each weight under its name there.

Its files are pickles, of which nothing is executed: torch's safe reader reads the weights, and
`act.checkpoints.reference_stats` the statistics.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from act.checkpoints.read_pickled import read_pickled
from act.checkpoints.reference_stats import read_stats
from act.config import ModelConfig
from act.data.stats import Stats
from act.errors import CheckpointError, ConfigError
from act.model import ACT

CHECKPOINTS: Final = ("policy_best.ckpt", "policy_last.ckpt")
STATS: Final = "dataset_stats.pkl"
SIM_CAMERAS: Final = ("top",)
ALOHA_CAMERAS: Final = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
"""In the reference's order."""

NAMES: Final = {
    "action_head.": "action_head.",
    "additional_pos_embed.weight": "token_positions",
    "backbones.0.0.body.": "backbone.",
    "cls_embed.weight": "vae.cls",
    "encoder.layers.": "vae.layers.",
    "encoder_action_proj.": "vae.actions.",
    "encoder_joint_proj.": "vae.joints.",
    "input_proj.": "image_projection.",
    "input_proj_robot_state.": "joints_projection.",
    "is_pad_head.": "pad_head.",
    "latent_out_proj.": "latent_projection.",
    "latent_proj.": "vae.head.",
    "pos_table": "vae.positions",
    "query_embed.weight": "queries",
    "transformer.decoder.layers.": "decoder.",
    "transformer.decoder.norm.": "decoder_norm.",
    "transformer.encoder.layers.": "encoder.",
}
"""How the names of its weights begin, and ours."""


def load_reference(
    path: Path, cameras: tuple[str, ...] = SIM_CAMERAS, size: tuple[int, int] = (480, 640)
) -> tuple[ModelConfig, dict[str, Tensor], Stats]:
    """A `.ckpt` file beside its dataset_stats.pkl, or the folder of a training (its best).

    Args:
        cameras: in the order in which it was trained; no file says which.
        size: of its pictures, height and width, px; no file says so either.

    Raises:
        CheckpointError: there is none, or it is broken, or not the reference's.
    """
    if path.is_dir():
        found = [path / name for name in CHECKPOINTS if (path / name).is_file()]
        if not found:
            raise CheckpointError(f"{path} has neither {' nor '.join(CHECKPOINTS)}.")
        path = found[0]
    theirs = _read_weights(path)
    try:
        config = config_of(theirs, cameras, size)
        weights = from_reference(theirs, config)
    except (CheckpointError, ConfigError) as error:
        raise CheckpointError(f"{path} is no checkpoint of tonyzhaozh/act: {error}") from error
    stats = read_stats(path.with_name(STATS))
    if (len(stats.qpos_mean), len(stats.action_mean)) != (config.state_dim, config.action_dim):
        raise CheckpointError(f"{path} and {STATS} beside it differ in the number of joints.")
    return config, weights, stats


def config_of(
    theirs: Mapping[str, Tensor], cameras: tuple[str, ...], size: tuple[int, int]
) -> ModelConfig:
    """The network that has weights of these shapes, with what the reference has hard-wired.

    Raises:
        CheckpointError: one that must be there is not.
    """

    def shape(name: str, dimensions: int = 2) -> tuple[int, ...]:
        if name not in theirs or theirs[name].dim() != dimensions:
            raise CheckpointError(f"it has no {name}.")
        return tuple(theirs[name].shape)

    def layers(start: str) -> int:
        return len({name[len(start) :].split(".")[0] for name in theirs if name.startswith(start)})

    return ModelConfig(
        cameras,
        *size,
        state_dim=shape("input_proj_robot_state.weight")[1],
        action_dim=shape("action_head.weight")[0],
        chunk=shape("query_embed.weight")[0],
        hidden=shape("query_embed.weight")[1],
        feedforward=shape("transformer.encoder.layers.0.linear1.weight")[0],
        encoder_layers=layers("transformer.encoder.layers."),
        decoder_layers=layers("transformer.decoder.layers."),
        vae_layers=layers("encoder.layers.") or 1,
        latent=shape("latent_out_proj.weight")[1],
        vae="cls_embed.weight" in theirs,
        queries="learned",
        decoder_output="first",
        pad_head="is_pad_head.weight" in theirs,
    )


def from_reference(theirs: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Its weights under our names, all that the network has and no other.

    Raises:
        CheckpointError: one is missing, unknown, of another shape, or not finite.
    """
    ours = {our_name(name): tensor for name, tensor in theirs.items()}
    with torch.device("meta"):
        expected = {name: tuple(each.shape) for name, each in ACT(config).state_dict().items()}
    if odd := sorted(expected.keys() ^ ours.keys()):
        what = "lacks" if odd[0] in expected else "has a strange"
        raise CheckpointError(f"it {what} {odd[0]!r:.80}.")
    for name, tensor in ours.items():
        if tuple(tensor.shape) != expected[name] or tensor.dtype != torch.float32:
            raise CheckpointError(f"its {name} is {tensor.dtype} {tuple(tensor.shape)!s:.60}.")
        if not tensor.isfinite().all():
            raise CheckpointError(f"its {name} holds what is no number.")
    return {name: tensor.contiguous() for name, tensor in ours.items()}


def to_reference(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our weights under its names, as its `policy.load_state_dict` takes them."""
    back = {ours: theirs for theirs, ours in NAMES.items()}
    return {f"model.{our_name(name, back)}": tensor for name, tensor in weights.items()}


def our_name(theirs: str, names: Mapping[str, str] = NAMES) -> str:
    """What the weight with this name there is called here; itself, if it is none of these."""
    for start, instead in names.items():
        if theirs.startswith(start):
            return instead + theirs.removeprefix(start)
    return theirs


def _read_weights(path: Path) -> dict[str, Tensor]:
    """By their names there, without the `model.` in front."""
    try:
        content = read_pickled(path)
    except OSError as error:
        raise CheckpointError(f"Cannot read {path}: {error.strerror or error}.") from error
    except CheckpointError as error:
        raise CheckpointError(f"{error}.") from error
    return {name.removeprefix("model."): each for name, each in content.items()}
