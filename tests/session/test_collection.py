"""A collection that a session leaves unfinished, and what the next makes of it."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_harness import wait_until

from session.collection import FILE, Collection, CollectionFile, load, resume
from session.configure import configure
from teleop.config import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The dataset folder of the battery task."""
    folder = tmp_path / "battery"
    folder.mkdir()
    return folder


def leave(folder: Path, collection: Collection, *, files: tuple[int, ...] = ()) -> None:
    """What a session leaves behind."""
    CollectionFile(folder, pytest.fail).keep(collection)
    wait_until((folder / FILE).exists, 10, "the file")
    for number in files:
        (folder / f"episode_{number}.hdf5").touch()


def test_it_goes_on_with_what_is_still_there(folder: Path) -> None:
    leave(folder, Collection(50, (0, 1, 3), open=4, next_seed=17), files=(0, 3, 9))
    for asked in (None, 50):
        found = resume(folder, asked)
        assert found.text == "Going on with the collection: 2 of 50 recorded."
        assert found.collection is not None
        assert (found.collection.numbers, found.collection.next_seed) == ((0, 3), 17)


@pytest.mark.parametrize(
    "collection",
    [
        Collection(5, ()),
        Collection(5, (1, 2)),  # their files were deleted since
        Collection(1, (0,)),  # complete
    ],
)
def test_otherwise_a_new_one_begins(folder: Path, collection: Collection) -> None:
    leave(folder, collection, files=(0,))
    found = resume(folder, None)
    assert (found.collection, found.text) == (None, "")


def test_another_number_begins_a_new_one(folder: Path) -> None:
    leave(folder, Collection(5, (0,)), files=(0,))
    found = resume(folder, 7)
    assert found.collection is None
    assert "(1 of 5 recorded) is not gone on with" in found.text


def test_the_session_is_started_with_what_earlier_ones_have_recorded(folder: Path) -> None:
    leave(folder, Collection(5, (0, 2), next_seed=77), files=(0, 2))
    config = configure("battery", "sim", out=folder.parent)
    assert (config.episodes, config.earlier, config.done, config.seed) == (5, (0, 2), 2, 77)
    assert config.resumes == "Going on with the collection: 2 of 5 recorded."
    assert configure("battery", "sim", out=folder.parent, seed=3).seed == 3
    new = configure("battery", "sim", out=folder.parent, new=True)
    assert (new.episodes, new.done, new.resumes) == (1, 0, "")


@pytest.mark.parametrize("numbers", [(), (0, 1)])
def test_the_file_goes_when_there_is_nothing_to_go_on_with(
    folder: Path, numbers: tuple[int, ...]
) -> None:
    file = CollectionFile(folder, pytest.fail)
    file.keep(Collection(2, (), open=0))
    wait_until((folder / FILE).exists, 10, "the file")
    file.finish(Collection(2, numbers))
    assert not (folder / FILE).exists()
    assert list(folder.iterdir()) == []


def test_a_disk_that_does_not_take_it_costs_one_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = CollectionFile(tmp_path / "gone", warnings.append)
    file.keep(Collection(5, (0,)))
    file.keep(Collection(5, (0, 1)))
    file.finish(Collection(5, (0, 1)))
    assert len(warnings) == 1
    assert "cannot be kept" in warnings[0]


def test_a_file_that_is_far_too_long_is_not_read(folder: Path) -> None:
    with (folder / FILE).open("wb") as file:
        file.truncate(6 << 30)
    assert "a new collection begins" in resume(folder, None).text


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "wanted": json_like,
        "numbers": json_like | st.lists(st.integers()),
        "open": json_like,
        "next_seed": json_like,
        "updated_utc": json_like,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary() | nearly.map(lambda table: json.dumps(table).encode()))
def test_whatever_lies_there_is_read_or_ignored(folder: Path, content: bytes) -> None:
    (folder / FILE).write_bytes(content)
    try:
        load(folder)
    except ConfigError:
        found = resume(folder, None)
        assert found.collection is None
        assert found.text.endswith("cannot be read: a new collection begins.")
    else:
        resume(folder, None)


def test_a_folder_in_its_place_is_ignored(folder: Path) -> None:
    (folder / FILE).mkdir()
    assert "cannot be read" in resume(folder, None).text
