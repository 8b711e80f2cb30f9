"""The RealSense camera on the library's real pipeline, with software devices for cameras."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from realsense_bench import PATIENCE_S, Bench, drain, next_of, next_pushed
from software_realsense import Pushed, SoftwareRealSense, number_in

from recorder.cameras import realsense
from recorder.cameras.camera import UNKNOWN, CameraState, Frame
from recorder.cameras.capture import CapturedCamera
from recorder.cameras.realsense import RealSense
from recorder.cameras.realsense_sdk import sdk
from recorder.cameras.source import Grab
from recorder.config import CameraConfig
from recorder.errors import CameraError

LATE_NS = 500_000_000
"""A frame may arrive so late on a busy machine."""


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def read_on(source: RealSense) -> None:
    """Until it raises."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        source.read(0.2)


def pushed_as(camera: SoftwareRealSense, grab: Grab) -> Pushed:
    return next(each for each in camera.pushed if each.number == grab.number)


def test_frames_numbers_and_times_are_right(bench: Bench) -> None:
    camera = bench.camera(age_ms=12.0)
    source, about = bench.opened(camera)
    grabs = [next_of(source) for _ in range(300)]
    assert (about.serial, about.clock, about.not_set) == (camera.serial, "device", ())
    assert (about.width, about.height, about.rate_hz) == (640, 480, 60.0)
    assert all(a.number < b.number for a, b in pairwise(grabs))
    known = {each.number: each for each in camera.pushed}
    errors_ns = sorted(abs(grab.capture_ns - known[grab.number].capture_ns) for grab in grabs)
    assert errors_ns[280] < 1_000_000  # some may be interrupted between the readings of two clocks
    for grab in grabs:
        assert number_in(grab.image) == grab.number  # and so are those copied long ago
        assert known[grab.number].pushed_ns <= grab.arrival_ns
        assert grab.arrival_ns < known[grab.number].pushed_ns + LATE_NS


def test_colours_are_in_the_order_red_green_blue(bench: Bench) -> None:
    source, _ = bench.opened(bench.camera())
    image = next_of(source).image
    assert image.shape == (480, 640, 3)
    assert image.flags.c_contiguous
    shown = [image[240, column].tolist() for column in (10, 320, 630)]
    assert shown == [[200, 0, 0], [0, 200, 0], [0, 0, 200]]


def test_a_wait_for_frames_lets_other_threads_run(bench: Bench) -> None:
    camera = bench.camera()
    source, _ = bench.opened(camera)
    camera.stop()
    drain(source)
    done = threading.Event()
    counted = 0

    def count() -> None:
        nonlocal counted
        while not done.is_set():
            counted += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    assert source.read(0.5) is None
    done.set()
    counter.join()
    assert counted > 20


def test_frame_sets_without_colour_are_passed_over(bench: Bench) -> None:
    camera = bench.camera(depth=True)
    source, _ = bench.opened(camera)
    next_of(source)
    camera.colour = False
    drain(source)
    depth_only = len(camera.pushed)
    assert source.read(0.3) is None
    assert len(camera.pushed) > depth_only
    camera.colour = True
    grab = next_of(source)
    assert grab.image.shape == (480, 640, 3)
    assert number_in(grab.image) == grab.number % 65536


def test_a_frame_that_comes_again_is_no_new_one(bench: Bench) -> None:
    camera = bench.camera()
    source, _ = bench.opened(camera)
    camera.stop()
    drain(source)
    first = camera.push()
    assert next_of(source).number == first.number
    camera.push_again()
    assert source.read(0.2) is None
    assert camera.push().number == next_of(source).number == first.number + 1


def test_a_stall_is_no_frame_and_ends(bench: Bench) -> None:
    camera = bench.camera()
    source, _ = bench.opened(camera)
    camera.stop()
    drain(source)
    assert source.read(0.1) is None
    last = camera.pushed[-1].number
    camera.start()
    assert next_of(source).number > last


def test_a_camera_that_is_gone_and_comes_back(bench: Bench) -> None:
    camera = bench.camera("000000000007")
    source, _ = bench.opened(camera)
    camera.unplug()
    drain(source)
    assert source.read(0.1) is None
    with pytest.raises(CameraError, match=r"000000000007 is not plugged in: check its cable"):
        source.open()
    camera.plug()
    camera.start()
    source.open()
    grab = next_of(source)
    assert number_in(grab.image) == grab.number


def test_a_device_that_left_its_context_is_told_at_once(bench: Bench, tmp_path: Path) -> None:
    """A recording, since a software device cannot leave its context while it streams."""
    recording = record(bench.camera("000000000008", flowing=False), tmp_path / "two_seconds.db3")
    context = sdk().context()
    playing = context.load_device(recording)
    source = bench.source(context, "000000000008")
    source.open()
    assert next_of(source).image.shape == (480, 640, 3)
    context.unload_device(recording)
    with pytest.raises(CameraError, match="not plugged in any more"):
        read_on(source)
    with pytest.raises(CameraError, match="000000000008 is not plugged in"):
        source.open()
    playing = context.load_device(recording)
    assert source.open().device == playing.get_info(sdk().camera_info.name)
    assert next_of(source).image.shape == (480, 640, 3)


def record(camera: SoftwareRealSense, path: Path, frames: int = 60) -> str:
    """The path of a recording of that many colour frames at 60 Hz."""
    recorder = sdk().recorder(str(path), camera.context.query_devices()[0])
    sensor = recorder.query_sensors()[0]
    sensor.open(sensor.get_stream_profiles()[0])
    sensor.start(sdk().frame_queue(frames))
    for _ in range(frames):
        camera.push()
        time.sleep(1 / 60)
    sensor.stop()
    sensor.close()
    return str(path)


def test_a_camera_that_gives_nothing_at_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realsense, "FIRST_FRAME_S", 0.2)
    camera = bench.camera(flowing=False)
    source, about = bench.opened(camera)
    assert about.clock == "arrival"
    assert any("no picture" in each for each in about.not_set)
    assert source.read(0.1) is None
    camera.start()
    assert next_of(source).number > 0


def test_reading_before_opening_and_closing_twice(bench: Bench) -> None:
    source, _ = bench.opened(bench.camera())
    bench.close()
    source.close()
    with pytest.raises(CameraError, match="is not open"):
        source.read(0.1)


def test_the_middle_of_the_exposure_is_what_counts(bench: Bench) -> None:
    camera = bench.camera(exposure_ms=10.0)
    source, _ = bench.opened(camera)
    grab = next_of(source)
    assert abs(grab.capture_ns - pushed_as(camera, grab).capture_ns) < 1_000_000
    assert grab.sensor_ns == (pushed_as(camera, grab).device_us - 5000) * 1000


@pytest.mark.parametrize("age_ms", [-40.0, 3000.0])
def test_a_capture_that_cannot_be_is_not_believed(bench: Bench, age_ms: float) -> None:
    source, _ = bench.opened(bench.camera(age_ms=age_ms))
    grab = next_of(source)
    assert grab.capture_ns == grab.arrival_ns


def test_without_a_clock_of_its_own_a_camera_is_stamped_at_its_arrival(bench: Bench) -> None:
    camera = bench.camera(domain="system_time", age_ms=0.3)
    source, about = bench.opened(camera)
    grab = next_of(source)
    assert about.clock == "arrival"
    assert any("clock cannot be compared" in each for each in about.not_set)
    assert abs(grab.capture_ns - pushed_as(camera, grab).capture_ns) < 1_000_000
    assert grab.sensor_ns == UNKNOWN


def test_a_clock_that_cannot_be_compared_is_kept_and_not_used(bench: Bench) -> None:
    camera = bench.camera(domain="hardware_clock")
    source, about = bench.opened(camera)
    grab = next_of(source)
    assert about.clock == "arrival"
    assert grab.capture_ns == grab.arrival_ns
    assert abs(grab.sensor_ns // 1000 - pushed_as(camera, grab).device_us) <= 1
    camera.set_metadata(time_of_arrival=round(time.time() * 1000))
    late = next_pushed(source, camera)
    assert 0 < late.arrival_ns - late.capture_ns < 1_000_000_000


def test_a_captured_realsense_lives_through_its_loss(bench: Bench) -> None:
    """The thread that the recorder really uses, from the first frame to those after the return."""
    camera = bench.camera("000000000009")
    config = CameraConfig("cam_high", "realsense", serial="000000000009", rate_hz=60.0)
    captured = CapturedCamera(config, RealSense(config, camera.context))
    try:
        before = frame_of(captured)
        assert captured.about().clock == "device"
        camera.unplug()
        wait_for(lambda: "not plugged in" in captured.health(time.monotonic_ns()).fault)
        assert captured.health(time.monotonic_ns()).state == CameraState.LOST
        camera.plug()
        camera.start()
        wait_for(lambda: captured.health(time.monotonic_ns()).state == CameraState.LIVE)
        assert captured.health(time.monotonic_ns()).reconnects == 1
        assert frame_of(captured).number > before.number
    finally:
        camera.stop()
        captured.close()


def frame_of(camera: CapturedCamera) -> Frame:
    """Its newest; checked to be what it says."""
    wait_for(lambda: camera.newest_arrived_before(time.monotonic_ns()) is not None)
    frame = camera.newest_arrived_before(time.monotonic_ns())
    assert frame is not None
    assert frame.capture_ns < frame.arrival_ns <= time.monotonic_ns()
    assert frame.image.shape == (480, 640, 3)
    return frame


def wait_for(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)
