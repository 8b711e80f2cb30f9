"""The size of a JPEG, as its header says it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.config import RecordingConfig, Subsampling
from recorder.pictures.decode import decode_jpeg, jpeg_size
from recorder.pictures.encode import encode_jpeg

SIDES = st.integers(1, 300)
SUBSAMPLINGS = st.sampled_from(["420", "444"])


@given(SIDES, SIDES, st.integers(1, 100), SUBSAMPLINGS, st.integers(0, 5))
def test_the_size_is_the_one_that_was_encoded(
    width: int, height: int, quality: int, subsampling: Subsampling, padding: int
) -> None:
    config = RecordingConfig(quality, subsampling)
    jpeg = encode_jpeg(np.zeros((height, width, 3), np.uint8), config) + bytes(padding)
    assert jpeg_size(jpeg) == (width, height)
    image = decode_jpeg(jpeg)
    assert image is not None
    assert image.shape == (height, width, 3)


@pytest.mark.parametrize("option", [cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_OPTIMIZE])
def test_other_encodings_have_one_too(option: int) -> None:
    _, content = cv2.imencode(".jpg", np.zeros((5, 7, 3), np.uint8), [option, 1])
    assert jpeg_size(content.tobytes()) == (7, 5)


@given(st.binary(max_size=60))
def test_any_bytes_have_a_size_or_none(content: bytes) -> None:
    for jpeg in (content, b"\xff\xd8" + content, b"\xff\xd8\xff\xc0" + content):
        size = jpeg_size(jpeg)
        assert size is None or min(size) >= 1


def test_cut_before_the_size_there_is_none() -> None:
    jpeg = encode_jpeg(np.zeros((48, 64, 3), np.uint8), RecordingConfig())
    end = jpeg.index(b"\xff\xc0") + 9
    assert [jpeg_size(jpeg[:cut]) for cut in range(end)] == [None] * end
    assert jpeg_size(jpeg[:end]) == (64, 48)
    assert jpeg_size(cv2.imencode(".png", np.zeros((5, 7, 3), np.uint8))[1].tobytes()) is None
