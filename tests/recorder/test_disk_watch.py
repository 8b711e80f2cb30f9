"""The disk while a session goes on: what the status says, and when the operator is told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recorder.config import CameraConfig, RecorderConfig
from recorder.folder import disk_watch
from recorder.folder.disk_watch import DiskWatch
from recorder.open_episode import OpenEpisode
from recorder.pictures.encode import EncodePool
from recorder.status import STATUS_DTYPE
from tests.recorder.fake_rig import FakeRig, make_header

MIB = 1 << 20
GIB = 1 << 30


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the disk has free: as the test says."""
    said = [100 * GIB]
    monkeypatch.setattr(disk_watch, "free_bytes", lambda folder: said[0])
    return said


def test_it_is_told_as_it_fills_up(tmp_path: Any, free: list[int]) -> None:
    cameras = tuple(CameraConfig(f"cam_{i}", "pattern") for i in range(4))
    config = RecorderConfig(
        tmp_path, tmp_path, cameras, "bench", True, "monotonic", max_steps=1000, min_free_bytes=GIB
    )
    watch, status = DiskWatch(config, 0), np.zeros((), STATUS_DTYPE)
    assert watch.look(None, status) == []
    assert 3000 < status["disk_left_s"] < 7000  # about 20 MB a second
    assert not status["disk_low"]
    free[0] = 8 * GIB
    assert "room for" in watch.look(None, status)[0]
    assert watch.look(None, status) == []  # told once
    free[0] = GIB + 500 * MIB
    assert "no room for another whole episode" in watch.look(None, status)[0]
    assert status["disk_low"]
    assert not status["disk_stop"]
    free[0] = GIB + 50 * MIB
    assert watch.look(None, status) == []  # nothing is open that would have to end
    assert not status["disk_stop"]
    pool = EncodePool(config.recording, lambda: None)
    episode = OpenEpisode(tmp_path / "episode_0.journal", make_header(), pool)
    assert "just fits" in watch.look(episode, status)[0]
    assert status["disk_stop"]
    episode.close()
    pool.close()
    free[0] = 100 * GIB
    assert watch.look(None, status) == []
    assert not status["disk_low"]
    assert not status["disk_stop"]


def test_journals_that_are_no_files_yet_count(tmp_path: Any, free: list[int]) -> None:
    config = RecorderConfig(tmp_path, tmp_path, (CameraConfig("cam", "pattern"),), "b", True,
                            "monotonic", max_steps=500, min_free_bytes=1)  # fmt: skip
    watch, status = DiskWatch(config, 0), np.zeros((), STATUS_DTYPE)
    free[0] = 300 * MIB
    watch.look(None, status)
    assert not status["disk_low"]
    with (tmp_path / "episode_3.journal").open("wb") as file:
        file.truncate(290 * MIB)
    watch.look(None, status)
    assert status["disk_low"]


def test_the_recorder_s_status_has_it(fake_rig: Callable[..., FakeRig]) -> None:
    rig = fake_rig()
    rig.start()
    status = rig.wait_for(lambda status: status["disk_free_bytes"] > 0)
    assert status["disk_left_s"] > 0
