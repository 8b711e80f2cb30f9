"""ResNet-18's weights from ImageNet, which a backbone with frozen norms cannot do without."""

import hashlib
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from act.checkpoints.read_pickled import read_pickled, require_ordinary
from act.config import ModelConfig
from act.errors import CheckpointError
from act.model import Backbone

URL: Final = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
SHA256_START: Final = "f37072fd"
"""torchvision's ResNet18_Weights.IMAGENET1K_V1."""
INSTEAD: Final = (
    f"download {URL} and name the file with --backbone-weights, or train the backbone from scratch "
    "with --backbone-weights none"
)


def backbone_weights(source: str | None) -> tuple[dict[str, Tensor], str, str]:
    """Weights for `Backbone`, where they come from, and the sha256 of their file.

    A given file (torchvision's .pth, or the same as .safetensors), else torch hub's cache, else a
    download into it.

    Raises:
        CheckpointError: there are none, or they are not ResNet-18's; it says what to do.
    """
    if source is not None:
        path, digest = Path(source), _sha256(Path(source))
        return _read(path), str(path), digest
    cached = Path(torch.hub.get_dir()) / "checkpoints" / URL.rpartition("/")[2]
    origin = str(cached) if cached.is_file() else URL
    if origin == URL:
        _download(cached)
    digest = _sha256(cached)
    if not digest.startswith(SHA256_START):
        raise CheckpointError(f"{cached} is not what its name says: delete it, or {INSTEAD}.")
    return _read(cached), origin, digest


def _download(target: Path) -> None:
    """Whole and as expected, or not at all."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(URL, str(target), SHA256_START, progress=False)
    except (OSError, RuntimeError) as error:  # urllib's are OSErrors; RuntimeError: another hash
        raise CheckpointError(
            f"There are no ImageNet weights in {target.parent}, and {URL} cannot be had "
            f"({error!s:.80}): {INSTEAD}."
        ) from error


def _sha256(path: Path) -> str:
    try:
        require_ordinary(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except CheckpointError as error:
        raise CheckpointError(f"{error}: {INSTEAD}.") from error
    except OSError as error:
        raise CheckpointError(f"Cannot read {path} ({error.strerror}): {INSTEAD}.") from error


def _read(path: Path) -> dict[str, Tensor]:
    """What the backbone has, and nothing else; the classifier and counters are left out."""
    content = _content(path)
    with torch.device("meta"):
        backbone: nn.Module = Backbone(ModelConfig(("any",)))
    expected = {name: each.shape for name, each in backbone.state_dict().items()}
    kept = {
        name: each
        for name, each in content.items()
        if not name.startswith("fc.") and not name.endswith(".num_batches_tracked")
    }
    if odd := sorted(expected.keys() ^ kept.keys()):
        raise CheckpointError(f"{path} is not ResNet-18's ({odd[0]!r:.80}): {INSTEAD}.")
    for name, shape in expected.items():
        if kept[name].shape != shape or not kept[name].float().isfinite().all():
            raise CheckpointError(f"{path} is not ResNet-18's (its {name}): {INSTEAD}.")
    return {name: each.float().contiguous() for name, each in kept.items()}


def _content(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return read_pickled(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}: {INSTEAD}.") from error
    except Exception as error:  # a hostile file may make it raise anything
        raise CheckpointError(f"{path} is no file of weights: {INSTEAD}.") from error
