"""`episodes export aloha-swapped`, read as the mobile-aloha family reads: what ``cv2.imdecode``
gives is taken for RGB."""

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from recorder.cameras.camera import Image
from recorder.config import CameraConfig
from recorder.episode.reader import EpisodeReader
from tests.recorder.fake_rig import HEIGHT, WIDTH
from tests.replay.export.export_bench import export, make_episodes

NAMES = ("cam_low", "cam_high", "a_wrist")
CLOSE = 6.0
"""Mean error of a picture that was encoded twice, 0-255; swapped colours are off by some 50."""


@pytest.fixture(scope="module")
def episode_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cameras = tuple(CameraConfig(name, "simulated", WIDTH, HEIGHT) for name in NAMES)
    (path,) = make_episodes(tmp_path_factory.mktemp("swapped") / "battery", 7, cameras=cameras)
    return path


def load(path: Path) -> dict[str, list[Image]]:
    """Pictures as that family's viewer gets them: the lengths of a camera are those of its place
    among the datasets; what is decoded is used as it is."""
    with h5py.File(path) as root:
        assert root.attrs["compress"]
        lengths = root["/compress_len"][()]
        pictures = root["/observations/images"]
        return {
            name: [
                cv2.imdecode(row[: int(lengths[place, step])], 1)
                for step, row in enumerate(pictures[name][()])
            ]
            for place, name in enumerate(pictures.keys())
        }


def error(image: Image, other: Image) -> float:
    return float(np.abs(image.astype(float) - other).mean())


def test_a_loader_that_does_not_turn_colours_sees_true_ones(
    episode_path: Path, tmp_path: Path
) -> None:
    assert export("aloha-swapped", episode_path, "--out", tmp_path / "out") == 0
    exported, standard = load(tmp_path / "out" / "episode_0.hdf5"), load(episode_path)
    with EpisodeReader(episode_path) as episode:
        for name in NAMES:
            for step in range(episode.steps):
                true = episode.image(name, step)
                assert error(exported[name][step], true) < CLOSE
                assert error(standard[name][step], true) > 4 * CLOSE
                assert error(standard[name][step], true[..., ::-1]) < CLOSE


def test_it_has_the_layout_of_its_family(episode_path: Path, tmp_path: Path) -> None:
    assert export("aloha-swapped", episode_path, "--out", tmp_path / "out") == 0
    path = tmp_path / "out" / "episode_0.hdf5"
    with h5py.File(path) as root, EpisodeReader(episode_path) as episode:
        assert dict(root.attrs) == {"sim": True, "compress": True}
        names = sorted(NAMES)
        assert list(root["/observations/images"]) == names
        rows = [root[f"/observations/images/{name}"] for name in names]
        lengths = root["/compress_len"][()]
        assert (lengths.shape, lengths.dtype) == ((3, 7), np.dtype("f4"))
        assert {each.shape for each in rows} == {(7, int(lengths.max()))}  # one for all cameras
        assert {each.chunks for each in rows} == {(1, int(lengths.max()))}
        for place, each in enumerate(rows):
            for step, row in enumerate(each[()]):
                length = int(lengths[place, step])
                assert row[length - 2 : length].tobytes() == b"\xff\xd9"  # the end of a JPEG
                assert not row[length:].any()
        for column in ("/observations/qpos", "/observations/qvel", "/observations/effort"):
            assert np.array_equal(root[column][()], episode.column(column), equal_nan=True)
        assert np.array_equal(root["/action"][()], episode.column("/action"))


def test_some_cameras_are_enough(episode_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export("aloha-swapped", episode_path, "--out", out, "--cameras", "cam_low,a_wrist") == 0
    assert list(load(out / "episode_0.hdf5")) == ["a_wrist", "cam_low"]
