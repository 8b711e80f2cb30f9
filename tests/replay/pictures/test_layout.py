"""Where pictures go: whatever their number and shape, all are seen, whole and undistorted."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from replay.pictures.layout import Place, Size, arrange, fit

WIDTH, HEIGHT, GAP, HEAD = 1864, 520, 16, 26
SIZES = st.lists(st.tuples(st.integers(1, 8192), st.integers(1, 8192)), min_size=1, max_size=16)


def apart(one: Place, other: Place) -> bool:
    """They do not overlap, the name above a place included."""
    return (
        one.left + one.width <= other.left
        or other.left + other.width <= one.left
        or one.top + one.height <= other.top - HEAD
        or other.top + other.height <= one.top - HEAD
    )


@given(SIZES)
def test_any_pictures_have_their_places(sizes: list[Size]) -> None:
    places = arrange(sizes, WIDTH, HEIGHT, GAP, HEAD)
    assert len(places) == len(sizes)
    for size, place in zip(sizes, places, strict=True):
        assert 0 <= place.left <= place.left + place.width <= WIDTH
        assert HEAD <= place.top <= place.top + place.height <= HEIGHT
        inside = fit(size, place)
        assert place.left <= inside.left
        assert inside.left + inside.width <= place.left + place.width
        assert inside.top + inside.height <= place.top + place.height
        assert inside.width >= 1
        assert inside.height >= 1
    assert all(apart(one, other) for one, other in combinations(places, 2))


def test_four_usual_cameras_fill_a_row() -> None:
    places = arrange([(640, 480)] * 4, WIDTH, HEIGHT, GAP, HEAD)
    assert len({place.top for place in places}) == 1
    assert sum(place.width for place in places) > 0.95 * (WIDTH - 3 * GAP)


def test_sixteen_cameras_are_in_several_rows() -> None:
    assert len({place.top for place in arrange([(640, 480)] * 16, WIDTH, HEIGHT, GAP, HEAD)}) > 1


def test_a_portrait_is_as_high_as_its_neighbours() -> None:
    portrait, wide = arrange([(480, 640), (1280, 720)], WIDTH, HEIGHT, GAP, HEAD)
    assert portrait.height == wide.height
    assert abs(portrait.width / portrait.height - 0.75) < 0.01
    assert abs(wide.width / wide.height - 16 / 9) < 0.01
