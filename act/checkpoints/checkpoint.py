"""A checkpoint on disk: a folder that is whole or absent, and holds nothing that could be executed.

    config.json            the model, the training, and where both come from
    model.safetensors      the weights to be used (the averaged ones, where they are averaged)
    stats.json             normalisation
    training.safetensors   what a training needs to go on (only in `last`)

The next one is built beside the last one and takes its place in one step.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from act.checkpoints.config_json import from_json, to_json
from act.checkpoints.read_folder import Files, opened
from act.checkpoints.read_tensors import Shapes, read_tensors, shapes_of
from act.checkpoints.reference import CHECKPOINTS, SIM_CAMERAS, load_reference
from act.checkpoints.swap import replace_folder, standing
from act.config import PRESETS, ModelConfig, TrainConfig
from act.data.stats import Stats
from act.data.stats import from_json as stats_from_json
from act.data.stats import to_json as stats_to_json
from act.errors import CheckpointError, ConfigError
from act.model import ACT
from act.training.optimiser import MOMENTS
from recorder.errors import FolderError
from recorder.folder.whole_folder import whole_folder
from recorder.reason import reason

CONFIG: Final = "config.json"
WEIGHTS: Final = "model.safetensors"
STATS: Final = "stats.json"
TRAINING: Final = "training.safetensors"
FORMAT: Final = "tandem-act-1"
REFERENCE_HZ: Final = 50
REFERENCE_SUFFIX: Final = ".ckpt"
MAX_COUNT: Final = 10**9
MAX_JSON_BYTES: Final = 4 << 20
META: Final[Mapping[str, type]] = {
    "step": int,
    "task": str,
    "prompt": str,
    "preset": str,
    "episodes": list,
    "backbone": str,
    "software": str,
    "created_utc": str,
    "threads": int,
    "fps": int,
    "joint_names": list,
    "losses": dict,
}
"""What is noted beside the configurations. `step`: how many were done; `episodes`: all their paths;
`backbone`: where its first weights came from; `threads`: that they were computed with; `fps`: steps
a second of its actions; `losses`: the last ones, and the best of the validation."""
RAW: Final = "raw"
"""Weights as they are, where those to be used are averages."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A policy, or a training that can go on.

    Attributes:
        weights: of `ACT(model)`, on the CPU.
        meta: see `META`.
        identity: sha256 of the file with the weights; empty: it is on no disk yet.
        training: raw weights and AdamW's moments, named `raw.NAME`, `exp_avg.NAME`, ...; empty: it
            cannot go on.
    """

    model: ModelConfig
    train: TrainConfig
    stats: Stats
    weights: dict[str, Tensor]
    meta: dict[str, Any]
    identity: str = ""
    training: dict[str, Tensor] = field(default_factory=dict)


def save(folder: Path, checkpoint: Checkpoint) -> Checkpoint:
    """Write it, in place of the one that is there; returns it with its identity.

    Raises:
        CheckpointError: the disk refuses, or something else has that name; what was there stays.
    """
    if folder.exists() and not (folder / CONFIG).is_file():
        raise CheckpointError(f"{folder} is in the way, and is no checkpoint: move it elsewhere.")
    weights = to_bytes({name: it.contiguous() for name, it in checkpoint.weights.items()})
    written = replace(checkpoint, identity=hashlib.sha256(weights).hexdigest())
    config = {
        "format": FORMAT,
        "model": to_json(written.model),
        "train": to_json(written.train),
        "meta": written.meta,
        "identity": written.identity,
    }
    try:
        with whole_folder(folder, replace_folder) as building:
            (building / CONFIG).write_text(json.dumps(config, indent=1, allow_nan=False) + "\n")
            (building / STATS).write_text(json.dumps(stats_to_json(written.stats)) + "\n")
            (building / WEIGHTS).write_bytes(weights)
            if written.training:
                moments = {name: it.contiguous() for name, it in written.training.items()}
                (building / TRAINING).write_bytes(to_bytes(moments))
    except (OSError, FolderError) as error:
        stays = " The last one that was written stays." if standing(folder).exists() else ""
        told = f"Cannot write the checkpoint {folder}: {reason(error)}.{stays}"
        raise CheckpointError(told) from error
    return written


def load(
    folder: Path, *, to_go_on: bool = False, cameras: tuple[str, ...] = SIM_CAMERAS
) -> Checkpoint:
    """The checkpoint in a folder, or one of the reference (`act.checkpoints.reference`); nothing of
    it is executed, and nothing larger than it says is allocated.

    Args:
        to_go_on: with what a training needs.
        cameras: of one of the reference, which does not say.

    Raises:
        CheckpointError: it is none, or broken.
    """
    if is_reference(folder):
        return _of_reference(folder, cameras)
    with _refusing(folder):
        while True:
            with opened(folder) as files:
                try:
                    return _read(files, to_go_on)
                except CheckpointError:
                    if files.are_in(folder):  # and not in one that was replaced meanwhile
                        raise


def _read(files: Files, to_go_on: bool) -> Checkpoint:
    model, train, meta, identity = _config(_json(files, CONFIG))
    stats = stats_from_json(_json(files, STATS))
    if (len(stats.qpos_mean), len(stats.action_mean)) != (model.state_dim, model.action_dim):
        raise CheckpointError(f"{STATS} and {CONFIG} differ in the number of joints")
    expected = _expected(model)
    weights, its_identity = read_tensors(files, WEIGHTS, expected)
    if identity != its_identity:
        raise CheckpointError(f"{WEIGHTS} is not the file that {CONFIG} is about")
    training: dict[str, Tensor] = {}
    if to_go_on:
        if not meta["episodes"]:
            raise CheckpointError(f"the meta of {CONFIG} names no episodes to go on with")
        training, _ = read_tensors(files, TRAINING, _expected_to_go_on(expected), some=True)
        remembered = [name.partition(".")[2] for name in training if name.startswith("step.")]
        if not {f"{kind}.{name}" for kind in MOMENTS for name in remembered} <= set(training):
            raise CheckpointError(f"{TRAINING} remembers some weights in part only")
    return Checkpoint(model, train, stats, weights, meta, identity, training)


def is_reference(path: Path) -> bool:
    """Whether it is a checkpoint of the reference, or the folder of a training of it."""
    if path.is_file():
        return path.suffix == REFERENCE_SUFFIX
    return any((path / name).is_file() for name in CHECKPOINTS)


def _of_reference(path: Path, cameras: tuple[str, ...]) -> Checkpoint:
    """With what is known of it; its identity is that of its weights, saved as ours."""
    model, weights, stats = load_reference(path, cameras)
    identity = hashlib.sha256(to_bytes(weights)).hexdigest()
    task = (path if path.is_dir() else path.parent).resolve().name
    known = {"task": task, "preset": "reference", "fps": REFERENCE_HZ, "threads": 1}
    meta = {name: kind() for name, kind in META.items()} | known
    return Checkpoint(model, PRESETS["reference"].train, stats, weights, meta, identity)


def _config(table: Any) -> tuple[ModelConfig, TrainConfig, dict[str, Any], str]:
    fields = {"format", "model", "train", "meta", "identity"}
    if not isinstance(table, dict) or set(table) != fields or table["format"] != FORMAT:
        raise CheckpointError(f"{CONFIG} is not written by this version of act-train")
    meta = table["meta"]
    if not isinstance(meta, dict) or set(meta) != set(META):
        raise CheckpointError(f"the meta of {CONFIG} must have just the fields {', '.join(META)}")
    if wrong := [name for name, kind in META.items() if not _is(meta[name], kind)]:
        raise CheckpointError(f"{wrong[0]} in the meta of {CONFIG} makes no sense")
    model = from_json(ModelConfig, table["model"])
    return model, from_json(TrainConfig, table["train"]), meta, table["identity"]


def _is(value: object, kind: type) -> bool:
    """Whether it is a text, a count, texts in a list, or finite numbers by name."""
    if kind is int:
        return type(value) is int and 0 <= value <= MAX_COUNT
    if isinstance(value, list):
        return kind is list and all(isinstance(each, str) for each in value)
    if isinstance(value, dict):
        return kind is dict and all(
            isinstance(each, int | float) and abs(each) <= sys.float_info.max
            for each in value.values()
        )
    return isinstance(value, kind)


def _json(files: Files, name: str) -> Any:
    try:
        text = files.read(name, MAX_JSON_BYTES).decode()
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{name} is no JSON that can be read") from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _expected(model: ModelConfig) -> Shapes:
    """Names, types and shapes of a model's weights; none of them is allocated."""
    with torch.device("meta"):
        return shapes_of(ACT(model).state_dict())


def _expected_to_go_on(weights: Shapes) -> Shapes:
    kinds = (RAW, *MOMENTS)
    like = {f"{kind}.{name}": it for kind in kinds for name, it in weights.items()}
    return like | {f"step.{name}": (torch.float32, ()) for name in weights}


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    """Whatever is wrong in it is one sentence about the folder."""
    try:
        yield
    except (CheckpointError, ConfigError) as error:
        raise CheckpointError(f"Cannot use the checkpoint {folder}: {error}.") from error
    except OSError as error:
        raise CheckpointError(f"Cannot read the checkpoint {folder}: {reason(error)}.") from error
