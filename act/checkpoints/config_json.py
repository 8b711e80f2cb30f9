"""Configurations as JSON, and which values of them make sense.

The bounds are wide: they keep a mistyped option, or a file that wants a billion layers, from
costing more than a sentence.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, Literal, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

from act.config import ModelConfig, Part, TrainConfig
from act.data.stats import MAX_JOINTS
from act.errors import ConfigError

Config = TypeVar("Config", ModelConfig, TrainConfig)

MAX_CAMERAS: Final = 32
MIN_SHARE: Final = 0.02
"""Of a picture's width or height that may be looked at alone."""
ROUNDING: Final = 1e-9
TOKEN_PIXELS: Final = 16 * 16
MAX_TOKEN_NUMBERS: Final = 1 << 27
"""Of one sample, in one layer: half a GiB."""
BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "image_height": (16, 4096),
    "image_width": (16, 4096),
    "state_dim": (1, MAX_JOINTS),
    "action_dim": (1, MAX_JOINTS),
    "chunk": (1, 2000),
    "hidden": (8, 4096),
    "feedforward": (1, 16384),
    "heads": (1, 64),
    "encoder_layers": (1, 48),
    "decoder_layers": (1, 48),
    "vae_layers": (1, 48),
    "latent": (1, 1024),
    "dropout": (0, 0.9),
    "backbone_width": (1, 256),
    "steps": (1, 1e9),
    "batch": (1, 65536),
    "lr": (0, 10),
    "lr_backbone": (0, 10),
    "weight_decay": (0, 10),
    "warmup_steps": (0, 1e9),
    "clip_norm": (0, 1e9),
    "ema": (0, 0.999999),
    "kl_weight": (0, 1e9),
    "frame_stride": (1, 10_000),
    "action_offset": (-10, 10),
    "shift_px": (0, 256),
    "jitter": (0, 1),
    "validation": (0, 0.9),
    "seed": (0, 2**31 - 1),
}
"""The least and the greatest, of every field that is a number."""


def to_json(config: ModelConfig | TrainConfig) -> dict[str, Any]:
    """A table that `from_json` reads."""
    return asdict(config)


def from_json(kind: type[Config], table: object) -> Config:
    """The configuration that a table of a file says.

    Raises:
        ConfigError: a field is missing, unknown, or makes no sense.
    """
    names = [each.name for each in fields(kind)]
    if not isinstance(table, Mapping) or set(table) != set(names):
        raise ConfigError(f"it must have just the fields {', '.join(names)}")
    values: dict[str, Any] = {name: _as_tuple(it) for name, it in table.items()}
    if "crops" in values and isinstance(values["crops"], tuple):
        values["crops"] = tuple(map(_as_tuple, values["crops"]))
    return checked(kind(**values))


def _as_tuple(value: object) -> object:
    """JSON has lists only."""
    return tuple(value) if isinstance(value, list) else value


def checked(config: Config) -> Config:
    """The configuration, if every field of it makes sense.

    Raises:
        ConfigError: one does not, or two do not go together.
    """
    for name, hint in get_type_hints(type(config)).items():
        if fault := _fault(name, hint, getattr(config, name)):
            raise ConfigError(f"{name} must be {fault}, and is {getattr(config, name)!r:.60}")
    if isinstance(config, ModelConfig):
        if config.hidden % config.heads:
            raise ConfigError(f"hidden ({config.hidden}) must be a multiple of heads")
        if config.hidden % 4:  # half for rows and half for columns, each sine and cosine
            raise ConfigError(f"hidden ({config.hidden}) must be a multiple of 4")
        if len(config.crops) not in (0, len(config.cameras)):
            raise ConfigError("crops must be none, or one a camera")
        pixels = len(config.cameras) * config.image_height * config.image_width
        if pixels // TOKEN_PIXELS * config.hidden > MAX_TOKEN_NUMBERS:
            raise ConfigError("the pictures of all cameras together are too large")
    return config


def _fault(name: str, hint: Any, value: object) -> str:
    """What the value must be; empty: it is."""
    if get_origin(hint) is Literal:
        return "" if value in get_args(hint) else f"one of {', '.join(get_args(hint))}"
    if name == "cameras":
        return "" if _are_cameras(value) else f"1 to {MAX_CAMERAS} different camera names"
    if name == "crops":
        is_one = isinstance(value, tuple) and all(map(is_part, value))
        return "" if is_one else "parts of pictures: left, top, width, height, shares of 0 to 1"
    if hint is bool:
        return "" if isinstance(value, bool) else "true or false"
    low, high = BOUNDS[name]
    what = f"{'a whole number' if hint is int else 'a number'} of {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return what
    if hint is int and not isinstance(value, int):
        return what
    return "" if low <= value <= high else what


def _are_cameras(value: object) -> bool:
    if not isinstance(value, tuple) or not 1 <= len(value) <= MAX_CAMERAS:
        return False
    named = [each for each in value if isinstance(each, str) and 0 < len(each) <= 100]
    return len(named) == len(value) == len(set(named))


def is_part(value: object) -> TypeGuard[Part]:
    """Whether it is a part of a picture, and lies within it."""
    if not isinstance(value, tuple) or len(value) != 4:
        return False
    if not all(isinstance(each, int | float) and 0 <= each <= 1 for each in value):
        return False
    left, top, width, height = value
    is_within = max(left + width, top + height) <= 1 + ROUNDING
    return bool(is_within and min(width, height) >= MIN_SHARE)
