"""The parts of the LeRobot export, with any numbers and lengths."""

import threading
from concurrent.futures import CancelledError
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from replay.errors import ExportError
from replay.export.exporter import Progress
from replay.export.lerobot.crew import together
from replay.export.lerobot.data_files import DataFiles, read_column
from replay.export.lerobot.films import Films, check_film
from replay.export.lerobot.places import DATA, VIDEO, Place, place
from replay.export.lerobot.sampling import levels, sampled_steps, stride
from replay.export.lerobot.settings import Settings
from replay.export.lerobot.statistics import QUANTILES, of_levels, of_numbers

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)
SCHEMA = pa.schema([("index", pa.int64())])
SIDE = 16


@settings(max_examples=50)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 60), st.integers(1, 3)),
        elements=st.floats(-1e3, 1e3, width=32),
    )
)
def test_statistics_of_numbers_are_numpys(values: np.ndarray) -> None:
    found, exact = of_numbers(values), values.astype(np.float64)
    for name in ("min", "max", "mean", "std"):
        np.testing.assert_allclose(getattr(found, name), getattr(exact, name)(axis=0), atol=1e-9)
    for name, share in QUANTILES.items():
        np.testing.assert_allclose(getattr(found, name), np.quantile(exact, share, axis=0))
    assert found.count.tolist() == [len(values)]


@settings(max_examples=50)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_statistics_of_pictures_are_numpys_on_a_scale_of_one(image: np.ndarray) -> None:
    found, pixels = of_levels(levels(image), 1), image.reshape(-1, 3) / 255
    for name in ("min", "max", "mean", "std"):
        wanted = getattr(pixels, name)(axis=0).reshape(3, 1, 1)
        np.testing.assert_allclose(getattr(found, name), wanted, atol=1e-9)
    for name, share in QUANTILES.items():
        wanted = np.quantile(pixels, share, axis=0).reshape(3, 1, 1)
        np.testing.assert_allclose(getattr(found, name), wanted, atol=1e-9)


@pytest.mark.parametrize(("steps", "wanted"), [(1, 1), (99, 99), (400, 100), (1000, 177)])
def test_frames_are_sampled_as_lerobot_does(steps: int, wanted: int) -> None:
    sampled = sampled_steps(steps)
    assert len(sampled) == wanted
    assert {0, steps - 1} <= sampled


def test_pixels_are_sampled_as_lerobot_does() -> None:
    assert [stride(*size) for size in ((640, 480), (480, 640), (299, 200), (1280, 720))] == [
        4,
        4,
        1,
        8,
    ]


@given(st.integers(0, 5000), st.integers(1, 1000))
def test_places_count_on(number: int, files_per_chunk: int) -> None:
    here, there = (place(each, files_per_chunk) for each in (number, number + 1))
    assert here.chunk * files_per_chunk + here.file == number
    assert here.file < files_per_chunk
    assert there == (
        Place(here.chunk, here.file + 1)
        if here.file + 1 < files_per_chunk
        else Place(here.chunk + 1, 0)
    )
    assert here.name(DATA) < there.name(DATA)


@settings(max_examples=30, deadline=None)
@given(LENGTHS, st.floats(0, 0.002), st.integers(1, 3))
def test_data_files_hold_whole_episodes_in_their_order(
    lengths: list[int], limit_mb: float, files_per_chunk: int
) -> None:
    wanted = Settings(data_mb=limit_mb, files_per_chunk=files_per_chunk)
    frames = sum(lengths)
    with TemporaryDirectory() as name:
        folder, first, placed = Path(name), 0, []
        with DataFiles(folder, SCHEMA, wanted) as files:
            for length in lengths:
                placed.append(files.begin_episode(8 * length))
                files.append(pa.table([pa.array(range(first, first + length))], schema=SCHEMA))
                first += length
        assert list(dict.fromkeys(placed)) == files.places
        assert read_column(folder, files.places, "index", frames).tolist() == list(range(frames))
        with pytest.raises(ExportError, match=f"{frames} rows for {frames + 1}"):
            read_column(folder, files.places, "index", frames + 1)


@settings(max_examples=15, deadline=None)
@example([1, 1, 40], 0)  # of the first frames nothing has come out when the next begin
@given(LENGTHS, st.sampled_from([0, 0.0005, 1]))
def test_films_hold_whole_episodes_in_their_order(lengths: list[int], limit_mb: float) -> None:
    wanted = Settings(video_mb=limit_mb, files_per_chunk=2)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    with TemporaryDirectory() as name:
        with Films(Path(name), "key", (SIDE, SIDE), 50, wanted) as films:
            done = []
            for length in lengths:
                done.append(films.begin_episode(length))
                for _ in range(length):
                    films.append(image)
        ends: dict[Place, int] = {}
        for film, length in zip(done, lengths, strict=True):
            assert (film.first, film.end - film.first) == (ends.get(film.place, 0), length)
            ends[film.place] = film.end
        for where, end in ends.items():
            check_film(where.path(Path(name), VIDEO, "key"), 50, end, [0])
    if limit_mb == 0:
        assert len(ends) == len(lengths)


def test_a_film_that_lacks_a_frame_is_noticed(tmp_path: Path) -> None:
    with Films(tmp_path, "key", (SIDE, SIDE), 50, Settings()) as films:
        film = films.begin_episode(4)
        for _ in range(4):
            films.append(np.zeros((SIDE, SIDE, 3), np.uint8))
    path = film.place.path(tmp_path, VIDEO, "key")
    with pytest.raises(ExportError, match="4 frames for 5"):
        check_film(path, 50, 5, [0])
    with pytest.raises(ExportError, match="at other times"):
        check_film(path, 30, 4, [0])
    with pytest.raises(ExportError, match="key frame"):
        check_film(path, 50, 4, [1])


def test_when_one_of_a_crew_fails_the_others_stop_and_its_error_is_told() -> None:
    begun, stopped = threading.Event(), []

    def goes_on(tell: Progress) -> None:
        begun.set()
        try:
            while True:
                tell(1)
        except CancelledError:
            stopped.append(True)
            raise

    def fails(_: Progress) -> None:
        begun.wait()
        raise ExportError("It is broken.")

    with pytest.raises(ExportError, match="broken"):
        together([goes_on, fails, goes_on], 2, lambda _: None)
    assert stopped


def test_a_crew_answers_in_the_order_of_its_works() -> None:
    done: list[int] = []
    works = [lambda tell, number=number: (tell(number), number)[1] for number in range(5)]
    assert together(works, 3, done.append) == [0, 1, 2, 3, 4]
    assert sum(done) == 10
