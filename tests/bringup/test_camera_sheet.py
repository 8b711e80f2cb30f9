"""Snapshots of cameras as files, and what is said of them."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from bringup.camera_look import Look
from bringup.camera_report import Seen, describe
from bringup.camera_search import gather
from bringup.camera_sheet import EMPTY, SHEET, TILE_WIDTH, sheet, snapshot_name, write_snapshots
from recorder.cameras.camera import CameraAbout, CameraHealth, CameraState, Image
from recorder.cameras.found import FoundCamera

RED = (255, 0, 0)


def looks(*images: Image | None) -> list[Look]:
    found = [FoundCamera("webcam", f"/dev/v4l/by-id/{n}") for n in range(len(images))]
    health = CameraHealth(CameraState.LIVE, math.nan)
    return [
        Look(device, health, CameraAbout("webcam"), image)
        for device, image in zip(gather(found, []), images, strict=True)
    ]


def red(width: int = 640, height: int = 480) -> Image:
    return np.full((height, width, 3), RED, np.uint8)


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 2, 1), (4, 2, 2), (5, 3, 2)])
def test_a_sheet_has_a_tile_for_each_device(count: int, columns: int, rows: int) -> None:
    picture = sheet(looks(*[red()] * count))
    height, width, _ = picture.shape
    assert (width // TILE_WIDTH, height // 360) == (columns, rows)
    share = (picture == RED).all(axis=-1).sum() / (TILE_WIDTH * 360)
    assert share == pytest.approx(count, rel=0.01)


@pytest.mark.parametrize("size", [(1280, 720), (240, 640), (1, 1)])
def test_pictures_of_any_shape_fit(size: tuple[int, int]) -> None:
    picture = sheet(looks(red(*size), None))
    assert (picture == RED).all(axis=-1).any()
    assert (picture == EMPTY).all(axis=-1).sum() > TILE_WIDTH * 300


def test_colours_and_content_of_a_file_are_those_of_the_picture(tmp_path: Path) -> None:
    written = write_snapshots(looks(red(), None), tmp_path)
    assert list(written) == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([SHEET, written[1].name])
    blue, green, red_ = cv2.imread(str(written[1]))[0, 0]
    assert (red_, green, blue) == RED


def test_names_of_files_are_plain_tell_no_password_and_do_not_clash(tmp_path: Path) -> None:
    name = snapshot_name("http://me:secret@cam.local:8080/a/top.mjpg?x=1", "webcam")
    assert name == "webcam_cam.local_8080_a_top.mjpg.png"
    assert len(snapshot_name(f"/dev/v4l/by-id/{'long' * 100}", "webcam")) < 255
    found = [FoundCamera("webcam", f"http://cam/a{odd}b") for odd in "?&"]
    health = CameraHealth(CameraState.LIVE, math.nan)
    alike = [Look(each, health, CameraAbout("webcam"), red()) for each in gather(found, [])]
    assert len(set(write_snapshots(alike, tmp_path).values())) == 2


def test_a_rate_that_is_not_known_is_said_in_words() -> None:
    """As of a camera with a picture in ten seconds."""
    (line,) = [line for line in describe(Seen(looks(red()), {}, Path(SHEET)), []) if "@" in line]
    assert "too few pictures to tell its rate" in line
    assert "nan" not in line
