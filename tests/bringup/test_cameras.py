"""`teleop cameras` as an operator calls it: on emulated webcams and on software RealSenses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from camera_server import CameraServer

from bringup.cli import main
from recorder.cameras.camera import Image
from session.config import load_rig
from session.paths import config_dir

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = config_dir() / "rigs" / "aloha.toml"
NAMES = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
QUICK = ("--watch", "0.8")
"""A rate takes half a second of pictures."""
ENDS_WITHIN_S = 60
SOFTWARE_REALSENSES = """\
import sys
from software_realsense import SoftwareRealSense
from recorder.cameras.realsense_sdk import shared_context
from bringup.cli import main

usb = {"usb_type_descriptor": "3.2"}
slow, fast = (
    SoftwareRealSense(serial, shared_context(), rates_hz=rates_hz, infos=usb)
    for serial, rates_hz in (("123422070001", (15,)), ("123422070002", (60, 30)))
)
with slow, fast:
    slow.start()
    fast.start()
    status = main(sys.argv[1:])
sys.exit(status)
"""


@pytest.fixture(scope="module")
def served() -> Iterator[CameraServer]:
    """Two emulated webcams, at 60 pictures a second."""
    with CameraServer("top", "side", "--rate", "60") as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A rig file as `teleop scan` leaves it: its cameras are those of the example."""
    path = tmp_path / "rig.toml"
    path.write_text(EXAMPLE.read_text())
    return path


@pytest.fixture
def v4l(tmp_path: Path) -> Path:
    """A /dev/v4l without devices."""
    (tmp_path / "v4l" / "by-id").mkdir(parents=True)
    return tmp_path / "v4l"


@pytest.fixture
def cameras(path: Path, v4l: Path, tmp_path: Path) -> Any:
    """Calls it for that rig, with a terminal's answers if there are any."""

    def call(*options: str, answers: str = "", program: str = "") -> subprocess.CompletedProcess:
        command = ["-c", program] if program else ["-m", "bringup"]
        files = ["--rig", path, "--snapshots", tmp_path / "pictures", "--v4l", v4l]
        return subprocess.run(
            [sys.executable, *command, "cameras", *files, *QUICK, *options],
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests' / 'helpers'}"},
            input=answers,
            capture_output=True,
            text=True,
            timeout=ENDS_WITHIN_S,
            check=False,
        )

    return call


def written(path: Path) -> dict[str, tuple[str, str, float]]:
    """Kind, device and rate by camera, as the rig file has them."""
    return {
        camera.name: (camera.kind, camera.serial or camera.device, camera.rate_hz)
        for camera in load_rig(path).cameras
    }


def give_urls(path: Path, *urls: str) -> None:
    """Make the first cameras of the rig file webcams with these URLs."""
    text = path.read_text()
    for number, url in enumerate(urls, 1):
        serial = f'kind = "realsense"\nserial = "{number:012}"'
        text = text.replace(serial, f'kind = "webcam"\ndevice = "{url}"')
    path.write_text(text)


def picture(path: Path) -> Image:
    image: Image = cv2.imread(str(path))
    assert image is not None, path
    return image


def test_what_was_assigned_is_looked_at_and_written(
    cameras: Any, path: Path, served: CameraServer, tmp_path: Path
) -> None:
    top, side = served.urls["top"], served.urls["side"]
    named = (f"cam_high={top}", f"cam_low={side}", "cam_left_wrist=-", "cam_right_wrist=-")
    result = cameras("--assign", *named)
    assert (result.returncode, "Traceback" in result.stderr) == (0, False), result.stderr
    assert written(path) == {"cam_high": ("webcam", top, 60), "cam_low": ("webcam", side, 60)}
    assert (tmp_path / "rig.toml.bak").read_text() == EXAMPLE.read_text()
    assert f" 1  webcam {top}: EMULATED or relayed" in result.stdout
    assert "cam_left_wrist: realsense 000000000003 640x480@60 -> taken out" in result.stdout
    assert f"Wrote {path}; the old one is rig.toml.bak." in result.stdout
    pictures = sorted((tmp_path / "pictures").glob("webcam_*.png"))
    assert [picture(each).shape for each in pictures] == [(480, 640, 3)] * 2
    assert picture(tmp_path / "pictures" / "all_cameras.png").std() > 10


def test_the_operator_says_which_is_which(cameras: Any, path: Path, served: CameraServer) -> None:
    top, side = served.urls["top"], served.urls["side"]
    give_urls(path, top, side)
    result = cameras(answers="2\n2\nwhat\n1\n\n-\ny\n")
    assert result.returncode == 1, result.stderr  # cam_left_wrist names no device yet
    assert written(path) == {
        "cam_high": ("webcam", side, 60),
        "cam_low": ("webcam", top, 60),
        "cam_left_wrist": ("realsense", "000000000003", 60),
    }
    said = result.stdout
    assert f"cam_high (now 1, {top}): " in said
    assert f"{side} is cam_high already" in said
    assert "'what' is none of 1, 2; Enter leaves it, - takes it out." in said
    assert "cam_left_wrist names no device yet (000000000003 stands for one)." in said


@pytest.mark.parametrize("answers", ["2\n1\n\n\nn\n", "2\n1\n\n\n", "2\n", ""])
def test_nothing_is_written_without_a_yes(
    cameras: Any, path: Path, served: CameraServer, answers: str
) -> None:
    give_urls(path, *served.urls.values())
    before = path.read_text()
    result = cameras(answers=answers)
    assert "Nothing was written." in result.stdout
    assert path.read_text() == before
    assert not path.with_name("rig.toml.bak").exists()


def test_leaving_all_as_it_is_asks_for_no_yes(
    cameras: Any, path: Path, served: CameraServer
) -> None:
    give_urls(path, *served.urls.values())
    result = cameras(answers="\n\n\n\n")
    assert f"{path} stays as it is." in result.stdout


def test_json_is_all_that_is_printed(
    cameras: Any, path: Path, served: CameraServer, tmp_path: Path
) -> None:
    give_urls(path, served.urls["top"])
    before = path.read_text()
    result = cameras("--json")
    assert result.returncode == 1
    seen = json.loads(result.stdout)
    (device,) = seen["devices"]
    assert (
        device.items()
        >= {
            "number": 1,
            "kind": "webcam",
            "identity": served.urls["top"],
            "camera": "cam_high",
            "live": True,
            "asked": "640x480@60",
            "snapshot": str(next((tmp_path / "pictures").glob("webcam_*"))),
        }.items()
    )
    assert device["rate_hz"] > 0
    assert "EMULATED" in device["origin"]
    assert [each["camera"] for each in seen["missing"]] == list(NAMES[1:])
    assert path.read_text() == before


def test_what_is_wrong_with_a_camera_is_told(
    cameras: Any, path: Path, served: CameraServer
) -> None:
    give_urls(path, served.urls["top"], served.urls["side"])
    served.ask("look", "side", look="black")
    served.ask("look", "top", look="overexposed")
    served.ask("rate", "top", rate_hz=20)
    try:
        result = cameras("--json", "--watch", "1.5")  # at 20 pictures a second
    finally:
        for name in ("top", "side"):
            served.ask("look", name, look="normal")
        served.ask("rate", "top", rate_hz=60)
    top, side = json.loads(result.stdout)["devices"]
    assert any("and is asked for 60" in problem for problem in top["problems"])
    assert any(problem.startswith("over-exposed (") for problem in top["problems"])
    assert any(problem.startswith("black (mean") for problem in side["problems"])


def test_a_webcam_that_gives_no_picture_is_not_written(cameras: Any, path: Path, v4l: Path) -> None:
    link = v4l / "by-id" / "usb-046d_Broken-video-index0"
    link.symlink_to(os.devnull)
    result = cameras("--assign", f"cam_high={link}")
    assert result.returncode == 2
    assert f"Nothing was written: {link} of cam_high: Camera device_1 ({link}) cannot" in (
        result.stderr
    )
    assert path.read_text() == EXAMPLE.read_text()
    looked = cameras("--no-write")
    assert looked.returncode == 1
    assert f" 1  webcam {link}: 046d Broken" in looked.stdout
    assert "    ! Camera device_1" in looked.stdout


def test_without_a_device_it_says_so(cameras: Any) -> None:
    result = cameras()
    assert result.returncode == 2
    assert "cam_high names no device yet (000000000001 stands for one)." in result.stdout
    assert "teleop cameras: No camera is plugged in: connect them, or name" in result.stderr


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--assign", "cam_high"], "--assign takes NAME=SERIAL, NAME=PATH or NAME=URL"),
        (["--assign", "cam high=1"], "--assign takes NAME=SERIAL"),
        (["--assign", "a=1", "a=2"], "--assign names a twice."),
        (["--assign", "a=/dev/video7", "b=/dev/../dev/video7"], "to two cameras."),
        (["--assign", "cam_high=123"], "No RealSense is plugged in with serial 123"),
        (["--assign", "cam_high=/dev/v4l/no"], "There is no /dev/v4l/no: teleop cameras"),
        (["--rig", str(EXAMPLE)], "is an example and stays as it is"),
        (["--rig", "sim"], "is a simulated one"),
        (["--snapshots", os.devnull], "choose another folder with --snapshots"),
        (["--snapshots", "/dev/null/x"], "choose another folder with --snapshots"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    path: Path, v4l: Path, tmp_path: Path, capsys: Any, options: list[str], error: str
) -> None:
    files = ["--rig", str(path), "--v4l", str(v4l), "--snapshots", str(tmp_path / "pictures")]
    assert main(["cameras", *files, *options]) == 2
    said = capsys.readouterr().err
    assert error in said
    assert said.count("\n") == 1
    assert path.read_text() == EXAMPLE.read_text()


def test_before_there_is_a_rig_file_it_only_looks(
    served: CameraServer, v4l: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr("session.paths.checkout", lambda: tmp_path)
    files = ["--v4l", str(v4l), "--snapshots", str(tmp_path / "pictures"), *QUICK]
    assert main(["cameras", *files, "--assign", f"cam_high={served.urls['top']}"]) == 2
    assert "There is no rig.toml yet: run teleop scan" in capsys.readouterr().err
    (v4l / "by-id" / "usb-046d_Broken-video-index0").symlink_to(os.devnull)
    assert main(["cameras", *files]) == 1
    assert "There is no rig.toml yet: teleop scan writes it, then" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "v4l"]


def test_what_only_the_old_kind_of_device_understands_goes_with_it(
    cameras: Any, path: Path, served: CameraServer
) -> None:
    serial = 'serial = "000000000001"\n'
    options = "exposure_us = 8000\ngain = 64\n"
    path.write_text(path.read_text().replace(serial, serial + options))
    cameras("--assign", f"cam_high={served.urls['top']}")
    camera = load_rig(path).cameras[0]
    assert (camera.kind, camera.exposure_us, camera.gain) == ("webcam", 8000, None)


@pytest.mark.parametrize(
    "option", [["--size", "640"], ["--size", "640x-480"], ["--rate", "fast"], ["--rate", "0"]]
)
def test_no_size_or_rate_is_a_usage_error(option: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cameras", *option])
    assert ended.value.code == 2
    assert f"'{option[1]}' is no" in capsys.readouterr().err


def test_a_camera_that_is_not_in_the_rig_cannot_be_taken_out(
    cameras: Any, served: CameraServer
) -> None:
    result = cameras("--assign", "cam_hihg=-", f"cam_low={served.urls['top']}")
    assert result.returncode == 2
    assert "no camera 'cam_hihg' to take out. Did you mean 'cam_high'?" in result.stderr


def test_a_device_that_another_camera_keeps_is_not_given_twice(
    cameras: Any, path: Path, served: CameraServer
) -> None:
    give_urls(path, served.urls["top"])
    result = cameras("--assign", f"cam_low={served.urls['top']}")
    assert result.returncode == 2
    assert "is cam_high in the rig file already: assign cam_high another one" in result.stderr


def test_size_and_rate_are_asked_for_and_written(
    cameras: Any, path: Path, served: CameraServer
) -> None:
    url = served.urls["top"]
    result = cameras("--assign", f"cam_high={url}", "--size", "320x240")
    assert result.returncode == 2
    assert "640x480 and not 320x240" in result.stderr
    cameras("--assign", f"cam_high={url}", "--rate", "50")
    assert written(path)["cam_high"] == ("webcam", url, 50)


def test_realsenses_are_listed_measured_and_written(cameras: Any, path: Path) -> None:
    named = ("cam_high=123422070001", "cam_low=123422070002")
    rest = ("cam_left_wrist=-", "cam_right_wrist=-")
    result = cameras("--assign", *named, *rest, program=SOFTWARE_REALSENSES)
    assert result.returncode == 0, result.stderr
    about = "Software RealSense, firmware 5.17.0.10, USB 3.2"
    assert f" 1  realsense 123422070001: {about}\n    offers 640x480@15\n" in result.stdout
    assert f" 2  realsense 123422070002: {about}\n    offers 640x480@30/60\n" in result.stdout
    assert written(path) == {
        "cam_high": ("realsense", "123422070001", 15),  # it offers no other rate
        "cam_low": ("realsense", "123422070002", 60),
    }


def test_without_the_realsense_library_webcams_still_go(
    cameras: Any, path: Path, served: CameraServer
) -> None:
    give_urls(path, served.urls["top"])
    hidden = "import sys; sys.modules['pyrealsense2'] = None\nfrom bringup.cli import main\n"
    result = cameras("--no-write", program=f"{hidden}sys.exit(main(sys.argv[1:]))")
    assert "webcam http://127.0.0.1" in result.stdout
    assert "realsense cameras cannot be listed: The RealSense library pyrealsense2 does not" in (
        result.stdout
    )
