"""Files, folders, patterns, names and numbers: which episodes somebody means."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder.errors import FolderError
from replay.errors import NotFoundError
from replay.find import find_episodes

Means = Callable[..., list[str]]


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with ``datasets/`` of two tasks, a trash, and a hidden folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "datasets"
    monkeypatch.setattr("replay.find.datasets_dir", lambda: folder)
    for name in (
        *(f"battery/episode_{number}.hdf5" for number in (10, 2, 100)),
        "battery/episode_7.journal",
        "battery/.trash/episode_3.hdf5",
        ".hidden/episode_4.hdf5",
        "cube/episode_2.hdf5",
        "cube/episode_5.hdf5",
        "cube/mine.hdf5",
        "README.md",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def means(datasets: Path) -> Means:
    """What names mean, as paths below ``datasets/``."""

    def means(*names: str, task: str | None = None) -> list[str]:
        found = find_episodes(names, task=task)
        return [os.path.relpath(path.resolve(), datasets) for path in found]

    return means


BATTERY = [f"battery/episode_{number}.hdf5" for number in (2, 10, 100)]
CUBE = ["cube/episode_2.hdf5", "cube/episode_5.hdf5"]


def test_a_folder_means_its_episodes_by_number_and_those_of_the_folders_in_it(means: Means) -> None:
    assert means("datasets/battery") == BATTERY
    assert means("datasets") == [*BATTERY, *CUBE]


def test_a_pattern_means_what_it_matches(means: Means) -> None:
    assert means("datasets/*/episode_[15]*.hdf5") == [*BATTERY[1:], CUBE[1]]
    assert means("datasets/cube/*.hdf5") == [*CUBE, "cube/mine.hdf5"]
    assert means("datasets/*") == [*BATTERY, *CUBE]
    assert means("datasets/battery/*") == BATTERY
    assert means("datasets/battery/*.journal") == ["battery/episode_7.journal"]


def test_a_bare_pattern_is_searched_under_datasets(means: Means) -> None:
    assert means("episode_1*") == BATTERY[1:]
    assert means("episode_*.hdf5", task="cube") == CUBE


def test_a_task_means_its_folder_and_a_name_in_it_its_episode(means: Means) -> None:
    assert means("battery") == means("battery/") == means("batt*") == BATTERY
    for name in ("cube/episode_5", "cube/episode_5.hdf5", "cube/5", "datasets/cube/episode_5"):
        assert means(name) == [CUBE[1]]
    assert means("cube/episode_[25]") == means("cub?/episode_*") == CUBE
    assert means("cube", "2", task="battery") == [*CUBE, BATTERY[0]]
    assert means("cube/mine") == ["cube/mine.hdf5"]


def test_a_name_that_leads_out_of_datasets_is_not_searched_there(
    means: Means, tmp_path: Path
) -> None:
    (tmp_path / "other.hdf5").touch()
    with pytest.raises(NotFoundError, match=r"^\.\./other2 does not exist\.$"):
        means("../other2")
    with pytest.raises(NotFoundError, match="does not exist"):
        means("cube/../../other")


def test_without_any_episode_that_is_said(datasets: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No episode has been recorded there yet"):
        find_episodes(["5"], [tmp_path / "none"])


def test_bare_names_and_numbers_are_searched_under_datasets(means: Means) -> None:
    assert means("5") == means("episode_5") == means("episode_5.hdf5") == [CUBE[1]]
    assert means("2", task="cube") == [CUBE[0]]
    assert means("2", "100", task="battery") == [BATTERY[0], BATTERY[2]]


def test_each_once_by_number_in_a_folder_and_otherwise_as_they_were_named(means: Means) -> None:
    named = ["datasets/cube/episode_5.hdf5", "datasets/battery", "2", "datasets/cube"]
    named[2] = "datasets/battery/../battery/episode_2.hdf5"
    assert means(*named) == [*CUBE, *BATTERY]


def test_several_of_a_name_are_listed(means: Means) -> None:
    with pytest.raises(NotFoundError, match=r"Several episodes are called episode_2\.hdf5") as told:
        means("2")
    assert "say which one, e.g. battery/episode_2:" in str(told.value)
    assert means("battery/episode_2") == [BATTERY[0]]
    for path in (BATTERY[0], CUBE[0]):
        assert path in str(told.value)


@pytest.mark.parametrize(
    ("name", "task", "sentence"),
    [
        ("episode_3", None, r"There is no episode_3\.hdf5 under datasets/\. Nearest: "),
        ("4", None, r"There is no episode_4\.hdf5 under datasets/\."),
        ("5", "battery", r"There is no episode_5\.hdf5 under datasets/battery\. Nearest: "),
        (
            "5",
            "cuba",
            r"There is no episode_5\.hdf5 under datasets/cuba\. Nearest: datasets/cube, ",
        ),
        (
            "cuba",
            None,
            r"There is no folder or episode cuba under datasets/\. Nearest: datasets/cube",
        ),
        ("zzz", None, r"Nearest: datasets/battery, datasets/cube; `episodes list` shows all\.$"),
        ("cuba/4", None, r"Nearest: datasets/cube/episode_5\.hdf5, datasets/cube/episode_2\.hdf5;"),
        (
            "battery/episode_99",
            None,
            r"^battery/episode_99 does not exist\. Nearest: \S*episode_100",
        ),
        ("90", None, r"Nearest: datasets/battery/episode_100\.hdf5, datasets/battery/episode_10\."),
        ("datasets/battery/episode_9.hdf5", None, r"episode_9\.hdf5 does not exist\."),
        ("datasets/*/episode_9*", None, r"Nothing matches datasets/\*/episode_9\*\."),
        ("**.hdf5x", None, r"Nothing matches \*\*\.hdf5x\."),
        ("[", None, r"Nothing matches \[\."),
        ("", None, r"An empty name is no episode\."),
        ("x" * 5000, None, r"File name too long\."),
        ("9" * 5000, None, r"File name too long\."),
    ],
)
def test_what_is_not_there_is_one_sentence(
    means: Means, name: str, task: str | None, sentence: str
) -> None:
    with pytest.raises(NotFoundError, match=sentence) as told:
        means(name, task=task)
    assert "\n" not in str(told.value)


def test_a_folder_without_episodes_is_said(means: Means, datasets: Path) -> None:
    (datasets / "empty").mkdir()
    with pytest.raises(NotFoundError, match=r"There is no episode in datasets/empty\."):
        means("datasets/empty", "datasets/cube")


def test_links_that_lead_nowhere_or_in_a_circle_are_said_and_never_followed(
    means: Means, datasets: Path
) -> None:
    (datasets / "cube" / "gone.hdf5").symlink_to("nowhere")
    (datasets / "loop.hdf5").symlink_to("loop.hdf5")
    (datasets / "cube" / "back").symlink_to(datasets)
    with pytest.raises(NotFoundError, match=r"gone\.hdf5 is a link that leads nowhere\."):
        means("datasets/cube/gone.hdf5")
    with pytest.raises(NotFoundError, match="Too many levels of symbolic links"):
        means("datasets/loop.hdf5")
    assert means("mine.hdf5") == ["cube/mine.hdf5"]
    assert means("datasets") == [*BATTERY, *CUBE]


def test_a_task_that_is_a_link_to_another_disk_is_searched(means: Means, tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (far / "episode_77.hdf5").touch()
    (tmp_path / "datasets" / "far").symlink_to(far)
    assert means("77") == ["../far/episode_77.hdf5"]


def test_pipes_and_folders_that_are_called_like_episodes_are_none(
    means: Means, datasets: Path
) -> None:
    os.mkfifo(datasets / "cube" / "episode_8.hdf5")
    (datasets / "cube" / "episode_9.hdf5").mkdir()
    assert means("datasets/cube") == CUBE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_one_sentence(means: Means, datasets: Path) -> None:
    (datasets / "cube").chmod(0)
    with pytest.raises(FolderError, match="Cannot read datasets/cube: Permission denied"):
        means("datasets/cube")
