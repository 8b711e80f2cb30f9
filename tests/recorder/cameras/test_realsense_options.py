"""A RealSense's options, on software sensors that have some, and not others."""

from collections.abc import Iterator

import pytest
from realsense_bench import Bench, next_pushed
from software_realsense import SoftwareRealSense

from recorder.cameras.camera import UNKNOWN
from recorder.cameras.realsense_sdk import sdk

EXPOSURE = {"exposure": (1.0, 10000.0, 1.0, 156.0), "enable_auto_exposure": (0.0, 1.0, 1.0, 1.0)}


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_options_are_set_and_read_back(bench: Bench) -> None:
    others = {
        "gain": (0.0, 128.0, 1.0, 64.0),
        "auto_exposure_priority": (0.0, 1.0, 1.0, 1.0),
        "global_time_enabled": (0.0, 1.0, 1.0, 0.0),
        "white_balance": (2800.0, 6500.0, 10.0, 4600.0),
        "enable_auto_white_balance": (0.0, 1.0, 1.0, 1.0),
    }
    camera = bench.camera(options=EXPOSURE | others)
    _, about = bench.opened(camera, exposure_us=8300, gain=20, white_balance_k=5000)
    assert about.not_set == ()
    assert about.options == {
        "global_time_enabled": "1",
        "auto_exposure_priority": "0",
        "enable_auto_exposure": "0",
        "exposure_us": "8300",
        "gain": "20",
        "enable_auto_white_balance": "0",
        "white_balance_k": "5000",
    }
    assert value(camera, "exposure") == 83  # a colour sensor's unit is 100 us
    assert value(camera, "auto_exposure_priority") == 0


def test_a_stereo_modules_exposure_is_in_microseconds(bench: Bench) -> None:
    camera = bench.camera(depth=True, options=EXPOSURE, fixed={"depth_units": 0.001})
    source, about = bench.opened(camera, exposure_us=8300)
    assert about.options["exposure_us"] == "8300"
    assert value(camera, "exposure") == 8300
    camera.set_metadata(actual_exposure=8290)
    assert next_pushed(source, camera).exposure_us == 8290


@pytest.mark.parametrize(("asked_us", "told_us"), [(8300, 8200), (None, UNKNOWN)])
def test_a_colour_sensor_tells_its_exposure_only_if_it_is_fixed(
    bench: Bench, asked_us: int | None, told_us: int
) -> None:
    camera = bench.camera(options=EXPOSURE)
    camera.set_metadata(actual_exposure=82)
    source, about = bench.opened(camera, exposure_us=asked_us)
    assert about.options["enable_auto_exposure"] == ("1" if asked_us is None else "0")
    assert next_pushed(source, camera).exposure_us == told_us


def test_what_cannot_be_set_is_told(bench: Bench) -> None:
    camera = bench.camera(
        options=EXPOSURE,
        fixed={"white_balance": 4600.0, "auto_exposure_priority": 1.0},
        infos={"usb_type_descriptor": "2.1"},
    )
    _, about = bench.opened(
        camera, exposure_us=2_000_000 // 2, gain=20, white_balance_k=4600, focus=3
    )
    told = "\n".join(about.not_set)
    assert "auto_exposure_priority cannot be set to 0 (This option is read-only)" in told
    assert "gain cannot be set: the camera has no such option" in told
    assert "focus cannot be set" in told
    assert "USB 2.1" in told
    assert about.options["white_balance_k"] == "4600"


def test_what_a_camera_does_not_allow_leaves_its_automatic_on(bench: Bench) -> None:
    camera = bench.camera(depth=True, options=EXPOSURE, fixed={"depth_units": 0.001})
    _, about = bench.opened(camera, exposure_us=20_000, gain=20)
    assert about.options == {"enable_auto_exposure": "1"}
    assert about.not_set == (
        "exposure_us cannot be 20000: the camera allows 1 to 10000.",
        "gain cannot be fixed without exposure_us: give both.",
    )


def value(camera: SoftwareRealSense, option: str) -> float:
    return float(camera.sensor.get_option(getattr(sdk().option, option)))
