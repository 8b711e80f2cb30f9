"""The numbers of a picture: what they tell apart, on pictures of any size."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recorder.cameras.camera import Image
from recorder.cameras.pattern import PatternCamera
from recorder.config import CameraConfig, RecordingConfig
from recorder.pictures.decode import decode_jpeg
from recorder.pictures.encode import encode_jpeg
from recorder.pictures.stats import picture_stats

SIZE = (480, 640, 3)


def scene() -> Image:
    """Shapes and texture."""
    return PatternCamera(CameraConfig("cam", "pattern")).picture(50)


def noisy(image: Image, sigma: float) -> Image:
    noise = np.random.default_rng(1).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("level", "clipped"), [(0, 0.0), (128, 0.0), (249, 0.0), (250, 1.0), (255, 1.0)]
)
def test_a_plain_picture_has_its_level_and_nothing_to_be_seen(level: int, clipped: float) -> None:
    stats = picture_stats(np.full(SIZE, level, np.uint8))
    assert stats.brightness == pytest.approx(level)
    assert (stats.clipped, stats.sharpness) == (clipped, 0.0)


def test_brightness_is_that_of_the_eye() -> None:
    """Luma as in a JPEG: 0.3 red, 0.59 green, 0.11 blue."""
    image = np.zeros(SIZE, np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = 200, 100, 50
    assert picture_stats(image).brightness == pytest.approx(0.299 * 200 + 58.7 + 5.7, abs=1)


def test_what_is_blown_out_is_a_share_of_the_picture() -> None:
    image = np.full(SIZE, 100, np.uint8)
    image[:, :160] = 255
    assert picture_stats(image).clipped == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("sigma", [3.0, 5.0, 8.0])
def test_blur_takes_sharpness_away(sigma: float) -> None:
    sharp = picture_stats(scene()).sharpness
    blurred = cv2.GaussianBlur(scene(), (0, 0), sigma).astype(np.uint8)
    assert picture_stats(blurred).sharpness < 0.2 * sharp


def test_noise_is_not_sharpness() -> None:
    """As a sensor has it in the dark, on a picture out of focus."""
    blurred = cv2.GaussianBlur(scene(), (0, 0), 8).astype(np.uint8)
    assert picture_stats(noisy(blurred, 8)).sharpness < 0.1 * picture_stats(scene()).sharpness
    assert picture_stats(noisy(np.full(SIZE, 128, np.uint8), 4)).sharpness < 20


def test_compression_changes_little() -> None:
    decoded = decode_jpeg(encode_jpeg(scene(), RecordingConfig()))
    assert decoded is not None
    before, after = picture_stats(scene()), picture_stats(decoded)
    assert after.brightness == pytest.approx(before.brightness, abs=1)
    assert after.clipped == pytest.approx(before.clipped, abs=0.01)
    assert after.sharpness == pytest.approx(before.sharpness, rel=0.1)


def test_a_camera_of_twice_the_size_sees_the_same() -> None:
    large = cv2.resize(scene(), (1280, 960), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    small, twice = picture_stats(scene()), picture_stats(large)
    assert twice.brightness == pytest.approx(small.brightness, abs=1)
    assert twice.sharpness == pytest.approx(small.sharpness, rel=0.25)


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 700), st.just(3)).flatmap(
        lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255))
    )
)
def test_any_picture_has_numbers(image: Image) -> None:
    stats = picture_stats(image)
    assert 0 <= stats.brightness <= 255
    assert 0 <= stats.clipped <= 1
    assert 0 <= stats.sharpness < float("inf")
