"""What `teleop doctor` says of cameras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from camera_server import CameraServer

from bringup.camera_checks import check_cameras
from bringup.cli import main
from bringup.findings import Finding
from recorder.config import CameraConfig

REPOSITORY = Path(__file__).resolve().parents[2]
NOWHERE = Path("/nowhere")
PLUGGED_IN = """\
import json, sys
from software_realsense import SoftwareRealSense
from recorder.cameras.realsense_sdk import shared_context
from bringup.camera_checks import check_cameras
from recorder.config import CameraConfig

camera = SoftwareRealSense("123422070001", shared_context(), rates_hz=(30,))
rates = {"123422070001": (30, 60), "123422070009": (60,)}
configs = [
    CameraConfig(f"cam_{rate_hz}", "realsense", rate_hz=rate_hz, serial=serial)
    for serial, all_rates in rates.items() for rate_hz in all_rates
]
print(json.dumps([each.as_json() for each in check_cameras(configs)]))
"""

NO_LIBRARY = """\
import json, sys
sys.modules["pyrealsense2"] = None
from bringup.camera_checks import check_cameras
from recorder.config import CameraConfig

cameras = [CameraConfig("cam_low", "realsense", serial="123422070009")]
print(json.dumps([each.as_json() for each in check_cameras(cameras)]))
"""


@pytest.fixture(scope="module")
def served() -> Iterator[CameraServer]:
    with CameraServer("top") as server:
        yield server


def check(*cameras: CameraConfig, v4l: Path = NOWHERE, sysfs: Path = NOWHERE) -> list[Finding]:
    return list(check_cameras(cameras, sysfs, v4l))


def webcam(device: object) -> CameraConfig:
    return CameraConfig("cam_high", "webcam", device=str(device))


def checked_by(program: str) -> list[dict[str, Any]]:
    """The findings that another process prints: what it plugs in or hides stays its own."""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests' / 'helpers'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A webcam, as far as its name goes."""
    folder = tmp_path / "v4l" / "by-id"
    folder.mkdir(parents=True)
    (folder / "usb-046d_Webcam-video-index0").symlink_to(os.devnull)
    return folder / "usb-046d_Webcam-video-index0"


def test_cameras_without_a_device_have_nothing_to_check() -> None:
    assert check(CameraConfig("cam_high", "pattern")) == []


@pytest.mark.parametrize(
    ("camera", "severity", "named"),
    [
        (CameraConfig("cam_low", "realsense", serial="000000000002"), "problem", "000000000002"),
        (CameraConfig("cam_low", "realsense"), "warning", "whichever RealSense"),
        (CameraConfig("cam_low", "webcam"), "problem", "nothing stands for one"),
    ],
)
def test_a_camera_that_names_no_device(camera: CameraConfig, severity: str, named: str) -> None:
    (found,) = check(camera)
    assert (found.kind, found.where, found.severity) == ("camera-unnamed", "cam_low", severity)
    assert named in found.what
    assert "teleop cameras" in found.mend


def test_a_realsense_that_is_not_there() -> None:
    (found,) = check(CameraConfig("cam_low", "realsense", serial="123422070009"))
    assert (found.kind, found.what) == ("camera-missing", "is not plugged in")
    assert found.where == "cam_low (realsense 123422070009)"


def test_a_realsense_that_is_there_but_not_as_asked_for() -> None:
    found = [(each["kind"], each["where"], each["what"]) for each in checked_by(PLUGGED_IN)]
    assert found == [
        ("camera-mode", "cam_60 (realsense 123422070001)", "does not offer 640x480@60"),
        ("camera-missing", "cam_60 (realsense 123422070009)", "is not plugged in"),
    ]


def test_a_library_that_does_not_load_is_one_finding() -> None:
    (found,) = checked_by(NO_LIBRARY)
    assert (found["kind"], found["where"]) == ("camera-list", "This computer:")
    assert "pyrealsense2 does not load" in found["what"]


def test_a_realsense_that_only_the_kernel_sees(tmp_path: Path) -> None:
    device = tmp_path / "bus" / "usb" / "devices" / "2-1"
    device.mkdir(parents=True)
    for name, text in {"idVendor": "8086", "speed": "5000", "product": "RealSense 405"}.items():
        (device / name).write_text(text)
    found = check(CameraConfig("cam_low", "realsense", serial="123422070009"), sysfs=tmp_path)
    assert [each.kind for each in found] == ["camera-refused", "camera-missing"]
    assert found[0].what == "1 plugged in (USB 2-1), and 0 may be used by you"
    assert "udev rules" in found[0].mend


def test_a_webcam_that_is_there(link: Path) -> None:
    assert check(webcam(link), v4l=link.parents[1]) == []


def test_a_webcam_that_is_not_there(link: Path) -> None:
    (found,) = check(webcam(link.with_name("usb-other-video-index0")), v4l=link.parents[1])
    assert (found.kind, found.what) == ("camera-missing", "is not plugged in")


def test_a_webcam_of_another_user(link: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open anything
    (found,) = check(webcam(link), v4l=link.parents[1])
    assert (found.kind, found.what) == ("camera-refused", "may not be opened by you")


def test_a_name_that_changes() -> None:
    assert [each.kind for each in check(webcam("/dev/video7"))] == ["camera-name", "camera-missing"]


def test_a_url_is_there_if_it_gives_a_picture(served: CameraServer) -> None:
    (found,) = check(webcam(served.urls["top"]))
    assert (found.kind, found.severity) == ("camera-url", "notice")
    assert "EMULATED" in found.what
    served.ask("die")
    try:
        missing, _ = check(webcam(served.urls["top"]))
    finally:
        served.ask("revive")
    assert missing.kind == "camera-missing"
    assert "does not answer with a video" in missing.what


def test_doctor_looks_at_the_cameras_of_a_rig(
    rig_path: Path, served: CameraServer, tmp_path: Path, capsys: Any
) -> None:
    device = f'kind = "webcam"\ndevice = "{served.urls["top"]}"'
    rig_path.write_text(rig_path.read_text().replace('kind = "pattern"', device, 1))
    assert main(["doctor", "--rig", str(rig_path), "--out", str(tmp_path)]) == 0
    assert f"NOTICE camera-url\n  cam_high (webcam {served.urls['top']}) is EMULATED" in (
        capsys.readouterr().out
    )
