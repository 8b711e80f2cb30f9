"""Which RealSense is meant, what there is, and what is said where there is none."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from realsense_bench import Bench, next_of

from recorder.cameras.realsense import list_realsense
from recorder.cameras.realsense_sdk import sdk
from recorder.errors import CameraError


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_two_cameras_are_told_apart_by_serial(bench: Bench) -> None:
    first = bench.camera("000000000001", age_ms=5.0)
    second = bench.camera("000000000002", first.context, age_ms=9.0)
    second.push(5000)
    sources = [bench.opened(camera)[0] for camera in (second, first)]
    assert next_of(sources[0]).number > 5000 > next_of(sources[1]).number


def test_an_unknown_serial_names_those_there_are(bench: Bench) -> None:
    context = bench.camera("000000000001").context
    bench.camera("000000000002", context)
    source = bench.source(context, "000000000003")
    expected = r"cam_high: RealSense 000000000003 .*there are 000000000001, 000000000002"
    with pytest.raises(CameraError, match=expected):
        source.open()
    for serial in ("000000000001", "000000000002"):  # once more, with the others open
        bench.source(context, serial).open()
    with pytest.raises(CameraError, match=expected):
        source.open()


def test_the_only_camera_needs_no_serial_but_one_of_two_does(bench: Bench) -> None:
    camera = bench.camera("000000000001")
    source = bench.source(camera.context)
    assert source.open().serial == "000000000001"
    bench.camera("000000000002", camera.context)
    with pytest.raises(CameraError, match="several RealSenses, 000000000001, 000000000002: give"):
        bench.source(camera.context).open()


def test_no_camera_at_all(bench: Bench) -> None:
    context = sdk().context()
    with pytest.raises(CameraError, match="RealSense 1 is not plugged in: check its cable"):
        bench.source(context, "1").open()
    with pytest.raises(CameraError, match="no RealSense is plugged in"):
        bench.source(context).open()
    assert list_realsense(context) == []


def test_a_rate_or_size_that_there_is_not(bench: Bench) -> None:
    camera = bench.camera(rates_hz=(60, 30), infos={"usb_type_descriptor": "2.1"})
    rate = bench.source(camera.context, rate_hz=50.0)
    with pytest.raises(
        CameraError, match=r"640x480 at 50 Hz; of that size it has 30, 60 Hz.*USB 3"
    ):
        rate.open()
    size = bench.source(camera.context, width=1280, height=720)
    with pytest.raises(CameraError, match=r"1280x720 at 60 Hz; it has the sizes 640x480: change"):
        size.open()


def test_a_camera_that_is_open_already(bench: Bench) -> None:
    camera = bench.camera()
    source, _ = bench.opened(camera)
    with pytest.raises(CameraError, match=r"in use by another program or camera"):
        bench.opened(camera)
    assert next_of(source).number > 0


def test_the_list_of_what_is_plugged_in(bench: Bench) -> None:
    first = bench.camera(rates_hz=(60, 30), infos={"usb_type_descriptor": "3.2"}, flowing=False)
    bench.camera("000000000002", first.context, depth=True, flowing=False)
    one, other = sorted(list_realsense(first.context), key=lambda camera: camera.identity)
    assert (one.identity, one.usb, one.firmware) == ("000000000001", "3.2", "5.17.0.10")
    assert one.modes == ("640x480@30", "640x480@60")
    assert (other.identity, other.usb, other.fault) == ("000000000002", "", "")


def test_a_camera_without_a_serial_is_listed_with_its_fault(bench: Bench) -> None:
    camera = bench.camera("", flowing=False)
    (found,) = list_realsense(camera.context)
    assert "no serial number" in found.fault


def test_a_camera_that_does_not_answer_keeps_no_other_from_its_work(bench: Bench) -> None:
    broken = bench.camera("000000000001", flowing=False)
    bench.camera("000000000002", broken.context)
    broken.break_down()
    silent, found = sorted(list_realsense(broken.context), key=lambda camera: camera.identity)
    assert (found.identity, found.fault) == ("000000000002", "")
    assert silent.identity == ""
    assert "cannot be asked" in silent.fault
    source = bench.source(broken.context, "000000000002")
    source.open()
    assert next_of(source).number > 0
    with pytest.raises(CameraError, match=r"there are 000000000002: .*One could not be asked"):
        bench.source(broken.context, "000000000001").open()


def test_a_camera_without_colour(bench: Bench) -> None:
    camera = bench.camera(rates_hz=(), flowing=False)
    with pytest.raises(CameraError, match="it has none at all: choose another camera"):
        bench.source(camera.context).open()
    (found,) = list_realsense(camera.context)
    assert found.fault == "It has no colour stream."


def in_a_process(code: str) -> subprocess.CompletedProcess[str]:
    """A new interpreter, with the repository and the tests' helpers to import from."""
    root = Path(__file__).resolve().parents[3]
    path = f"import sys; sys.path[:0] = [{str(root)!r}, {str(root / 'tests' / 'helpers')!r}]\n"
    return subprocess.run(
        [sys.executable, "-c", path + code], capture_output=True, text=True, timeout=60
    )


def test_a_library_that_does_not_load_is_told_with_what_to_install() -> None:
    """`None` in sys.modules is an import that fails."""
    result = in_a_process(
        "sys.modules['pyrealsense2'] = None\n"
        "from recorder.cameras.realsense import RealSense, list_realsense\n"
        "from recorder.config import CameraConfig\n"
        "from recorder.errors import CameraError\n"
        "for attempt in (RealSense(CameraConfig('c', 'realsense')).open, list_realsense):\n"
        "    try: attempt()\n"
        "    except CameraError as error: print(error)\n"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("scripts/install") == 2
    assert result.stdout.count("libusb") == 2


def test_a_process_that_ends_with_a_camera_open_ends_in_silence() -> None:
    result = in_a_process(
        "from software_realsense import SoftwareRealSense\n"
        "from recorder.cameras.realsense import RealSense, list_realsense\n"
        "from recorder.config import CameraConfig\n"
        "list_realsense()\n"
        "camera = SoftwareRealSense()\n"
        "camera.start()\n"
        "source = RealSense(CameraConfig('c', 'realsense', rate_hz=60.0), camera.context)\n"
        "source.open()\n"
        "print(source.read(5.0) is not None)\n"
        "camera.stop()\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "True\n", "")
