"""The test-pattern camera: frames by the clock alone, whose pictures tell which they are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recorder.cameras.pattern import PatternCamera
from recorder.config import CameraConfig, RecordingConfig
from recorder.pictures.decode import decode_jpeg
from recorder.pictures.encode import encode_jpeg

CONFIG = CameraConfig("pattern", "pattern", 320, 240, rate_hz=30.0)


@given(t_ns=st.integers(0, 10**18), phase_ns=st.integers(0, 10**9))
def test_the_newest_frame_of_any_moment(t_ns: int, phase_ns: int) -> None:
    """Simulated time starts at nothing, monotonic time anywhere."""
    small = CameraConfig("pattern", "pattern", 8, 6, rate_hz=30.0)
    frame = PatternCamera(small, phase_ns).newest_arrived_before(t_ns)
    if t_ns < phase_ns:
        assert frame is None
        return
    assert frame is not None
    assert frame.capture_ns <= frame.arrival_ns <= t_ns < frame.capture_ns + small.period_ns
    assert frame.capture_ns == phase_ns + frame.number * small.period_ns


def test_a_frame_is_given_again_until_the_next_is_due() -> None:
    camera = PatternCamera(CONFIG)
    given_ = [camera.newest_arrived_before(tick * 20_000_000) for tick in range(151)]
    numbers = [frame.number for frame in given_ if frame]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 91  # three seconds at 30 Hz, and the first


def test_two_cameras_show_the_same() -> None:
    first, second = (PatternCamera(CONFIG).picture(1234) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_pictures_can_be_told_apart_once_they_are_jpegs() -> None:
    camera = PatternCamera(CONFIG)
    pictures = {number: camera.picture(number) for number in (7, 8, 9, 1_000_007)}
    decoded = {
        number: decode_jpeg(encode_jpeg(picture, RecordingConfig()))
        for number, picture in pictures.items()
    }
    for number, picture in decoded.items():
        assert picture is not None
        difference = {
            other: np.abs(picture.astype(int) - pictures[other]).mean() for other in pictures
        }
        assert min(difference, key=lambda other: difference[other]) == number, difference


def test_jpegs_are_as_large_as_those_of_a_real_scene() -> None:
    camera = PatternCamera(CameraConfig("pattern", "pattern", 640, 480))
    assert 60_000 < len(encode_jpeg(camera.picture(3), RecordingConfig())) < 140_000
