"""The small pictures that a display shows."""

from pathlib import Path

import numpy as np
import pytest

from recorder import thumbnails
from recorder.cameras.camera import CameraAbout, CameraHealth, CameraState, Frame
from recorder.status import THUMBNAIL_RING
from recorder.thumbnails import Thumbnails, shrunk
from teleop.ring import RingReader
from tests.recorder.fake_rig import picture


class Shown:
    """A camera that gives the frame it is handed."""

    name = "shown"

    def __init__(self) -> None:
        self.frame: Frame | None = None

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        frame = self.frame
        return frame if frame and frame.arrival_ns <= t_ns else None

    def has_passed(self, t_ns: int) -> bool:
        return False

    def health(self, t_ns: int) -> CameraHealth:
        return CameraHealth(CameraState.LIVE, 50.0)

    def about(self) -> CameraAbout:
        return CameraAbout("shown")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((640, 480), (80, 60)),
        ((1280, 720), (80, 45)),
        ((80, 60), (80, 60)),
        ((64, 48), (64, 48)),
        ((641, 481), (72, 54)),
        ((480, 640), (44, 59)),
        ((8192, 1), (80, 1)),
    ],
)
def test_pictures_are_made_to_fit_by_stride(size: tuple[int, int], small: tuple[int, int]) -> None:
    image = picture(5, *size)
    assert shrunk(image).shape == (small[1], small[0], 3)
    assert np.array_equal(shrunk(image)[0, 0], image[0, 0])


def test_the_newest_whole_pictures_are_in_the_ring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "INTERVAL_S", 0.0)
    cameras = [Shown(), Shown()]
    shown = Thumbnails(tmp_path, cameras)
    with RingReader(tmp_path / THUMBNAIL_RING) as ring:
        shown.show(0)
        assert ring.newest()["size"].tolist() == [[0, 0], [0, 0]]
        assert ring.newest()["number"].tolist() == [-1, -1]
        cameras[0].frame = Frame(picture(7, 640, 480), 7, 10, 10)
        shown.show(9)
        assert ring.newest()["size"].tolist() == [[0, 0], [0, 0]]
        shown.show(10)
        record = ring.newest()
        assert record["size"].tolist() == [[60, 80], [0, 0]]
        assert record["number"].tolist() == [7, -1]
        assert np.array_equal(record["image"][0], picture(7, 640, 480)[::8, ::8])
        cameras[0].frame = Frame(picture(9, 640, 480), 9, 20, 20, is_whole=lambda: False)
        cameras[1].frame = Frame(picture(3, 1280, 720), 3, 20, 20)
        shown.show(20)
        record = ring.newest()
        assert record["number"].tolist() == [7, 3]
        assert np.array_equal(record["image"][0], picture(7, 640, 480)[::8, ::8])
        assert record["size"].tolist() == [[60, 80], [45, 80]]
        assert np.array_equal(record["image"][1, :45], picture(3, 1280, 720)[::16, ::16])
        assert record["t_ns"] > 0
    shown.close()


def test_they_are_shown_five_times_a_second(tmp_path: Path) -> None:
    shown = Thumbnails(tmp_path, [Shown()])
    with RingReader(tmp_path / THUMBNAIL_RING) as ring:
        for _ in range(20):
            shown.show(0)
        assert len(ring) == 1
    shown.close()


def test_a_rig_without_cameras_has_none(tmp_path: Path) -> None:
    shown = Thumbnails(tmp_path, [])
    shown.show(0)
    with RingReader(tmp_path / THUMBNAIL_RING) as ring:
        assert ring.newest()["size"].shape == (0, 2)
    shown.close()
