"""Some rows of an episode as a file of their own: nothing but the rows changes."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.episode import schema
from recorder.episode.excerpt import write_excerpt
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.judge import put_verdict
from tests.recorder.fake_rig import make_episode

DATA = Path(__file__).parent / "data"
STEPS = 130
SOURCES = ("version_1", "version_2", "version_3", "lossy", "one_arm")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    found = {}
    for version in ("version_1", "version_2"):
        found[version] = folder / f"{version}.hdf5"
        packed = DATA / f"{version}.hdf5.gz"
        found[version].write_bytes(gzip.decompress(packed.read_bytes()))
    for number, name in enumerate(("version_3", "lossy", "one_arm")):
        (folder / name).mkdir()
        facts: dict[str, Any] = {"sides": ("left",)} if name == "one_arm" else {}
        facts |= {"change": lose} if name == "lossy" else {}
        found[name] = make_episode(folder / name, STEPS, number, **facts)
    return found


def lose(step: int, tick: Any) -> None:
    """As if the recorder had lost 3 steps at the start, and 7 later on."""
    for field in ("number", "step"):
        tick[field] += 3 + 7 * (step >= 60)


def attributes(path: Path) -> dict[str, object]:
    with h5py.File(path) as file:
        return {name: np.asarray(file.attrs[name]).tolist() for name in file.attrs}


def assert_is_slice(source: EpisodeReader, excerpt: EpisodeReader, first: int, last: int) -> None:
    rows = slice(first, last + 1)
    state = 5 if source.facts.arms_kind == "simulated" else 0
    version = source.facts.schema_version
    layout = schema.Layout(len(source.facts.camera_names), state, version=version)
    for column in layout.columns():
        old, new = source.column(column.path), excerpt.column(column.path)
        assert new.dtype == old.dtype
        if column.every == "step":
            assert np.array_equal(new, old[rows], equal_nan=True), column.path
            continue
        seconds = source.column(schema.SECOND_STEP)
        for row, value in zip(excerpt.column(schema.SECOND_STEP), new, strict=True):
            newest = np.flatnonzero(seconds <= first + row)[-1]
            assert np.array_equal(value, old[newest], equal_nan=True), column.path
    lengths = source.column(schema.COMPRESS_LEN)[:, rows]
    assert np.array_equal(excerpt.column(schema.COMPRESS_LEN), lengths)
    for camera in source.facts.camera_names:
        assert list(excerpt.jpegs(camera)) == list(source.jpegs(camera))[rows]
        assert excerpt.image_size(camera) == source.image_size(camera)
    assert excerpt.events() == source.events()


@pytest.mark.parametrize("name", SOURCES)
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_range_is_the_slice_and_sound(
    tmp_path: Path, sources: dict[str, Path], name: str, data: st.DataObject
) -> None:
    path = tmp_path / "excerpt.hdf5"
    with EpisodeReader(sources[name]) as source:
        first = data.draw(st.integers(0, source.steps - 1))
        last = data.draw(st.integers(first, source.steps - 1))
        write_excerpt(source, path, first, last)
        put_verdict(path)
        with EpisodeReader(path) as excerpt:
            assert check(excerpt) == []
            assert_is_slice(source, excerpt, first, last)
    untouched = set(attributes(sources[name])) - {"missing_steps", "verdict", "findings"}
    old, new = attributes(sources[name]), attributes(path)
    assert {key: new[key] for key in untouched} == {key: old[key] for key in untouched}


def test_steps_are_missing_inside_the_rows_only(tmp_path: Path, sources: dict[str, Path]) -> None:
    path, again = tmp_path / "excerpt.hdf5", tmp_path / "again.hdf5"
    told = {}
    with EpisodeReader(sources["lossy"]) as source:
        assert source.facts.missing_steps == 10
        for rows in ((0, 129), (0, 50), (10, 50), (50, 70), (60, 129)):
            write_excerpt(source, path, *rows)
            with EpisodeReader(path) as excerpt:
                told[rows] = (excerpt.facts.first_step, excerpt.facts.missing_steps)
    assert told == {
        (0, 129): (0, 10),
        (0, 50): (0, 3),
        (10, 50): (13, 0),
        (50, 70): (53, 7),
        (60, 129): (70, 0),
    }
    with EpisodeReader(path) as excerpt:
        write_excerpt(excerpt, again, 0, 20)
    with EpisodeReader(again) as twice:
        assert check(twice) == []
        assert (twice.facts.first_step, twice.facts.missing_steps) == (70, 0)


def test_what_somebody_has_put_into_the_attributes_stays(
    tmp_path: Path, sources: dict[str, Path]
) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(sources["version_3"].read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["operator"] = np.bytes_("Jo")
        file.attrs["weights"] = np.arange(3.0)
        file.attrs["success"] = "failure"  # of variable length, as people write it
    with EpisodeReader(path) as source:
        write_excerpt(source, tmp_path / "excerpt.hdf5", 3, 9)
    with h5py.File(tmp_path / "excerpt.hdf5") as file:
        assert file.attrs["operator"] == b"Jo"
        assert file.attrs["weights"].tolist() == [0, 1, 2]
        assert file.attrs["success"] == b"failure"
        assert not file.attrs.get_id("success").dtype.hasobject


@pytest.mark.parametrize("rows", [(-1, 5), (5, 4), (0, STEPS), (STEPS, STEPS)])
def test_rows_that_are_not_there_are_refused(
    tmp_path: Path, sources: dict[str, Path], rows: tuple[int, int]
) -> None:
    with (
        EpisodeReader(sources["version_3"]) as source,
        pytest.raises(EpisodeError, match="has no steps"),
    ):
        write_excerpt(source, tmp_path / "excerpt.hdf5", *rows)
    assert not (tmp_path / "excerpt.hdf5").exists()


def test_a_first_step_that_cannot_be_is_unsound(tmp_path: Path, sources: dict[str, Path]) -> None:
    path = tmp_path / "excerpt.hdf5"
    with EpisodeReader(sources["version_3"]) as source:
        write_excerpt(source, path, 20, 90)
    for wrong in (21, -1, 2**63 - 1):
        with h5py.File(path, "r+") as file:
            file.attrs["first_step"] = wrong
        with EpisodeReader(path) as excerpt:
            assert check(excerpt) == [
                f"first_step is {wrong}, but /tandem/step begins with 20.",
            ]


def test_an_episode_without_a_scene_has_none(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 9, state_size=0, simulated=False, time_base="monotonic")
    with EpisodeReader(path) as source:
        write_excerpt(source, tmp_path / "excerpt.hdf5", 2, 6)
    with EpisodeReader(tmp_path / "excerpt.hdf5") as excerpt:
        assert excerpt.steps == 5
        assert excerpt.facts.arms_kind == "real"
        assert check(excerpt) == []


def put(file: h5py.File, path: str, values: object) -> None:
    del file[path]
    file[path] = values


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda f: put(f, "/tandem/tick", np.zeros(7)), "/tandem/tick has shape"),
        (lambda f: put(f, "/tandem/sim_state", 1.0), "/tandem/sim_state has shape"),
        (lambda f: f.__delitem__("/tandem/leader"), "no dataset /tandem/leader"),
        (lambda f: put(f, "/tandem/second_step", np.zeros(0, "i8")), "no rows of once a second"),
        (lambda f: put(f, "/compress_len", np.zeros((1, STEPS))), "/compress_len has shape"),
        (
            lambda f: f["/compress_len"].__setitem__((1, 20), 1e9),
            "lengths of the pictures of cam_1",
        ),
        (lambda f: f["/compress_len"].__setitem__((0, 20), np.nan), "pictures of cam_0"),
        (lambda f: f.attrs.__setitem__("schema_version", 99), "of a version or of arms"),
        (
            lambda f: f.attrs.__setitem__("joint_names", np.array(["a"], "S")),
            "of arms that are not",
        ),
    ],
)
def test_damage_is_an_error_and_no_crash(
    tmp_path: Path, sources: dict[str, Path], damage: Callable[[h5py.File], None], fault: str
) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(sources["version_3"].read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    with EpisodeReader(path) as source, pytest.raises(EpisodeError, match=fault):
        write_excerpt(source, tmp_path / "excerpt.hdf5", 10, 60)
