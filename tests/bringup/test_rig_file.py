"""Cameras written into a rig file, and everything else in it as it was."""

import dataclasses
import difflib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bringup.camera_tables import changed
from bringup.errors import BringupError
from bringup.rig_file import write_cameras
from recorder.config import CameraConfig
from session.config import load_rig
from session.paths import config_dir

EXAMPLE = (config_dir() / "rigs" / "aloha.toml").read_text()
NAMES = [camera["name"] for camera in tomllib.loads(EXAMPLE)["cameras"]]
WEBCAM = "/dev/v4l/by-id/usb-046d_HD_Pro-video-index0"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rig.toml"
    path.write_text(EXAMPLE)
    return path


def now(path: Path, name: str) -> CameraConfig:
    return next(camera for camera in load_rig(path).cameras if camera.name == name)


def difference(path: Path) -> list[str]:
    """What a change did to the text, without its context."""
    lines = difflib.unified_diff(EXAMPLE.splitlines(), path.read_text().splitlines(), n=0)
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


def test_another_device_is_one_line(path: Path) -> None:
    camera = dataclasses.replace(now(path, "cam_low"), serial="123422070001")
    after = write_cameras(path, {"cam_low": camera})
    assert difference(path) == ['-serial = "000000000002"', '+serial = "123422070001"']
    assert after == load_rig(path)
    assert (path.parent / "rig.toml.bak").read_text() == EXAMPLE


def test_a_webcam_takes_the_place_of_a_realsense(path: Path) -> None:
    old = now(path, "cam_high")
    camera = dataclasses.replace(old, kind="webcam", serial="", device=WEBCAM, rate_hz=30.0)
    write_cameras(path, {"cam_high": camera})
    assert now(path, "cam_high") == camera
    assert difference(path) == [
        '-kind = "realsense"',
        '-serial = "000000000001"',
        '+kind = "webcam"',
        f'+device = "{WEBCAM}"',
        *[
            f"{sign}rate_hz = {rate}  # what it is asked for; faster than the ticks, so that each "
            "of them has a new picture"
            for sign, rate in (("-", 60), ("+", 30))
        ],
    ]
    write_cameras(path, {"cam_high": old})
    assert path.read_text() == EXAMPLE


def test_options_come_and_go(path: Path) -> None:
    old = now(path, "cam_high")
    write_cameras(path, {"cam_high": dataclasses.replace(old, exposure_us=8000, gain=64)})
    assert difference(path) == ["+exposure_us = 8000", "+gain = 64"]
    write_cameras(path, {"cam_high": old})
    assert path.read_text() == EXAMPLE


def test_a_camera_is_taken_out_and_a_new_one_put_in(path: Path) -> None:
    top = CameraConfig("cam_top", "webcam", 320, 240, 30.0, device=WEBCAM)
    write_cameras(path, {"cam_high": None, "cam_top": top})
    assert [camera.name for camera in load_rig(path).cameras] == [*NAMES[1:], "cam_top"]
    text = path.read_text()
    assert "# (required) At least one camera" in text
    assert (
        f'\n[[cameras]]\nname = "cam_top"\nkind = "webcam"\ndevice = "{WEBCAM}"\n'
        "width = 320\nheight = 240\nrate_hz = 30\n\n[recording]\n"
    ) in text


def test_a_rig_without_cameras_is_refused_and_the_file_stays(path: Path) -> None:
    with pytest.raises(BringupError, match="at least one camera: nothing was"):
        write_cameras(path, dict.fromkeys(NAMES))
    assert path.read_text() == EXAMPLE
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "cameras",
    [
        '\ncameras = [{ name = "cam_a", kind = "pattern" }]\n',
        '\n  [[cameras]]\n  name = "cam_a"\n  kind = "pattern"\n',
        '\n[[cameras]]\nname = "cam_a"\n"kind" = "pattern"\n',
        '\n[[cameras]]\nname = "cam_a"\nkind = """pattern"""\n',
    ],
)
def test_an_unusual_text_is_left_alone(path: Path, cameras: str) -> None:
    head = EXAMPLE[: EXAMPLE.index("[rig]")]
    arms = EXAMPLE[EXAMPLE.index("[rig]") : EXAMPLE.index("# (required) At least one camera")]
    text = head + cameras + arms if "= [{" in cameras else head + arms + cameras
    path.write_text(text)
    assert [camera.name for camera in load_rig(path).cameras] == ["cam_a"]
    camera = CameraConfig("cam_a", "realsense", serial="123422070001")
    with pytest.raises(BringupError, match="edit them by hand"):
        write_cameras(path, {"cam_a": camera})
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_a_name_that_no_toml_can_hold_is_one_sentence(path: Path) -> None:
    camera = CameraConfig("cam_high", "webcam", device="/dev/v4l/by-id/\udcff")
    with pytest.raises(BringupError, match="is not UTF-8; name the device otherwise"):
        write_cameras(path, {"cam_high": camera})
    assert path.read_text() == EXAMPLE


OPTION = st.none() | st.integers(0, 1_000_000)


@st.composite
def cameras(draw: Any) -> CameraConfig:
    kind = draw(st.sampled_from(["realsense", "webcam", "pattern"]))
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    names = ("exposure_us", "gain", "white_balance_k", "focus")
    return CameraConfig(
        name=draw(st.sampled_from([*NAMES, "cam_a", "cam_b"])),
        kind=kind,
        width=draw(st.integers(1, 8192)),
        height=draw(st.integers(1, 8192)),
        rate_hz=draw(st.floats(0.1, 1000.0)),
        serial=draw(text) if kind == "realsense" else "",
        device=draw(text) if kind == "webcam" else "",
        **{name: None if kind == "pattern" else draw(OPTION) for name in names},
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(new=st.lists(cameras()), out=st.sets(st.sampled_from(NAMES[1:])))
def test_whatever_is_written_is_read_back_and_the_rest_is_untouched(
    tmp_path: Path, new: list[CameraConfig], out: set[str]
) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(EXAMPLE)
    before = load_rig(path)
    changes = dict.fromkeys(out) | {camera.name: camera for camera in new}
    after = write_cameras(path, changes)
    assert (
        after
        == load_rig(path)
        == dataclasses.replace(before, cameras=changed(before.cameras, changes))
    )
    cut = EXAMPLE.index("[[cameras]]")
    assert path.read_text().startswith(EXAMPLE[:cut])
    assert path.read_text().endswith(EXAMPLE[EXAMPLE.index("[recording]") :])
