"""The recorder process on a rig without a simulated world: real arms, or emulated ones."""

import signal
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from recorder.cameras.camera import CameraState
from recorder.config import CameraConfig
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.status import NONE, RecorderState
from tests.recorder.fake_rig import HEIGHT, PATIENCE_S, WIDTH, FakeRig

MakeRig = Callable[..., FakeRig]


@pytest.mark.parametrize("simulated", [True, False])
def test_arms_without_a_world_are_recorded_in_the_wall_clock_s_time(
    fake_rig: MakeRig, simulated: bool
) -> None:
    """Real arms, or emulated ones, one pair of them and three cameras: there is no scene."""
    rig = fake_rig(
        cameras=3,
        kind="pattern",
        simulated=simulated,
        time_base="monotonic",
        scene_ring=False,
        sides=("right",),
    )
    rig.number = 10**9  # as CLOCK_MONOTONIC: no small number
    rig.start()
    rig.record(0, 6)
    rig.end(0)
    assert rig.kill(signal.SIGTERM) == 0
    with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
        assert check(episode) == []
        facts = episode.facts
        assert (facts.sim, facts.simulated_time) == (simulated, False)
        assert facts.arms == ("emulated" if simulated else "real")
        assert (facts.scene, facts.seed, facts.quality) == (None, None, None)
        assert episode.shape("/action") == (6, 7)
        assert np.isfinite(episode.column("/tandem/leader")).all()
        assert episode.shape("/tandem/connected") == (6, 2)
        numbers = episode.column("/tandem/frame_number")
        # The first camera's phase is the ticks': one frame a tick. The others' last frame is older.
        assert numbers[:, 0].tolist() == list(range(10**9, 10**9 + 6))
        assert numbers[:, 1].tolist() == numbers[:, 2].tolist() == (numbers[:, 0] - 1).tolist()
        assert not episode.column("/tandem/frame_missing").any()
    other = fake_rig(dataset=rig.dataset, simulated=not simulated)
    other.start(wait=False)
    assert other.recorder
    assert other.recorder.wait(PATIENCE_S) == 1
    assert other.recorder.stderr
    assert "must not be mixed" in other.recorder.stderr.read().decode()


def test_a_device_that_is_not_there_is_told_and_waited_for(fake_rig: MakeRig) -> None:
    rig = fake_rig(cameras=0, time_base="monotonic", scene_ring=False)
    nobody = CameraConfig("cam_0", "webcam", WIDTH, HEIGHT, device="/dev/v4l/by-id/nobody")
    rig.config = replace(rig.config, cameras=(nobody,))
    rig.start()
    status = rig.wait_for(lambda status: status["camera_state"][0] == CameraState.LOST)
    assert status["state"] == RecorderState.READY
    assert status["camera_silent_ns"][0] == NONE
    assert any("cam_0" in text and "/dev/v4l/by-id/nobody" in text for text in rig.said())
