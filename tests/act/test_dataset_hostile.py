"""Whatever bytes a file holds, the answer is pictures and numbers, or a sentence."""

import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from act.data.episode import read_episode
from act.data.find import common
from act.errors import DataError
from tests.act.foreign import HEIGHT, WIDTH, make_compressed, make_raw
from tests.act.test_dataset import samples_of
from tests.recorder.fake_rig import calm, make_episode


def learn_from(path: Path, keep: str = "streamed") -> torch.Tensor:
    """Every picture and joint of a file, as a training would see them."""
    episode = read_episode(path)
    samples = samples_of([episode], cameras=common([episode]).cameras, keep=keep)
    try:
        batch = samples.batch(samples.train_index)
    finally:
        samples.close()
    assert torch.isfinite(batch.actions).all()
    assert torch.isfinite(batch.qpos).all()
    return batch.images


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of each kind."""
    folder = tmp_path_factory.mktemp("kinds")
    paths = {
        "ours": make_episode(folder, 4, 0, calm, cameras=1),
        "raw": make_raw(folder / "raw.hdf5", steps=3),
        "compressed": make_compressed(folder / "compressed.hdf5", steps=3),
    }
    for path in paths.values():
        learn_from(path)
    return {kind: path.read_bytes() for kind, path in paths.items()}


@given(
    kind=st.sampled_from(["ours", "raw", "compressed"]),
    where=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=8),
    value=st.integers(0, 255),
    near_the_start=st.booleans(),
)
def test_any_bytes_are_data_or_a_sentence(
    kind: str,
    where: list[float],
    value: int,
    near_the_start: bool,
    written: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    spoilt = bytearray(written[kind])
    reach = 12_000 if near_the_start else len(spoilt)
    for share in where:
        spoilt[int(share * reach)] = value
    path = tmp_path_factory.getbasetemp() / "spoilt.hdf5"
    path.write_bytes(spoilt)
    said = ""
    try:
        learn_from(path)
    except DataError as error:
        said = str(error)
    assert not said or (said.endswith(".") and said.isprintable())


def test_a_chunk_that_says_it_is_larger_than_it_is_does_no_harm(
    written: dict[str, bytes], tmp_path: Path
) -> None:
    size, none = HEIGHT * WIDTH * 3, 0
    entry, larger = struct.pack("<II", size, none), struct.pack("<II", 4 * size, none)
    assert written["raw"].count(entry) >= 6
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(written["raw"])
    before = learn_from(path)
    path.write_bytes(written["raw"].replace(entry, larger))
    assert torch.equal(learn_from(path), before)


def _elsewhere(file: h5py.File) -> None:
    del file["/observations/images"]
    file["/observations/images"] = h5py.ExternalLink("/etc/passwd", "/")


def _no_group(file: h5py.File) -> None:
    del file["/observations/images"]
    file["/observations/images"] = np.zeros(3)


def _many_cameras(file: h5py.File) -> None:
    for i in range(40):
        file.create_dataset(f"/observations/images/cam_{i}", (3, 2), "u1")


def _claims(shape: tuple[int, ...]) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file["/observations/images/cam_high"]
        chunks = (1, *shape[1:]) if all(shape) else None
        file.create_dataset("/observations/images/cam_high", shape, "u1", chunks=chunks)

    return change


def _joints(shape: tuple[int, ...], kind: str = "f4") -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file["/action"]
        file.create_dataset("/action", shape, kind)

    return change


def _overflow(file: h5py.File) -> None:
    del file["/action"]
    file["/action"] = np.full((3, 14), 1e200)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_elsewhere, "no episode of Tandem, ALOHA or ACT"),
        (_no_group, "no episode of Tandem, ALOHA or ACT"),
        (_many_cameras, "no episode of Tandem, ALOHA or ACT"),
        (_claims((3, 8000, 8000, 3)), "claims to be larger than the file"),
        (_claims((3, 0, 64, 3)), "is not a picture a step"),
        (_claims((3, 48, 64, 1)), "is not a picture a step"),
        (_claims((2, 48, 64, 3)), "is not a picture a step"),
        (_claims((3, 48)), "is not a picture a step"),
        (_joints((3,)), "joints a step"),
        (_joints((3, 65)), "joints a step"),
        (_joints((3, 14), "i4"), "joints a step"),
        (_joints((0, 14)), "joints a step"),
        (_joints((4, 14)), "is not a picture a step|3 observations, but 4 actions"),
        (_overflow, "is no number at step 0"),
    ],
)
def test_what_a_file_claims_is_looked_at_first(
    change: Callable[[h5py.File], None], words: str, tmp_path: Path
) -> None:
    path = make_raw(tmp_path / "episode_0.hdf5", steps=3)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(DataError, match=words):
        learn_from(path)


@pytest.mark.parametrize("keep", ["resident", "streamed"])
def test_a_picture_that_is_none_or_larger_than_told_is_refused(
    keep: str, written: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "episode_0.hdf5"
    for jpeg in (b"", b"\xff\xd8 no more", _huge_jpeg()):
        path.write_bytes(written["ours"])
        with h5py.File(path, "r+") as file:
            rows = file["/observations/images/cam_0"]
            rows[2] = np.frombuffer(jpeg[: rows.shape[1]].ljust(rows.shape[1], b"\0"), np.uint8)
        with pytest.raises(DataError, match=r"the image of cam_0 at step 2 is no picture: `epis"):
            learn_from(path, keep)


def _huge_jpeg() -> bytes:
    """Its header says 8000x8000."""
    jpeg = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
    start = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:start] + (8000).to_bytes(2, "big") * 2 + jpeg[start + 4 :]


def test_a_file_that_is_gone_meanwhile_is_said(tmp_path: Path) -> None:
    path = make_raw(tmp_path / "episode_0.hdf5", steps=3)
    samples = samples_of([read_episode(path)], cameras=("cam_high",), keep="streamed")
    path.unlink()
    with pytest.raises(DataError, match=r"episode_0.hdf5 does not exist\.$"):
        samples.batch(samples.train_index)
    samples.close()
