"""`episodes export mp4`: a video a camera, and nothing drawn on it."""

import argparse
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from replay.errors import ExportError
from replay.export.exporter import Source
from replay.export.mp4 import EXPORTER, write_camera_video
from replay.export.sources import source_of
from tests.helpers.disk_limits import no_file_longer_than
from tests.replay.pictures.well_behaved import calm_episode


def options(*words: str) -> argparse.Namespace:
    """What is typed after `mp4`."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    EXPORTER.add_arguments(parser)
    return parser.parse_args(words)


def test_every_camera_gets_its_pictures(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    source = source_of(calm_episode(tmp_path, 30))
    plan = EXPORTER.plan([source], options())
    done: list[int] = []
    EXPORTER.write(plan, out, done.append)
    assert sum(done) == plan.work == 60
    names = ("episode_0_cam_0.mp4", "episode_0_cam_1.mp4")
    assert plan.entries[0].files == names
    assert {path.name for path in out.iterdir()} == set(names)
    assert sum(path.stat().st_size for path in out.iterdir()) <= plan.most_bytes
    with av.open(out / names[1]) as file, source.open() as episode:
        assert file.streams.video[0].average_rate == 50
        for step, frame in enumerate(file.decode(video=0)):
            assert frame.time == pytest.approx(step / 50)
            seen = cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2RGB_I420)
            assert np.abs(seen.astype(int) - episode.image("cam_1", step)).mean() < 5
    assert step == 29


def test_cameras_can_be_chosen_and_episodes_keep_their_names(tmp_path: Path) -> None:
    sources = [source_of(calm_episode(tmp_path, 5, number=number)) for number in (3, 4)]
    plan = EXPORTER.plan(sources, options("--cameras", "cam_1", "--crf", "0"))
    assert [entry.files for entry in plan.entries] == [
        ("episode_3_cam_1.mp4",),
        ("episode_4_cam_1.mp4",),
    ]
    with pytest.raises(ExportError, match="no camera 'nose'"):
        EXPORTER.plan(sources, options("--cameras", "nose"))


def files_of(cameras: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """What the videos of episodes at these paths, of these cameras, are called."""
    sources = [
        Source(Path(path), SimpleNamespace(camera_names=names), 5, {}, 100, 100, 10)  # type: ignore[arg-type]
        for path, names in cameras.items()
    ]
    return [entry.files for entry in EXPORTER.plan(sources, options()).entries]


def test_no_camera_leads_out_of_the_folder() -> None:
    """Its name is anybody's text."""

    assert files_of({"a.hdf5": ("../../etc", ".._.._etc", "a b")}) == [
        ("a_______etc.mp4", "a_______etc-2.mp4", "a_a_b.mp4")
    ]


def test_no_two_videos_have_one_name() -> None:
    """Folders tell episodes of several tasks apart; where that is not enough, numbers do."""
    assert files_of(
        {
            "battery/episode_2.hdf5": ("cam",),
            "cables/episode_2.hdf5": ("cam",),
            "old/cables/episode_2.hdf5": ("cam", "Cam"),
        }
    ) == [
        ("battery_episode_2_cam.mp4",),
        ("cables_episode_2_cam.mp4",),
        ("cables_episode_2-2_cam.mp4", "cables_episode_2-2_Cam-2.mp4"),
    ]
    assert files_of({"a.hdf5": ("b_c",), "a_b.hdf5": ("c",)}) == [
        ("a_b_c.mp4",),
        ("a_b_c-2.mp4",),
    ]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    path, out = calm_episode(tmp_path, 20), tmp_path / "out"
    out.mkdir()
    with (
        EpisodeReader(path) as episode,
        pytest.raises(OSError, match="File too large"),
        no_file_longer_than(500),
    ):
        write_camera_video(episode, "cam_0", out / "a.mp4")
    assert not list(out.iterdir())
