"""Test-pattern cameras beside rendered ones, in whole sessions: they show what they say they do."""

import json
from pathlib import Path

import numpy as np
import pytest
from session_harness import run, short_task, small_rig

from recorder.cameras.pattern import PatternCamera
from recorder.config import CameraConfig
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.pictures.decode import decode_jpeg

pytestmark = pytest.mark.sim

PATTERN = """[[cameras]]
name = "cam_pattern"
kind = "pattern"
width = 160
height = 120
rate_hz = 30

"""


def rig_with_a_pattern(folder: Path, cameras: int) -> Path:
    """The simulated rig whose first camera is a test pattern, before so many rendered ones."""
    path = small_rig(folder, cameras=cameras)
    text = path.read_text()
    at = text.index("[[cameras]]" if cameras else "[recording]")
    path.write_text(text[:at] + PATTERN + text[at:])
    return path


def recorded(folder: Path, cameras: int, *more: str) -> Path:
    """One short episode."""
    rig, task = rig_with_a_pattern(folder, cameras), short_task(folder, 80)
    arguments = ["--task", str(task), "--rig", str(rig), "--seed", "1", *more]
    status, text = run(folder / "data", *arguments)
    assert status == 0, text
    return folder / "data" / "battery" / "episode_0.hdf5"


def shows_its_numbers(episode: EpisodeReader) -> None:
    """Every tenth picture is nearest to the frame that it says it is, of those around it."""
    row = episode.facts.camera_names.index("cam_pattern")
    numbers = episode.column("/tandem/frame_number")[:, row]
    camera = PatternCamera(CameraConfig("cam_pattern", "pattern", 160, 120, 30.0))
    for number, jpeg in list(zip(numbers, episode.jpegs("cam_pattern"), strict=True))[::10]:
        image = decode_jpeg(jpeg).astype(int)
        away = {n: np.abs(image - camera.picture(n)).mean() for n in range(number - 2, number + 3)}
        assert min(away, key=lambda n: away[n]) == number


@pytest.mark.parametrize("cameras", [0, 2])
def test_a_pattern_in_lockstep(tmp_path: Path, cameras: int) -> None:
    with EpisodeReader(recorded(tmp_path, cameras)) as episode:
        assert check(episode) == []
        assert len(episode.facts.camera_names) == cameras + 1
        kinds = json.loads(episode.facts.camera_kind)
        assert kinds.pop("cam_pattern") == "pattern"
        assert set(kinds.values()) <= {"simulated"}
        shows_its_numbers(episode)
        numbers = episode.column("/tandem/frame_number")
        span = episode.steps * 30 / 50
        assert abs(len(np.unique(numbers[:, 0])) - span) <= 1
        assert (np.diff(numbers[:, 1:], axis=0) == 1).all()  # every tick has been rendered


def test_a_pattern_in_real_time(tmp_path: Path) -> None:
    with EpisodeReader(recorded(tmp_path, 1, "--realtime")) as episode:
        shows_its_numbers(episode)
        capture_ns = episode.column("/tandem/frame_capture_ns")[:, 0]
        ages_ns = episode.column("/tandem/tick_ns") - capture_ns
        assert (ages_ns >= 0).all()
        assert (ages_ns < 1e9 / 30 + 1).all()
