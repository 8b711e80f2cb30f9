"""Checkpoints that are broken or malicious: refused in a sentence, and nothing is executed."""

import json
import os
import resource
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from act.checkpoints.checkpoint import FORMAT, load, save
from act.checkpoints.config_json import BOUNDS, checked, from_json
from act.config import ModelConfig
from act.errors import CheckpointError, ConfigError
from act.training.cli import main
from tests.act.checkpoint_bench import MODEL, change, make_checkpoint

ROOM_BYTES = 1 << 30
"""Beyond what the process has: no checkpoint here needs a thousandth of it."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
hardly = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """What wants a gigabyte more fails."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM_BYTES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good checkpoint, to be spoilt."""
    save(tmp_path / "last", make_checkpoint())
    load(tmp_path / "last", to_go_on=True)
    return tmp_path / "last"


def refusal(folder: Path) -> str:
    """The sentence."""
    with pytest.raises(CheckpointError) as caught:
        load(folder, to_go_on=True)
    said = str(caught.value)
    assert str(folder) in said
    assert said.endswith(".")
    assert len(said) < 800
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("model", "encoder_layers"), 10**9, "encoder_layers must be a whole number of 1 to 48"),
        (("model", "hidden"), 4096, "must be F32"),
        (("model", "hidden"), 10, "multiple of 4"),
        (("model", "heads"), 3, "multiple of heads"),
        (("model", "chunk"), True, "chunk must be a whole number"),
        (("model", "dropout"), "0.1", "dropout must be a number"),
        (("model", "cameras"), [], "cameras must be 1 to"),
        (("model", "cameras"), ["a", "a"], "cameras must be 1 to"),
        (("model", "backbone"), "resnet50", "backbone must be one of resnet18, small"),
        (("model", "surprise"), 1, "must have just the fields"),
        (("model", "crops"), 1, "crops must be parts of pictures"),
        (("model", "crops"), [[0.5, 0, 0.6, 1]], "crops must be parts of pictures"),
        (("model", "crops"), [[0, 0, 0, 0]], "crops must be parts of pictures"),
        (("model", "crops"), [[[0]]], "crops must be parts of pictures"),
        (("model", "crops"), [[0, 0, 1, 1]] * 9, "crops must be none, or one a camera"),
        (("train", "seed"), -1, "seed must be"),
        (("train", "lr"), "fast", "lr must be"),
        (("meta", "step"), -1, "step in the meta"),
        (("meta", "episodes"), [1], "episodes in the meta"),
        (("meta", "episodes"), [], "names no episodes to go on with"),
        (("meta", "losses"), {"best": 10**400}, "losses in the meta"),
        (("meta", "losses"), {"best": "low"}, "losses in the meta"),
        (("meta", "surprise"), 1, "must have just the fields"),
        (("format",), FORMAT + "0", "not written by this version"),
        (("identity",), "0" * 64, "is not the file that"),
    ],
)
def test_configurations(folder: Path, keys: tuple[str, ...], value: Any, said: str) -> None:
    change(folder / "config.json", *keys, to=value)
    assert said in refusal(folder)


def test_pictures_of_a_terapixel(folder: Path) -> None:
    for name in ("image_height", "image_width", "hidden"):
        change(folder / "config.json", "model", name, to=4096)
    change(folder / "config.json", "model", "cameras", to=[str(i) for i in range(32)])
    change(folder / "config.json", "model", "crops", to=[])
    assert "too large" in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "stats.json"])
@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "NaN", "\ud800", "\0"],
)
def test_what_is_no_json(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    refusal(folder)


def test_losses_without_an_end(folder: Path) -> None:
    """Which Python reads as infinity, though no name of it is there."""
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace('"best": 0.5', '"best": 1e999'))
    assert "losses in the meta of config.json makes no sense" in refusal(folder)


def test_texts_without_an_end(folder: Path) -> None:
    with (folder / "config.json").open("ab") as file:
        file.truncate(1 << 40)  # of holes
    assert "would be the most" in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "stats.json", "model.safetensors"])
def test_what_is_no_file(folder: Path, tmp_path: Path, name: str) -> None:
    path = folder / name
    elsewhere = path.rename(tmp_path / "elsewhere")
    assert f"there is no {name} in it" in refusal(folder)
    path.symlink_to(elsewhere)
    assert f"{name} in it is no ordinary file" in refusal(folder)
    path.unlink()
    os.mkfifo(path)
    assert f"{name} in it is no ordinary file" in refusal(folder)
    path.unlink()
    path.mkdir()
    assert f"{name} in it is no ordinary file" in refusal(folder)
    path.rmdir()
    path.symlink_to("/dev/zero")
    assert f"{name} in it is no ordinary file" in refusal(folder)


def test_what_is_no_folder(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refusal(tmp_path / "file")


HEADERS = {
    "no end": struct.pack("<Q", 1 << 63) + b"{}",
    "longer than the file": struct.pack("<Q", 1000) + b"{}",
    "nothing": b"",
    "a list": struct.pack("<Q", 2) + b"[]",
    "deep": struct.pack("<Q", 100_000) + b"[" * 100_000,
    "numbers": struct.pack("<Q", 7) + b'{"a":1}',
    "nothing in it": struct.pack("<Q", 2) + b"{}",
}


@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors"])
@pytest.mark.parametrize("header", HEADERS)
def test_headers(folder: Path, name: str, header: str) -> None:
    (folder / name).write_bytes(HEADERS[header])
    if (name, header) != ("training.safetensors", "nothing in it"):  # a step that is no step
        assert name in refusal(folder)


def test_a_file_of_holes(folder: Path) -> None:
    with (folder / "model.safetensors").open("ab") as file:
        file.truncate(1 << 40)
    assert "would be the most" in refusal(folder)


def test_a_billion_weights_that_are_not_there(folder: Path) -> None:
    for name, most in {"hidden": 4096, "feedforward": 16384, "encoder_layers": 48}.items():
        change(folder / "config.json", "model", name, to=most)
    assert "larger than 8 GiB" in refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors"])
def test_numbers_that_are_none(folder: Path, name: str, value: float) -> None:
    made = make_checkpoint()
    for tensors in (made.weights, made.training):
        next(iter(tensors.values())).flatten()[0] = value
    if name == "model.safetensors":
        made = replace(made, training={})
    else:
        made = replace(made, weights=make_checkpoint().weights)
    save(folder, made)
    said = refusal(folder)
    assert f"in {name} holds what is no number" in said


def test_weights_of_another_network(folder: Path) -> None:
    for keys, change_it in {
        "lacks action_head.weight": lambda weights: weights.pop("action_head.weight"),
        "holds the unknown 'evil'": lambda weights: weights.update(evil=torch.zeros(1)),
        "must be F32 [14, 8], and is 'F64'": lambda weights: weights.update(
            {"action_head.weight": torch.zeros(14, 8, dtype=torch.float64)}
        ),
        "must be F32 [14], and is 'F32' [15]": lambda weights: weights.update(
            {"action_head.bias": torch.zeros(15)}
        ),
    }.items():
        weights = make_checkpoint().weights
        change_it(weights)
        save_file(weights, folder / "model.safetensors")
        assert keys in refusal(folder)


def test_moments_in_part(folder: Path) -> None:
    made = make_checkpoint()
    del made.training["exp_avg.action_head.bias"]
    save(folder, made)
    assert "remembers some weights in part only" in refusal(folder)


def test_statistics_of_another_robot(folder: Path) -> None:
    stats = json.loads((folder / "stats.json").read_text())
    (folder / "stats.json").write_text(json.dumps({name: it[:7] for name, it in stats.items()}))
    assert "differ in the number of joints" in refusal(folder)


@hardly
@given(field=st.sampled_from([*asdict(MODEL), "surprise"]), value=json_values)
def test_any_field_of_any_kind(field: str, value: Any) -> None:
    with suppress(ConfigError):
        found = from_json(ModelConfig, asdict(MODEL) | {field: value})
        assert checked(found) == found


@hardly
@given(keys=st.sampled_from(["model", "train", "meta", "identity", "format"]), value=json_values)
def test_any_part_of_any_kind(tmp_path: Path, keys: str, value: Any) -> None:
    save(tmp_path / "last", make_checkpoint(to_go_on=False))
    change(tmp_path / "last" / "config.json", keys, to=value)
    refusal(tmp_path / "last")


@hardly
@given(data=st.data(), name=st.sampled_from(["config.json", "stats.json", "model.safetensors"]))
def test_any_byte_of_any_file(tmp_path: Path, data: st.DataObject, name: str) -> None:
    save(tmp_path / "last", make_checkpoint(to_go_on=False))
    path = tmp_path / "last" / name
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, min(len(content) - 1, 3000)))
    if data.draw(st.booleans()):
        del content[place:]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with suppress(CheckpointError):
        load(tmp_path / "last")
        assert name != "model.safetensors"  # whose every bit is checked


def test_the_command_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "training.safetensors").write_bytes(b"")
    assert main(["--resume", str(folder)]) == 2
    assert capsys.readouterr().err.startswith(f"act-train: Cannot use the checkpoint {folder}: tr")


def test_every_number_has_bounds() -> None:
    numbers = {name for name, value in asdict(MODEL).items() if type(value) in (int, float)}
    assert numbers <= set(BOUNDS)
