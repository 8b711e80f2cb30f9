"""Files of torch.save that claim to hold more than they do: refused before they are unpacked."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from act.checkpoints.read_pickled import MAX_BYTES, read_pickled
from act.checkpoints.reference import load_reference
from act.checkpoints.reference_stats import read_stats
from act.checkpoints.weights import backbone_weights
from act.errors import CheckpointError

WEIGHTS = {"a.weight": torch.arange(4096.0), "a.bias": torch.ones(3)}


def compressed(path: Path) -> None:
    """A gigabyte of zeros would be no larger: its members are deflated."""
    torch.save(WEIGHTS, path.with_suffix(".plain"))
    with zipfile.ZipFile(path.with_suffix(".plain")) as plain, zipfile.ZipFile(path, "w") as bomb:
        for each in plain.namelist():
            bomb.writestr(each, plain.read(each), zipfile.ZIP_DEFLATED)


def lying(path: Path) -> None:
    """Each member's size in the directory is a gigabyte."""
    torch.save(WEIGHTS, path)
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\1\2")
    while place >= 0:
        content[place + 24 : place + 28] = (1 << 30).to_bytes(4, "little")
        place = content.find(b"PK\1\2", place + 1)
    path.write_bytes(content)


def two_directories(path: Path) -> None:
    """Python's reader and torch's find different ones."""
    torch.save(WEIGHTS, path)
    path.write_bytes(b"PK\3\4" + bytes(60) + path.read_bytes())


def viewed(path: Path) -> None:
    """One number, seen as 4 TiB of them."""
    torch.save({"a": torch.zeros(1).expand(1 << 40)}, path)


def empty(path: Path) -> None:
    """Without numbers."""
    torch.save({"a": torch.zeros(9, device="meta")}, path)


def holes(path: Path) -> None:
    """A file without an end."""
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (compressed, "is compressed"),
        (lying, "unpack to far more"),
        (two_directories, "says twice what"),
        (viewed, "far more weights"),
        (empty, "weights of one network"),
        (holes, "would be the most"),
        (os.mkfifo, "no ordinary file"),
        (lambda path: path.symlink_to("/dev/zero"), "no ordinary file"),
        (Path.mkdir, "no ordinary file"),
    ],
)
def test_bombs(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    path = tmp_path / "policy.ckpt"
    make(path)
    with pytest.raises(CheckpointError, match=said):
        read_pickled(path)
    with pytest.raises(CheckpointError, match=rf"{said}.*--backbone-weights none\.$"):
        backbone_weights(str(path))
    if make is not Path.mkdir:
        with pytest.raises(CheckpointError, match=rf"{said}.*\.$"):
            load_reference(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_saves(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "weights.pth"
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=zipped)
    found = read_pickled(path)
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], each) for name, each in WEIGHTS.items())


def test_statistics_without_an_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "dataset_stats.pkl")
    with pytest.raises(CheckpointError, match=r"dataset_stats\.pkl is no ordinary file\.$"):
        read_stats(tmp_path / "dataset_stats.pkl")
