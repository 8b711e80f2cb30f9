"""`episodes export mp4`: a video a camera, and nothing drawn on it."""

import argparse
from pathlib import Path

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
    assert sum(path.stat().st_size for path in out.iterdir()) <= plan.estimated_bytes
    with av.open(out / names[1]) as file, source.open() as episode:
        assert file.streams.video[0].average_rate == 50
        for step, frame in enumerate(file.decode(video=0)):
            assert frame.time == pytest.approx(step / 50)
            seen = cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2RGB_I420)
            assert np.abs(seen.astype(int) - episode.image("cam_1", step)).mean() < 5
    assert step == 29


def test_cameras_can_be_chosen(tmp_path: Path) -> None:
    sources = [source_of(calm_episode(tmp_path, 5, number=number)) for number in (3, 4)]
    plan = EXPORTER.plan(sources, options("--cameras", "cam_1", "--crf", "0"))
    assert [entry.files for entry in plan.entries] == [
        ("episode_0_cam_1.mp4",),
        ("episode_1_cam_1.mp4",),
    ]
    with pytest.raises(ExportError, match="no camera 'nose'"):
        EXPORTER.plan(sources, options("--cameras", "nose"))


def test_no_camera_leads_out_of_the_folder() -> None:
    """Its name is anybody's text."""

    class Facts:
        camera_names = ("../../etc", ".._.._etc", "a b")

    source = Source(Path("a.hdf5"), Facts(), 5, {}, 100, 10)  # type: ignore[arg-type]
    files = EXPORTER.plan([source], options()).entries[0].files
    assert files == (
        "episode_0_0_______etc.mp4",
        "episode_0_1_______etc.mp4",
        "episode_0_2_a_b.mp4",
    )


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
