"""What emulated cameras show: pictures that tell their number, and what lenses do to them."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sim.cameras.pictures import LOOP, Look, encoded_loop, shown_number


def decoded(width: int, height: int, look: Look = "normal") -> list[npt.NDArray[np.uint8]]:
    loop = encoded_loop(width, height, look)
    images = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for jpeg in loop]
    return [image.astype(np.uint8) for image in images if image is not None]


@pytest.mark.parametrize(("width", "height"), [(640, 480), (160, 120)])
def test_each_picture_tells_its_number(width: int, height: int) -> None:
    images = decoded(width, height)
    assert [image.shape for image in images] == [(height, width, 3)] * LOOP
    assert [shown_number(image) for image in images] == list(range(LOOP))


@pytest.mark.parametrize("name", ["top", "cam_right_wrist", "n" * 60])
def test_a_name_is_drawn_and_hides_no_number(name: str) -> None:
    plain, named = decoded(160, 120), encoded_loop(160, 120, "normal", name)
    for number, (image, jpeg) in enumerate(zip(plain, named, strict=True)):
        shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None
        assert shown_number(shown) == number
        assert np.abs(shown.astype(int) - image).max() > 100


def test_cameras_of_other_names_look_different() -> None:
    pictures = [encoded_loop(160, 120, "normal", name)[7] for name in ("", "top", "side", "sidf")]
    assert len(set(pictures)) == len(pictures)


def test_pictures_have_the_bytes_of_a_webcams() -> None:
    sizes = [len(jpeg) for jpeg in encoded_loop(640, 480)]
    assert 40_000 < min(sizes) < max(sizes) < 90_000


def test_spoilt_pictures_are_what_they_are_called_and_never_the_same() -> None:
    black, over, blurred = (decoded(160, 120, look) for look in ("black", "overexposed", "blurred"))
    assert all(image.mean() < 8 for image in black)
    assert all((image > 250).mean() > 0.7 for image in over)
    sharp = cv2.Laplacian(decoded(160, 120)[0], cv2.CV_64F).var()
    assert all(cv2.Laplacian(image, cv2.CV_64F).var() < sharp / 4 for image in blurred)
    for images in (black, over, blurred):
        assert all(
            not np.array_equal(image, after)
            for image, after in zip(images, images[1:] + images[:1], strict=True)
        )


def test_what_shows_no_number_is_told() -> None:
    assert shown_number(np.zeros((120, 160, 3), np.uint8)) is None
    assert shown_number(np.full((120, 160, 3), 255, np.uint8)) is None
    assert all(shown_number(image) is None for image in decoded(160, 120, "black"))
