"""What can be said on the command line of act-train."""

import argparse
import difflib
import sys
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, get_args, get_origin, get_type_hints

from act.checkpoints.config_json import is_part
from act.config import PRESETS, ModelConfig, Part, TrainConfig
from recorder.printable import printable

MOST_MINUTES: Final = 100_000
MOST_THREADS: Final = 1024
TRAINING: Final = {
    "steps": "how many; the learning rate follows from it",
    "batch": "samples a step and process",
    "lr": "learning rate of AdamW",
    "lr_backbone": "that of the backbone (default: that of the preset, or --lr if they are one)",
    "weight_decay": "of AdamW",
    "warmup_steps": "in which the learning rate rises",
    "schedule": "of the learning rate, after that",
    "clip_norm": "of the gradient; 0: not clipped",
    "ema": "decay of averaged weights; 0: none",
    "loss": "of the actions",
    "loss_mean": "over valid elements, or padding too, as the reference",
    "kl_weight": "beta of the CVAE",
    "sampling": "of an epoch",
    "frame_stride": "learn from every so many steps",
    "action_offset": "-1 as the reference has it for real rigs",
    "shift_px": "random shift of pictures",
    "jitter": "random brightness, contrast, saturation; a share",
    "precision": "auto: bfloat16 where the device has it",
    "validation": "share of the episodes that is kept apart",
    "seed": "of all that is random",
}
MODEL: Final = {
    "chunk": "actions predicted at once, k",
    "hidden": "width of the transformers",
    "feedforward": "width of their feed-forward nets",
    "heads": "of their attention",
    "encoder_layers": "",
    "decoder_layers": "",
    "vae_layers": "of the CVAE's encoder",
    "latent": "size of z",
    "dropout": "share",
    "vae": "the CVAE; without it, z is 0",
    "queries": "of the decoder",
    "decoder_output": "which layer's; first as the reference",
    "backbone": "for pictures",
    "backbone_width": "channels of the small one's first layer",
    "backbone_norm": "its batch norms: as pretrained, or trained",
}


class Parser(argparse.ArgumentParser):
    """One whose complaints are a sentence, and name the option nearest to an unknown one."""

    def error(self, message: str) -> NoReturn:
        """End with it; the usage would push it off the screen."""
        sys.stderr.write(printable(f"{self.prog}: {message} (--help says more)") + "\n")
        sys.exit(2)

    def parse_args(self, arguments: list[str] | None = None) -> argparse.Namespace:  # type: ignore[override]
        """As usual; unknown options are refused in a sentence."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            self.refuse(unknown[0].partition("=")[0])
        return options

    def refuse(self, word: str) -> NoReturn:
        """End with a sentence about a word that is not known."""
        near = difflib.get_close_matches(word, self._option_string_actions, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        self.error(f"there is no option {word}{meant}")


def parser() -> Parser:
    """Of act-train."""
    made = Parser(
        prog="act-train",
        allow_abbrev=False,
        description="Train ACT policies on episodes, one a task.",
        epilog="Exit status: 0: trained; 1: the training could not go on; 2: nothing to train on, "
        "or a wrong command line; 130: Ctrl-C (it says how to go on).",
    )
    add = made.add_argument
    add("episodes", nargs="*", type=Path, metavar="EPISODES", help="folders of episodes, or files")
    add("--preset", choices=PRESETS, help="default: paper on a GPU, small on a CPU")
    add(
        "--cameras",
        nargs="+",
        metavar="NAME",
        help="default: those of the preset (small: cam_high), or else all",
    )
    add(
        "--missing-cameras",
        choices=("error", "intersect", "mask"),
        default="error",
        help="where an episode lacks a camera (default: error)",
    )
    add(
        "--success",
        choices=("auto", "success", "all"),
        default="auto",
        help="which episodes; auto: the successes, or all where none is labelled",
    )
    add("--together", action="store_true", help="one policy for several tasks")
    add("--image-size", type=_size, metavar="HxW", help="pictures are scaled to it, px: 240x320")
    add(
        "--crop",
        nargs="+",
        type=_crop,
        metavar="CAMERA=LEFT,TOP,WIDTH,HEIGHT",
        help="what is looked at of a camera's pictures, shares: cam_high=0.2,0.4,0.6,0.6",
    )
    add("--backbone-weights", metavar="PATH", help="ImageNet weights of ResNet-18, or none")
    add("--minutes", type=_minutes, metavar="M", help="as many steps as that takes, measured first")
    add(
        "--overfit",
        type=count,
        metavar="N",
        help="learn N episodes by heart, to see that it works",
    )
    add("--out", type=Path, default=Path("runs"), help="where runs go (default: runs)")
    add("--name", help="of the run (default: the time)")
    add("--resume", type=Path, metavar="RUN", help="go on with a run that was interrupted")
    add("--device", default="auto", help="cpu, cuda, cuda:1 (default: a GPU where there is one)")
    add("--threads", type=count, help="of a CPU (default: all cores)")
    add("--graph", action=argparse.BooleanOptionalAction, default=True, help="CUDA graphs")
    add("--compile", action="store_true", help="let torch.compile fuse kernels")
    add("--dry-run", action="store_true", help="say what would be trained, and end")
    add("--ablate", choices=("paper",), help="the paper's ablations instead of one training")
    _add_fields(made.add_argument_group("training"), TrainConfig, TRAINING)
    _add_fields(made.add_argument_group("model"), ModelConfig, MODEL)
    return made


def chosen(options: argparse.Namespace, kind: type[ModelConfig | TrainConfig]) -> dict[str, Any]:
    """The fields of a configuration that somebody has chosen."""
    names = MODEL if kind is ModelConfig else TRAINING
    return {name: it for name in names if (it := getattr(options, name)) is not None}


def _add_fields(
    group: "argparse._ArgumentGroup", kind: type[ModelConfig | TrainConfig], helps: dict[str, str]
) -> None:
    """An option for each field with a help; its type says what may be given."""
    hints = get_type_hints(kind)
    for name, text in helps.items():
        option, hint = "--" + name.replace("_", "-"), hints[name]
        if hint is bool:
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif get_origin(hint) is Literal:
            group.add_argument(option, choices=get_args(hint), help=text)
        else:
            group.add_argument(option, type=hint, metavar=hint.__name__.upper()[0], help=text)


def _minutes(text: str) -> float:
    if not 0 < float(text) <= MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"more than 0 and up to {MOST_MINUTES}")
    return float(text)


def count(text: str) -> int:
    """A number of threads or episodes, for argparse."""
    if not 1 <= int(text) <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_THREADS}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    """Height and width, px."""
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise argparse.ArgumentTypeError("height and width, as in 240x320")
    return int(height), int(width)


def _crop(text: str) -> tuple[str, Part]:
    """A camera, and what is looked at of its pictures."""
    camera, _, numbers = text.rpartition("=")
    try:
        part = tuple(map(float, numbers.split(",")))
    except ValueError:
        part = ()
    if not camera or not is_part(part):
        raise argparse.ArgumentTypeError(f"{text!r} is no part of a picture: cam=0.2,0.4,0.6,0.6")
    return camera, part
