"""Checkpoints of the original code: taken as they are, given back as they were, never believed."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from act.checkpoints.reference import load_reference, to_reference
from act.checkpoints.reference_stats import read_stats
from act.errors import CheckpointError
from act.model import ACT, Posterior
from tests.act.golden import formula

CAMERAS, SIZE = formula.CONFIG.cameras, (96, 128)
STATS = {
    "action_mean": np.linspace(-1, 1, 14, dtype=np.float32),
    "action_std": np.linspace(0.1, 1, 14, dtype=np.float32),
    "qpos_mean": np.linspace(-2, 2, 14, dtype=np.float32),
    "qpos_std": np.linspace(0.2, 2, 14, dtype=np.float32),
    "example_qpos": np.ones((400, 14), np.float32),
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def theirs() -> dict[str, Tensor]:
    """As `policy.state_dict()` has them."""
    plain = formula.weights(Posterior(formula.CONFIG).positions)
    return {f"model.{name}": each for name, each in plain.items()}


@pytest.fixture(scope="module")
def stored(theirs: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training. To be read only."""
    folder = tmp_path_factory.mktemp("reference")
    torch.save(theirs, folder / "policy_best.ckpt")
    (folder / "dataset_stats.pkl").write_bytes(pickle.dumps(STATS))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With statistics, and room for another checkpoint."""
    (tmp_path / "dataset_stats.pkl").write_bytes(pickle.dumps(STATS))
    return tmp_path


def predicted(path: Path) -> np.ndarray[Any, Any]:
    config, weights, _ = load_reference(path, CAMERAS, SIZE)
    network = ACT(config).eval()
    network.load_state_dict(weights)
    inputs = formula.inputs()
    with torch.no_grad():
        return network(inputs["qpos"], inputs["images"]).actions.numpy()


def test_a_folder_says_what_it_said_there(stored: Path) -> None:
    assert np.abs(predicted(stored) - formula.answers()["a_hat_z0"]).max() < 1e-4


def test_a_file_too_and_without_the_prefix(theirs: dict[str, Tensor], folder: Path) -> None:
    plain = {name.removeprefix("model."): each for name, each in theirs.items()}
    torch.save(plain, folder / "policy_epoch_100_seed_0.ckpt")
    answer = predicted(folder / "policy_epoch_100_seed_0.ckpt")
    assert np.abs(answer - formula.answers()["a_hat_z0"]).max() < 1e-4


def test_the_network_is_told_by_its_weights(stored: Path) -> None:
    config, _, stats = load_reference(stored, CAMERAS, SIZE)
    assert config == formula.small(dropout=0.1)
    for name in ("qpos_mean", "qpos_std", "action_mean", "action_std"):
        assert np.array_equal(getattr(stats, name), STATS[name])


def test_weights_go_back_under_their_names(stored: Path, theirs: dict[str, Tensor]) -> None:
    _, weights, _ = load_reference(stored, CAMERAS, SIZE)
    network = ACT(load_reference(stored, CAMERAS, SIZE)[0])
    network.load_state_dict(weights)
    back = to_reference(network.state_dict())
    assert back.keys() == theirs.keys()
    assert all(torch.equal(back[name], each) for name, each in theirs.items())


@pytest.mark.slow
def test_the_full_size_survives_the_way_there_and_back(folder: Path) -> None:
    torch.manual_seed(0)
    sizes = {"hidden": 512, "feedforward": 3200, "chunk": 100, "decoder_layers": 7}
    full = ACT(formula.small(**sizes, encoder_layers=4, vae_layers=4)).eval()
    assert sum(each.numel() for each in full.parameters()) == 83_923_087
    torch.save(to_reference(full.state_dict()), folder / "policy_last.ckpt")
    config, weights, _ = load_reference(folder, CAMERAS, SIZE)
    again = ACT(config).eval()
    again.load_state_dict(weights)
    inputs = formula.inputs()
    with torch.no_grad():
        answers = [each(inputs["qpos"], inputs["images"]).actions for each in (full, again)]
    assert torch.equal(*answers)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("model.query_embed.weight", None, "no query_embed"),
        ("model.action_head.bias", None, "lacks 'action_head.bias'"),
        ("model.transformer.encoder.layers.1.norm2.bias", None, "lacks 'encoder.1.norm2.bias'"),
        ("model.surprise", torch.zeros(3), "strange 'surprise'"),
        ("model.action_head.bias", torch.zeros(15), "action_head.bias"),
        ("model.action_head.bias", torch.zeros(14, dtype=torch.int64), "action_head.bias"),
        ("model.action_head.bias", torch.full((14,), torch.nan), "no number"),
        ("model.query_embed.weight", torch.zeros(1).expand(10, 1 << 40), "far more weights"),
        ("model.note", "trained on a Tuesday", "weights of one network"),
    ],
)
def test_other_weights_are_refused(
    theirs: dict[str, Tensor], folder: Path, name: str, value: Any, said: str
) -> None:
    changed = theirs | {name: value}
    if value is None:
        del changed[name]
    torch.save(changed, folder / "policy_best.ckpt")
    with pytest.raises(CheckpointError, match=said):
        load_reference(folder, CAMERAS, SIZE)


class Payload:
    """Makes a file as soon as it is unpickled by somebody who believes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_that_would_run_something_is_refused(folder: Path) -> None:
    evil = folder / "evil"
    torch.save({"model.x": Payload(evil)}, folder / "policy_best.ckpt")
    with pytest.raises(CheckpointError, match="more than weights"):
        load_reference(folder)
    assert not evil.exists()


@pytest.mark.parametrize("where", ["alone", "beside", "inside"])
def test_statistics_that_would_run_something_are_refused(tmp_path: Path, where: str) -> None:
    evil, path = tmp_path / "evil", tmp_path / "dataset_stats.pkl"
    payload = Payload(evil)
    inside = np.array([payload, None], object)
    table = {"alone": payload, "beside": STATS | {"x": payload}, "inside": STATS | {"x": inside}}
    path.write_bytes(pickle.dumps(table[where]))
    with pytest.raises(CheckpointError, match=r"refused: it holds more than arrays"):
        read_stats(path)
    assert not evil.exists()
    pickle.loads(path.read_bytes())  # the payload is live: another reader runs it
    assert evil.exists()


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8"])
def test_statistics_of_every_way_to_pickle(tmp_path: Path, protocol: int, dtype: str) -> None:
    path = tmp_path / "dataset_stats.pkl"
    table = {name: each.astype(dtype) for name, each in STATS.items()}
    path.write_bytes(pickle.dumps(table, protocol))
    assert np.array_equal(read_stats(path).qpos_std, STATS["qpos_std"])


def test_statistics_of_an_older_numpy(tmp_path: Path) -> None:
    path = tmp_path / "dataset_stats.pkl"
    content = pickle.dumps(STATS, 3)
    path.write_bytes(content.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"))
    assert np.array_equal(read_stats(path).action_mean, STATS["action_mean"])


@pytest.mark.parametrize(
    "change",
    [
        {"qpos_std": np.zeros(14, np.float32)},
        {"qpos_mean": np.full(14, np.nan, np.float32)},
        {"action_std": np.ones(13, np.float32)},
        {"action_mean": np.arange(14)},
        {"action_mean": np.array(["a"] * 14)},
        {"action_mean": None},
    ],
)
def test_statistics_that_are_none_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "dataset_stats.pkl"
    path.write_bytes(pickle.dumps(STATS | change))
    with pytest.raises(CheckpointError, match=r"dataset_stats\.pkl"):
        read_stats(path)


def test_broken_statistics_are_refused_wherever_they_end(tmp_path: Path) -> None:
    path, content = tmp_path / "dataset_stats.pkl", pickle.dumps(STATS | {"example_qpos": 0})
    for end in range(0, len(content), 7):
        path.write_bytes(content[:end])
        with pytest.raises(CheckpointError):
            read_stats(path)


def test_a_broken_checkpoint_is_refused(folder: Path, stored: Path) -> None:
    content = (stored / "policy_best.ckpt").read_bytes()
    for spoilt in (b"", b"hello", content[:1000], content[: len(content) // 2]):
        (folder / "policy_best.ckpt").write_bytes(spoilt)
        with pytest.raises(CheckpointError, match="broken"):
            load_reference(folder)


def test_what_is_not_there_is_said(folder: Path, theirs: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"neither policy_best\.ckpt nor"):
        load_reference(folder)
    with pytest.raises(CheckpointError, match="No such file"):
        load_reference(folder / "policy_best.ckpt")
    torch.save(theirs, folder / "policy_last.ckpt")
    (folder / "dataset_stats.pkl").unlink()
    with pytest.raises(CheckpointError, match=r"dataset_stats\.pkl: No such file"):
        load_reference(folder, CAMERAS, SIZE)


def test_statistics_of_other_joints_are_refused(folder: Path, theirs: dict[str, Tensor]) -> None:
    torch.save(theirs, folder / "policy_best.ckpt")
    fewer = {name: each[..., :7] for name, each in STATS.items()}
    (folder / "dataset_stats.pkl").write_bytes(pickle.dumps(fewer))
    with pytest.raises(CheckpointError, match="number of joints"):
        load_reference(folder, CAMERAS, SIZE)


def test_the_original_can_read_what_goes_back(theirs: dict[str, Tensor]) -> None:
    file = io.BytesIO()
    torch.save(to_reference({"queries": torch.zeros(2, 4)}), file)
    file.seek(0)
    assert list(torch.load(file, weights_only=True)) == ["model.query_embed.weight"]
