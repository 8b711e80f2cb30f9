"""What is to be trained: of which episodes, which model, how. Nothing is decoded or written yet."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from act.checkpoints.config_json import checked
from act.checkpoints.weights import backbone_weights
from act.config import (
    PRESETS,
    WHOLE,
    ModelConfig,
    Part,
    Preset,
    Recipe,
    TrainConfig,
    changed,
    model_config,
)
from act.data.episode import Episode
from act.data.find import common, find_episodes
from act.data.frames import misfit
from act.errors import ConfigError
from act.model import ACT
from act.training.options import chosen
from recorder.provenance import software


@dataclass(frozen=True, slots=True)
class Plan:
    """A training.

    Attributes:
        meta: what its checkpoints will say of it (`act.checkpoints.checkpoint.META`).
        backbone: weights that its backbone begins with, if any.
    """

    task: str
    episodes: Sequence[Episode]
    model: ModelConfig
    train: TrainConfig
    meta: dict[str, Any]
    backbone: dict[str, Tensor] | None = None

    def about(self, device: torch.device) -> str:
        """In a line."""
        steps = sum(each.steps for each in self.episodes)
        with torch.device("meta"):
            parameters = sum(each.numel() for each in ACT(self.model).parameters())
        return (
            f"{self.task}: {len(self.episodes)} episodes, {steps} steps; {self.meta['preset']}, "
            f"{parameters / 1e6:.1f} M parameters, {', '.join(self.model.cameras)} at "
            f"{self.model.image_height}x{self.model.image_width}"
            f"{', cropped' if self.model.crops else ''}, chunk {self.model.chunk}; "
            f"{self.train.steps} steps of {self.train.batch} samples on {device}, seed "
            f"{self.train.seed}."
        )

    def in_full(self) -> str:
        """Every number, for whoever wants to change one."""
        both = asdict(self.model) | asdict(self.train)
        return ", ".join(f"{name} {it}" for name, it in both.items() if name != "cameras")


def plans(
    options: argparse.Namespace, device: torch.device, tell: Callable[[str], None]
) -> list[Plan]:
    """A training for each task, or one for all.

    Raises:
        ActError: it cannot be done.
    """
    found = find_episodes(options.episodes, options.success)
    for remark in found.remarks:
        tell(remark)
    tasks = found.tasks
    if options.together and len(tasks) > 1:
        tasks = {"+".join(tasks): [each for every in tasks.values() for each in every]}
    if len(tasks) > 1:
        tell(f"{len(tasks)} tasks, one after another: {', '.join(tasks)} (--together: as one).")
    preset: Preset = options.preset or ("paper" if device.type == "cuda" else "small")
    if not options.preset:
        why = "there is a GPU" if device.type == "cuda" else "there is no GPU here"
        tell(f"Preset {preset}, because {why} (--preset chooses).")
    made = [_plan(task, episodes, preset, options) for task, episodes in tasks.items()]
    usual = PRESETS[preset].cameras
    if not options.cameras and any(each.model.cameras == usual for each in made):
        tell(f"Preset {preset} looks through {', '.join(usual)}; --cameras names others.")
    return made


def _plan(
    task: str, episodes: Sequence[Episode], preset: Preset, options: argparse.Namespace
) -> Plan:
    """
    Raises:
        ActError: options that make no sense, or episodes that do not go together.
    """
    recipe = PRESETS[preset]
    model, train = chosen(options, ModelConfig), chosen(options, TrainConfig)
    if options.overfit is not None:
        if options.overfit > len(episodes):
            raise ConfigError(f"--overfit takes up to {len(episodes)} episodes of {task}.")
        episodes = episodes[: options.overfit]
        train |= {"shift_px": 0, "jitter": 0.0, "validation": 0.0}
    if "lr" in train and recipe.train.lr == recipe.train.lr_backbone:
        train = {"lr_backbone": train["lr"]} | train
    cameras = options.cameras or _usual_cameras(recipe, episodes)
    crops = dict(options.crop or ())
    shared = common(episodes, cameras, options.missing_cameras, crops)
    model |= {"state_dim": shared.state_dim, "action_dim": shared.action_dim}
    if options.image_size:
        model["image_height"], model["image_width"] = options.image_size
    if crops:
        model["crops"] = _parts(crops, shared.cameras)
    config = config_checked(changed(model_config(recipe, shared.cameras, shared.size), **model))
    _check_pictures(config, episodes)
    config, backbone, origin = _with_backbone(config, options)
    return Plan(
        task=task,
        episodes=episodes,
        model=config,
        train=config_checked(changed(recipe.train, **train)),
        meta={
            "task": task,
            "prompt": episodes[0].prompt,
            "preset": preset,
            "episodes": [str(each.path.resolve()) for each in episodes],
            "backbone": origin,
            "software": software(),
            "threads": torch.get_num_threads(),
            "fps": shared.fps,
            "joint_names": list(shared.joint_names),
        },
        backbone=backbone,
    )


def _usual_cameras(recipe: Recipe, episodes: Sequence[Episode]) -> tuple[str, ...] | None:
    """Those of the preset, where every episode has them; else all."""
    there = all(set(recipe.cameras) <= set(each.sizes) for each in episodes)
    return recipe.cameras if recipe.cameras and there else None


def _parts(crops: dict[str, Part], cameras: tuple[str, ...]) -> tuple[Part, ...]:
    """What is looked at of each camera's pictures.

    Raises:
        ConfigError: one is of a camera that the policy does not look through.
    """
    if unknown := [name for name in crops if name not in cameras]:
        raise ConfigError(
            f"--crop {unknown[0]}: the policy looks through {', '.join(cameras)} (--cameras names "
            "others)."
        )
    return tuple(crops.get(name, WHOLE) for name in cameras)


def _check_pictures(config: ModelConfig, episodes: Sequence[Episode]) -> None:
    """What drives later sees as it has learned, or not at all: so it is refused before it learns.

    Raises:
        ConfigError: some pictures are too small, or of another shape.
    """
    for each in episodes:
        for camera in (it for it in config.cameras if it in each.sizes):
            if why := misfit(config, camera, *each.sizes[camera]):
                raise ConfigError(
                    f"{each.path}: {camera} has {why}: choose --image-size and --crop so that no "
                    "picture is scaled up or distorted."
                )


def _with_backbone(
    config: ModelConfig, options: argparse.Namespace
) -> tuple[ModelConfig, dict[str, Tensor] | None, str]:
    """The configuration, the weights that its backbone begins with, and where they are from.

    Raises:
        CheckpointError: there are none.
        ConfigError: they are for another backbone.
    """
    if config.backbone != "resnet18":
        if options.backbone_weights not in (None, "none"):
            raise ConfigError(
                f"--backbone-weights are of a resnet18, and this backbone is {config.backbone}: "
                "add --backbone resnet18, or leave them out."
            )
        return config, None, "from scratch"
    if options.backbone_weights == "none":  # frozen norms without statistics are no norms
        return changed(config, backbone_norm=options.backbone_norm or "batch"), None, "from scratch"
    weights, name, digest = backbone_weights(options.backbone_weights)
    return config, weights, f"{name} (sha256 {digest})"


def config_checked(config: Any) -> Any:
    """The configuration, if it makes sense.

    Raises:
        ConfigError: a whole sentence about why it does not.
    """
    try:
        return checked(config)
    except ConfigError as error:
        raise ConfigError(f"This makes no sense: {error}.") from error
