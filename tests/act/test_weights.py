"""ImageNet weights: where they come from, and that there is no silent substitute."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import act.checkpoints.weights
from act.checkpoints.weights import backbone_weights
from act.config import ModelConfig
from act.errors import CheckpointError
from act.model import Backbone

FILE = "resnet18-f37072fd.pth"


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    """Such as torchvision publishes them: with a classifier, and, newer ones, counters."""
    torch.manual_seed(0)
    weights = Backbone(ModelConfig(("any",))).state_dict()
    counters = {"bn1.num_batches_tracked": torch.tensor(0)}
    return weights | counters | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(act.checkpoints.weights, "URL", f"file://{tmp_path}/server/{FILE}")
    return tmp_path / "torch" / "hub" / "checkpoints"


def publish(folder: Path, weights: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch) -> str:
    """A file whose hash is the expected one; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(weights, folder / FILE)
    digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    monkeypatch.setattr(act.checkpoints.weights, "SHA256_START", digest[:8])
    return digest


@pytest.mark.parametrize("norm", ["frozen", "batch"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_given_file_fits(
    tmp_path: Path, published: dict[str, Tensor], suffix: str, norm: str
) -> None:
    path = tmp_path / f"mine{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(published, path)
    weights, origin, digest = backbone_weights(str(path))
    backbone = Backbone(ModelConfig(("any",), backbone_norm=norm))  # type: ignore[arg-type]
    backbone.load_state_dict(weights)
    assert torch.equal(
        backbone.get_parameter("layer4.1.conv2.weight"), weights["layer4.1.conv2.weight"]
    )
    assert origin == str(path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_cache_comes_before_a_download(
    hub: Path, published: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = publish(hub, published, monkeypatch)
    _, origin, found = backbone_weights(None)
    assert (origin, found) == (str(hub / FILE), digest)


def test_a_download_is_kept(
    hub: Path, tmp_path: Path, published: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = publish(tmp_path / "server", published, monkeypatch)
    _, origin, found = backbone_weights(None)
    assert (origin, found) == (act.checkpoints.weights.URL, digest)
    assert [each.name for each in hub.iterdir()] == [FILE]
    assert backbone_weights(None)[1] == str(hub / FILE)


def test_a_download_of_something_else_is_not_kept(
    hub: Path, tmp_path: Path, published: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path / "server", published, monkeypatch)
    monkeypatch.setattr(act.checkpoints.weights, "SHA256_START", "00000000")
    with pytest.raises(CheckpointError, match="--backbone-weights none"):
        backbone_weights(None)
    assert not list(hub.iterdir())


def test_a_cache_that_holds_something_else_is_refused(hub: Path) -> None:
    hub.mkdir(parents=True)
    (hub / FILE).write_bytes(b"not what it was")
    with pytest.raises(CheckpointError, match="delete it"):
        backbone_weights(None)


def test_without_any_it_says_what_to_do(hub: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        backbone_weights(None)
    for part in (act.checkpoints.weights.URL, "--backbone-weights none", str(hub)):
        assert part in str(caught.value)


class Payload:
    """Makes a folder as soon as somebody believes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "content", ["missing", "empty", "payload", "list", "other", "shape", "nan"]
)
def test_anything_else_is_refused(
    tmp_path: Path, published: dict[str, Tensor], content: str
) -> None:
    path = tmp_path / "mine.pth"
    name = "layer1.0.conv1.weight"
    nan = torch.full_like(published[name], torch.nan)
    written = {
        "payload": {name: Payload(tmp_path / "evil")},
        "list": [1, 2],
        "other": {each: it for each, it in published.items() if each != name},
        "shape": published | {name: torch.zeros(1)},
        "nan": published | {name: nan},
    }
    if content == "empty":
        path.touch()
    elif content != "missing":
        torch.save(written[content], path)
    with pytest.raises(CheckpointError, match="--backbone-weights none") as caught:
        backbone_weights(str(path))
    assert str(path) in str(caught.value)
    assert not (tmp_path / "evil").exists()
