"""What there is to choose: the model, the training, and the four presets.

Sources: `paper` follows Zhao et al. 2023 (arXiv 2304.13705), its text and its table of
hyperparameters; `reference` is what tonyzhaozh/act does, quirks included, each of which is a switch
here; `small` is a recipe found by measuring, `fast` a larger one that is not proven yet
(docs/results.md).
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal

from act.errors import ConfigError

Preset = Literal["paper", "reference", "fast", "small"]
Part = tuple[float, float, float, float]
"""Of a picture: left, top, width and height, as shares of its own."""
WHOLE: Final[Part] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The network. Everything that its weights depend on, and nothing else.

    Attributes:
        cameras: in the order of its image tokens (attention does not know the order).
        image_height, image_width: of the pictures it is given, px; larger ones are scaled down.
        crops: the part that is looked at of each camera's pictures; (): all of them.
        state_dim, action_dim: joints in, joints out (14: see `teleop.joints`).
        chunk: actions predicted at once, k.
        hidden, feedforward, heads: of every transformer layer, d, ff, h.
        encoder_layers, decoder_layers, vae_layers: of the three transformers.
        latent: size of z.
        vae: False: no CVAE encoder is built, z is 0.
        queries: of the decoder; "sinusoidal": fixed positions, as the paper writes; "learned": as
            the reference has it.
        decoder_output: which decoder layer is the answer; "first" is the reference's accident, by
            which its other layers are never trained.
        pad_head: build the reference's head for padding, which it computes and never uses.
        backbone: "resnet18": torchvision's, at 1/32; "small": three residual blocks, at 1/16.
        backbone_width: of "small": channels of its first layer, an eighth of its last.
        backbone_norm: "frozen": batch statistics as pretrained; "batch": they are trained.
    """

    cameras: tuple[str, ...]
    image_height: int = 480
    image_width: int = 640
    crops: tuple[Part, ...] = ()
    state_dim: int = 14
    action_dim: int = 14
    chunk: int = 100
    hidden: int = 512
    feedforward: int = 3200
    heads: int = 8
    encoder_layers: int = 4
    decoder_layers: int = 7
    vae_layers: int = 4
    latent: int = 32
    dropout: float = 0.1
    vae: bool = True
    queries: Literal["learned", "sinusoidal"] = "sinusoidal"
    decoder_output: Literal["first", "last"] = "last"
    pad_head: bool = False
    backbone: Literal["resnet18", "small"] = "resnet18"
    backbone_width: int = 16
    backbone_norm: Literal["frozen", "batch"] = "frozen"

    @property
    def parts(self) -> dict[str, Part]:
        """What is looked at of each camera's pictures."""
        crops = self.crops or (WHOLE,) * len(self.cameras)
        return dict(zip(self.cameras, crops, strict=True))


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How it is trained.

    Attributes:
        steps, batch: of the optimiser; samples are their product (times the number of processes).
        lr, lr_backbone, weight_decay: of AdamW's two groups.
        warmup_steps: the learning rate rises linearly for so long.
        schedule: what it does after that; "cosine" goes down to 0 at the last step.
        clip_norm: of the gradient; 0: none.
        ema: decay of the averaged weights that are kept for use; 0: none.
        loss: reconstruction.
        loss_mean: over which elements; "all" counts padding in the denominator, as the reference.
        kl_weight: beta.
        sampling: "every_frame" is a sample in each epoch; "one_per_episode": a random one, as the
            reference.
        frame_stride: only every so many steps of an episode are pictures to learn from.
        action_offset: added to the step at which a chunk of actions begins; the reference takes -1
            for real rigs; Tandem's files need 0.
        shift_px: random shift of the pictures, each camera apart.
        jitter: random brightness, contrast and saturation, share.
        precision: "auto": bfloat16 where the device computes in it, else float32.
        validation: share of the episodes that are kept apart.
        seed: of the split, the initial weights, the order of the samples and all else.
        stats: over which episodes joints are normalised; "all" counts those of the validation in,
            as the reference.
    """

    steps: int = 100_000
    batch: int = 8
    lr: float = 1e-5
    lr_backbone: float = 1e-5
    weight_decay: float = 1e-4
    warmup_steps: int = 500
    schedule: Literal["constant", "cosine"] = "cosine"
    clip_norm: float = 10.0
    ema: float = 0.0
    loss: Literal["l1", "l2"] = "l1"
    loss_mean: Literal["valid", "all"] = "valid"
    kl_weight: float = 10.0
    sampling: Literal["every_frame", "one_per_episode"] = "every_frame"
    frame_stride: int = 1
    action_offset: int = 0
    shift_px: int = 0
    jitter: float = 0.0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    validation: float = 0.1
    seed: int = 0
    stats: Literal["training", "all"] = "training"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A preset: a model without its cameras, and a training.

    Attributes:
        image_size: height and width at most, px; None: as the episodes have them.
        cameras: those it looks through unless others are asked for; (): all.
    """

    model: dict[str, Any] = field(default_factory=dict)
    train: TrainConfig = field(default_factory=TrainConfig)
    image_size: tuple[int, int] | None = None
    cameras: tuple[str, ...] = ()


PRESETS: Final[dict[Preset, Recipe]] = {
    "paper": Recipe(),
    "reference": Recipe(
        model={"queries": "learned", "decoder_output": "first", "pad_head": True},
        train=TrainConfig(
            steps=10_000,
            warmup_steps=0,
            schedule="constant",
            clip_norm=0.0,
            loss_mean="all",
            sampling="one_per_episode",
            precision="float32",
            validation=0.2,
            stats="all",
        ),
    ),
    "fast": Recipe(
        model={
            "hidden": 256,
            "feedforward": 1024,
            "decoder_layers": 1,
            "vae": False,
            "dropout": 0.0,
            "backbone": "small",
            "backbone_width": 32,
            "backbone_norm": "batch",
        },
        train=TrainConfig(
            steps=4000,
            batch=128,
            lr=1e-3,
            lr_backbone=1e-3,
            warmup_steps=200,
            ema=0.999,
            shift_px=8,
            validation=0.04,
        ),
        image_size=(240, 320),
    ),
    "small": Recipe(
        model={
            "hidden": 128,
            "feedforward": 512,
            "heads": 4,
            "encoder_layers": 2,
            "decoder_layers": 1,
            "vae": False,
            "dropout": 0.0,
            "backbone": "small",
            "backbone_width": 16,
            "backbone_norm": "batch",
        },
        train=TrainConfig(
            steps=1600,
            batch=32,
            lr=1e-3,
            lr_backbone=1e-3,
            warmup_steps=100,
            ema=0.999,
            frame_stride=2,
            shift_px=4,
            validation=0.04,
        ),
        image_size=(120, 160),
        cameras=("cam_high",),
    ),
}


def model_config(recipe: Recipe, cameras: tuple[str, ...], size: tuple[int, int]) -> ModelConfig:
    """The model of a recipe for these cameras, whose pictures have `size` (height, width): scaled
    down to what the recipe has at most, in their own shape."""
    high, wide = recipe.image_size or size
    by = max(1.0, size[0] / high, size[1] / wide)
    return ModelConfig(cameras, round(size[0] / by), round(size[1] / by), **recipe.model)


def changed(config: Any, **changes: Any) -> Any:
    """A copy of a configuration with what is not None among `changes`.

    Raises:
        ConfigError: a field it has not.
    """
    known = {each.name for each in fields(config)}
    if unknown := sorted(set(changes) - known):
        raise ConfigError(f"{type(config).__name__} has no {', '.join(unknown)}.")
    return replace(config, **{name: value for name, value in changes.items() if value is not None})
