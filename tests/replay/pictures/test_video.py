"""`replay --video`: an episode as anybody can watch it; whole, or not there."""

import re
import signal
import sys
from pathlib import Path

import av
import cv2
import h5py
import numpy as np
import pytest
from terminal import Terminal

from recorder.episode.reader import EpisodeReader
from replay.cli import main
from replay.errors import PictureError
from replay.material import Mark
from replay.pictures.screen import HEIGHT, WIDTH, Screen, told_at
from replay.pictures.story import story_of
from replay.pictures.video import check_video_path, write_video
from tests.helpers.disk_limits import no_file_longer_than
from tests.replay.pictures.well_behaved import MAGENTA, calm_episode, replace_pictures

REPOSITORY = Path(__file__).parents[3]


def frames(path: Path) -> list[np.ndarray]:
    """Every frame, decoded as its tags say."""
    with av.open(path) as file:
        return [
            cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2RGB_I420)
            for frame in file.decode(video=0)
        ]


def pure(image: np.ndarray, channel: int) -> int:
    """How many pixels are of that colour alone, as a third of every test picture is."""
    others = [index for index in range(3) if index != channel]
    return int(((image[..., channel] > 180) & (image[..., others].max(axis=2) < 100)).sum())


def draw(path: Path, step: int) -> np.ndarray:
    """The picture of a step."""
    with EpisodeReader(path) as episode:
        return Screen(episode, story_of(episode)).draw(step)


def test_a_video_shows_every_step_of_every_camera(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = calm_episode(tmp_path, 25), tmp_path / "out.mp4"
    assert main([str(path), "--video", str(out)]) == 1  # for it is short
    assert str(out) in capsys.readouterr().out
    with av.open(out) as file:
        stream = file.streams.video[0]
        assert (stream.average_rate, stream.width, stream.height) == (50, WIDTH, HEIGHT)
    seen = frames(out)
    assert len(seen) == 25
    assert (seen[0] != seen[-1]).any()
    # The drawn picture is what the JPEG is, and the decoded one is what was drawn.
    drawn = draw(path, 24)
    for channel in range(3):
        assert pure(drawn, channel) > 2 * 90_000
        assert pure(seen[-1], channel) == pytest.approx(pure(drawn, channel), rel=0.05)
    assert np.abs(seen[-1].astype(int) - drawn).mean() < 2
    assert [each.name for each in tmp_path.iterdir()].count("out.mp4") == 1
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "fault"),
    [("a.avi", "written as .mp4"), ("no/a.mp4", "no folder"), ("folder.mp4", "is a folder")],
)
def test_a_video_that_cannot_be_written(tmp_path: Path, name: str, fault: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(PictureError, match=fault):
        check_video_path(tmp_path / name)


@pytest.mark.parametrize("cameras", [1, 3, 16])
def test_any_number_of_cameras(tmp_path: Path, cameras: int) -> None:
    image = draw(calm_episode(tmp_path, 3, cameras), 2)
    assert image.shape == (HEIGHT, WIDTH, 3)
    for channel in range(3):
        assert pure(image, channel) > 50_000


def test_a_portrait_beside_others_is_not_distorted(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 3, 2)
    replace_pictures(path, "cam_1", (300, 400))
    image = draw(path, 1)
    rows, columns = np.nonzero((np.abs(image.astype(int) - MAGENTA) < 20).all(axis=2))
    assert (np.ptp(columns) + 1) / (np.ptp(rows) + 1) == pytest.approx(0.75, abs=0.02)


def test_damaged_pictures_are_called_so(tmp_path: Path) -> None:
    path = calm_episode(tmp_path, 8, 1)
    with h5py.File(path, "r+") as file:
        file["/observations/images/cam_0"][3] = 0
    with EpisodeReader(path) as episode:
        write_video(episode, tmp_path / "out.mp4")
    seen = [pure(image, 0) > 20_000 for image in frames(tmp_path / "out.mp4")]
    assert seen == [True, True, True, False, True, True, True, True]


@pytest.mark.parametrize("gone", ["/tandem/tick_ns", "/observations/qpos", "/tandem/limited"])
def test_damaged_joints_leave_the_pictures(tmp_path: Path, gone: str) -> None:
    path = calm_episode(tmp_path, 4)
    with h5py.File(path, "r+") as file:
        del file[gone]
    assert pure(draw(path, 3), 0) > 100_000


@pytest.mark.parametrize("fps", [0, -1, 1 << 40])
def test_an_impossible_rate_is_told(tmp_path: Path, fps: int) -> None:
    path = calm_episode(tmp_path, 3)
    with h5py.File(path, "r+") as file:
        file.attrs["fps"] = fps
    with EpisodeReader(path) as episode, pytest.raises(PictureError, match="a rate of"):
        write_video(episode, tmp_path / "out.mp4")
    assert not list(tmp_path.glob("*.mp4"))


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path, out = calm_episode(tmp_path, 6), tmp_path / "out.mp4"
    out.write_text("an older one")
    before = set(tmp_path.iterdir())
    with (
        EpisodeReader(path) as episode,
        pytest.raises(PictureError, match="File too large"),
        no_file_longer_than(10_000),
    ):
        write_video(episode, out)
    assert out.read_text() == "an older one"
    assert set(tmp_path.iterdir()) == before


def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path) -> None:
    path, out = calm_episode(tmp_path, 3), tmp_path / "out.mp4"
    with EpisodeReader(path) as episode:
        assert not write_video(episode, out)
        assert write_video(episode, out)  # says that there was one
    link = tmp_path / "link.mp4"
    link.symlink_to(out)
    with pytest.raises(PictureError, match="no plain file"):
        check_video_path(link)


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    path = calm_episode(tmp_path, 600, 1)
    command = [sys.executable, "-m", "replay", str(path), "--video", str(folder / "out.mp4")]
    with Terminal(command, cwd=REPOSITORY) as terminal:
        terminal.wait_for(re.compile(r"video .*[1-9]\d%"))  # the progress bar
        assert list(folder.iterdir())
        terminal.press("ctrl+c")
        assert terminal.wait() == 128 + signal.SIGINT
    assert not list(folder.iterdir())


def test_what_is_told_at_a_step_is_the_worst() -> None:
    whole = Mark(0, 99, "reject", "too_short", "It is short.")
    stretch = Mark(10, 20, "reject", "late_ticks", "Late.")
    warning = Mark(15, 60, "warn", "blurred", "cam_0: blurred.")
    event = Mark(70, 70, "event", "event", "Bumped.")
    marks = (whole, stretch, warning, event)
    assert told_at(marks, 15, 5) == stretch
    assert told_at(marks, 30, 5) == whole
    assert told_at(marks[2:], 30, 5) == warning
    assert told_at(marks[2:], 74, 5) == event
    assert told_at(marks[2:], 90, 5) is None
