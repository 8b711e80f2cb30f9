"""Contact sheets beyond what `replay` itself is asked in test_cli: verdict, damage, any text."""

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from recorder.episode.history import History, LabelEdit, TrimEdit
from recorder.episode.reader import EpisodeReader
from recorder.quality import Judgement
from replay import colours
from replay.errors import PictureError
from replay.pictures.contact_sheet import contact_sheet, write_contact_sheet
from tests.helpers.disk_limits import no_file_longer_than
from tests.replay.pictures.well_behaved import calm_episode


def sheet(path: Path, judgement: Judgement | None = None) -> np.ndarray:
    """The sheet of an episode."""
    with EpisodeReader(path) as episode:
        return contact_sheet(episode, judgement=judgement)


def has(image: np.ndarray, colour: str) -> int:
    """How many pixels are of that colour."""
    return int((image == colours.rgb(colour)).all(axis=2).sum())


@pytest.mark.parametrize(
    ("verdict", "colour"),
    [("ok", colours.GOOD), ("warn", colours.WARN), ("reject", colours.REJECT)],
)
def test_the_verdict_is_in_the_title(tmp_path: Path, verdict: str, colour: str) -> None:
    judgement = Judgement(verdict)  # type: ignore[arg-type]
    title = sheet(calm_episode(tmp_path), judgement)[:60]
    for each in (colours.GOOD, colours.WARN, colours.REJECT):
        assert (has(title, each) > 1000) == (each == colour)


def test_a_trimmed_episode_is_called_so(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 10)
    usual = sheet(path)
    for edits, differs in (
        (History(path, None).with_edit(LabelEdit("now")), False),
        ("no list", False),
        (History(path, None).with_edit(TrimEdit("now", 5, 14, 30, "old")), True),
    ):
        with h5py.File(path, "r+") as file:
            file.attrs["edits"] = edits
        assert (sheet(path) != usual)[:60].any() == differs


def test_joints_are_below_the_pictures(tmp_path: Path) -> None:
    image = sheet(calm_episode(tmp_path))
    assert has(image[-470:], colours.FOLLOWER) > 1000
    assert has(image[:-470], colours.FOLLOWER) == 0


def test_a_long_strange_prompt_stays_in_its_place(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 10)
    usual = sheet(path)
    with h5py.File(path, "r+") as file:
        file.attrs["prompt"] = "Übergröße 電池 🤖 \ud7ff \x1b[31m\n" * 500
    changed = (sheet(path) != usual).any(axis=2)
    assert usual.shape[:2] == changed.shape
    assert not changed[90:].any()
    assert not changed[:, -150:].any()


def test_a_damaged_picture_is_called_so(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 60, 1)
    usual = sheet(path)
    with h5py.File(path, "r+") as file:
        file["/observations/images/cam_0"][59] = 0
    changed = (sheet(path) != usual).any(axis=2)[:340]
    columns = np.flatnonzero(changed.sum(axis=0) > 100)
    assert columns.min() > usual.shape[1] - 400  # the last of six
    assert len(columns) > 280


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path, out = calm_episode(tmp_path, 6), tmp_path / "sheet.png"
    out.write_text("an older one")
    before = set(tmp_path.iterdir())
    with (
        EpisodeReader(path) as episode,
        pytest.raises(PictureError, match="File too large"),
        no_file_longer_than(5000),
    ):
        write_contact_sheet(episode, out)
    assert out.read_text() == "an older one"
    assert set(tmp_path.iterdir()) == before


def test_it_replaces_an_older_one(tmp_path: Path) -> None:
    out = tmp_path / "sheet.jpg"
    out.write_text("an older one")
    with EpisodeReader(calm_episode(tmp_path, 6)) as episode:
        write_contact_sheet(episode, out)
    assert cv2.imread(str(out)) is not None
    assert not list(tmp_path.glob(".*"))


def test_thousands_of_cameras_are_no_sheet(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 3)
    with h5py.File(path, "r+") as file:
        file.attrs["camera_names"] = np.array([f"c{i}" for i in range(5000)], "S5")
    with EpisodeReader(path) as episode, pytest.raises(PictureError, match="more than 32"):
        contact_sheet(episode)


def test_no_step_is_told(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 3)
    with h5py.File(path, "r+") as file:
        del file["/action"]
        file["/action"] = np.zeros((0, 14), "f4")
    with EpisodeReader(path) as episode, pytest.raises(PictureError, match="no step"):
        contact_sheet(episode)
