"""The thread of a captured camera: it lives on whatever its device does."""

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from camera_source import (
    PATIENCE_S,
    ScriptedSource,
    health,
    newest_number,
    picture,
    wait_until,
)

from recorder.cameras.camera import CameraState
from recorder.cameras.capture import END_WITHIN_S, CapturedCamera
from recorder.cameras.source import Grab, Source
from recorder.config import CameraConfig
from recorder.errors import CameraError

CONFIG = CameraConfig("top", "webcam", 8, 6, rate_hz=50.0, device="/dev/video0")
Script = Callable[[int], Iterator[Grab | None]]
Start = Callable[[Source], CapturedCamera]


@pytest.fixture
def start() -> Iterator[Start]:
    """Captures from a source; ends the thread afterwards."""
    started: list[CapturedCamera] = []

    def capture(source: Source) -> CapturedCamera:
        started.append(CapturedCamera(CONFIG, source))
        return started[-1]

    yield capture
    for camera in started:
        camera.close()


def alive() -> bool:
    return any(thread.name == "camera top" for thread in threading.enumerate())


def steady(_opening: int) -> Iterator[Grab]:
    """Pictures at 50 Hz, for good."""
    while True:
        time.sleep(0.02)
        yield picture()


def test_frames_come_with_numbers_and_the_real_rate(start: Start) -> None:
    camera = start(ScriptedSource(steady))
    assert health(camera).state == CameraState.OPENING
    wait_until(lambda: newest_number(camera) >= 25)
    doing = health(camera)
    assert doing.state == CameraState.LIVE
    assert doing.fault == ""
    assert 0 < doing.rate_hz < 51
    assert camera.about().device == "opening 1"


def test_reading_gives_what_had_arrived_by_then(start: Start) -> None:
    camera = start(ScriptedSource(steady))
    wait_until(lambda: newest_number(camera) >= 10)
    newest = camera.newest_arrived_before(time.monotonic_ns())
    assert newest is not None
    before = camera.newest_arrived_before(newest.arrival_ns - 1)
    assert before is not None
    assert before.number == newest.number - 1


def test_who_asks_for_what_is_gone_by_now_has_come_too_late(start: Start) -> None:
    camera = start(ScriptedSource(steady))
    before_ns = time.monotonic_ns()
    wait_until(lambda: newest_number(camera) >= 1)
    by_then_ns = time.monotonic_ns()
    assert not camera.has_passed(by_then_ns)
    wait_until(lambda: camera.has_passed(by_then_ns))
    assert camera.newest_arrived_before(by_then_ns) is None
    assert camera.has_passed(before_ns)


def test_a_device_that_stops_is_seen_within_two_periods_and_opened_again(start: Start) -> None:
    def ten(_opening: int) -> Iterator[Grab]:
        for _ in range(10):
            time.sleep(0.02)
            yield picture()

    source = ScriptedSource(ten)
    camera = start(source)
    wait_until(lambda: newest_number(camera) == 9)
    last = camera.newest_arrived_before(time.monotonic_ns())
    assert last is not None
    assert camera.health(last.arrival_ns + CONFIG.period_ns).state == CameraState.LIVE
    assert camera.health(last.arrival_ns + 250_000_000).state == CameraState.STALLED
    wait_until(lambda: health(camera).state == CameraState.LOST)
    assert health(camera).fault.startswith("Camera top is open but has given no picture for 2.")
    wait_until(lambda: newest_number(camera) > 9)
    assert newest_number(camera) >= 11  # a gap where it was lost
    assert health(camera).reconnects == 1
    assert source.closed == 1


def test_a_device_that_is_gone_is_tried_again_with_pauses(start: Start) -> None:
    def gone(opening: int) -> Iterator[Grab]:
        if opening < 3:
            raise CameraError("Camera top is not plugged in.")
        return steady(opening)

    class Missing(ScriptedSource):
        def open(self) -> Any:
            about = super().open()
            gone(self.opened)
            return about

    source = Missing(steady)
    started_s = time.monotonic()
    camera = start(source)
    wait_until(lambda: health(camera).fault == "Camera top is not plugged in.")
    assert health(camera).state == CameraState.LOST
    assert camera.newest_arrived_before(time.monotonic_ns()) is None
    wait_until(lambda: health(camera).state == CameraState.LIVE)
    assert time.monotonic() - started_s >= 0.5 + 1.0
    assert source.opened == 3
    assert health(camera).reconnects == 0  # it had never been open


@pytest.mark.parametrize("places", [("open",), ("read",), ("read", "close")])
def test_a_fault_of_the_program_is_told_and_survived(start: Start, places: tuple[str]) -> None:
    class Faulty(ScriptedSource):
        def open(self) -> Any:
            about = super().open()
            self.fail("open")
            return about

        def read(self, timeout_s: float) -> Grab | None:
            self.fail("read")
            return super().read(timeout_s)

        def close(self) -> None:
            super().close()
            self.fail("close")

        def fail(self, where: str) -> None:
            if self.opened == 1 and where in places:
                raise ZeroDivisionError("no such thing")

    camera = start(Faulty(steady))
    wait_until(lambda: "ZeroDivisionError('no such thing') in fail" in health(camera).fault)
    assert health(camera).state == CameraState.LOST
    wait_until(lambda: health(camera).state == CameraState.LIVE)
    assert health(camera).fault == ""


def test_numbers_increase_whatever_the_devices_counter_does(start: Start) -> None:
    def restarting(opening: int) -> Iterator[Grab]:
        for number in (1000, 1001, 1005, 3, 4):
            time.sleep(0.02)
            yield picture(number)
        if opening == 1:
            raise CameraError("Camera top is gone.")

    camera = start(ScriptedSource(restarting))
    seen: list[int] = []

    def look() -> bool:
        number = newest_number(camera)
        if number >= 0 and number not in seen:
            seen.append(number)
        return number >= 17

    wait_until(look)
    assert seen == sorted(seen)
    assert set(seen) <= {0, 1, 5, 7, 8, 10, 11, 15, 17, 18}


def test_capture_times_that_cannot_be_are_moved_and_told(start: Start) -> None:
    def absurd(_opening: int) -> Iterator[Grab]:
        for capture_ns in (0, 2**62, -5):
            time.sleep(0.02)
            yield picture(capture_ns=capture_ns)

    camera = start(ScriptedSource(absurd))
    wait_until(lambda: newest_number(camera) == 2)
    frame = camera.newest_arrived_before(time.monotonic_ns())
    assert frame is not None
    assert 0 <= frame.arrival_ns - frame.capture_ns <= 1_000_000_000
    assert camera.about().not_set == (
        "gain is 3.",
        "The capture times of some frames could not be true and were moved to where they can be: "
        "the clock of the camera or of its driver is wrong.",
    )


def test_images_that_are_no_longer_wanted_are_let_go(start: Start) -> None:
    made: list[weakref.ref[Any]] = []

    def many(_opening: int) -> Iterator[Grab]:
        for _ in range(500):
            grab = picture()
            made.append(weakref.ref(grab.image))
            yield grab

    camera = start(ScriptedSource(many))
    wait_until(lambda: newest_number(camera) == 499)
    wait_until(lambda: sum(image() is not None for image in made) <= 6 * 22 + 2)


def test_reading_beside_the_thread_is_never_wrong(start: Start) -> None:
    def fast(_opening: int) -> Iterator[Grab]:
        for number in range(3000):
            grab = picture(number)
            grab.image[:] = number % 251
            yield grab

    camera = start(ScriptedSource(fast))
    last = -1
    while last < 2999:
        frame = camera.newest_arrived_before(time.monotonic_ns())
        health(camera)
        if frame is not None:
            assert frame.number >= last
            assert np.all(frame.image == frame.number % 251)
            last = frame.number


def test_closing_ends_the_thread_and_closes_the_device(start: Start) -> None:
    source = ScriptedSource(steady)
    camera = start(source)
    wait_until(lambda: newest_number(camera) >= 3)
    camera.close()
    assert not alive()
    assert source.closed == 1
    camera.close()


def test_closing_does_not_wait_for_a_device_that_blocks_for_good() -> None:
    released = threading.Event()

    def blocked(_opening: int) -> Iterator[Grab]:
        released.wait(10 * PATIENCE_S)
        yield picture()

    camera = CapturedCamera(CONFIG, ScriptedSource(blocked))
    started_s = time.monotonic()
    camera.close()
    waited_s = time.monotonic() - started_s
    released.set()
    assert END_WITHIN_S - 0.1 < waited_s < END_WITHIN_S + PATIENCE_S
    wait_until(lambda: not alive())


def test_a_pause_between_tries_does_not_hold_up_closing(start: Start) -> None:
    def gone(_opening: int) -> Iterator[Grab]:
        raise CameraError("Camera top is gone.")
        yield

    camera = start(ScriptedSource(gone))
    wait_until(lambda: health(camera).state == CameraState.LOST)
    camera.close()
    assert not alive()
