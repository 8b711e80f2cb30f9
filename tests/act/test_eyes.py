"""What a policy sees, and when it says that it sees nothing new."""

from pathlib import Path

import numpy as np
import pytest

from act.errors import EvaluationError
from act.rollout.eyes import FROZEN_NS, OLD_NS, Eyes
from recorder.config import CameraConfig
from session.policy import PolicyProcess
from teleop.lockstep import frame_dtype, frame_ring
from teleop.ring import RingWriter

HIGH = CameraConfig("cam_high", "pattern", 64, 48, rate_hz=30)
LOW = CameraConfig("cam_low", "pattern", 64, 48, rate_hz=30)
TICK_NS = 20_000_000


class Camera:
    """Writes frames as the recorder does that shares a device's."""

    def __init__(self, folder: Path) -> None:
        self.ring = RingWriter(folder / frame_ring("cam_high"), frame_dtype(48, 64), 8)
        self.number = 0

    def show(self, value: int, arrival_ns: int) -> None:
        frame = self.ring.begin()
        frame["number"], frame["image"] = self.number, value
        frame["capture_ns"] = frame["arrival_ns"] = arrival_ns
        self.ring.commit()
        self.number += 1


def eyes(folder: Path, *needed: str, steady: bool = False) -> Eyes:
    config = PolicyProcess(str(folder), "", (HIGH, LOW), 50, steady=steady)
    return Eyes(config, needed or ("cam_high",))


def test_it_is_the_newest_picture_that_had_arrived(tmp_path: Path) -> None:
    camera, seen = Camera(tmp_path), eyes(tmp_path)
    for tick in range(5):
        camera.show(10 * tick, tick * TICK_NS)
    images = seen.look(2 * TICK_NS + 1)
    assert images is not None
    assert images["cam_high"].shape == (48, 64, 3)
    assert np.unique(images["cam_high"]).tolist() == [20]
    camera.show(99, 5 * TICK_NS)
    assert np.unique(images["cam_high"]).tolist() == [20]  # a copy


def test_a_camera_that_the_rig_has_not_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="needs cam_left, and the rig has cam_high, cam_low"):
        eyes(tmp_path, "cam_high", "cam_left")


def test_no_picture_yet_is_waited_for_and_then_told(tmp_path: Path) -> None:
    seen = eyes(tmp_path)
    assert seen.look(0) is None
    assert seen.look(OLD_NS) is None
    with pytest.raises(EvaluationError, match=r"cam_high has given no picture for 0\.3 s"):
        seen.look(OLD_NS + TICK_NS)


def test_a_camera_that_stops_is_told_and_one_that_comes_back_is_seen(tmp_path: Path) -> None:
    camera, seen = Camera(tmp_path), eyes(tmp_path)
    camera.show(1, 0)
    assert seen.look(OLD_NS) is not None
    with pytest.raises(EvaluationError, match="has given no picture"):
        seen.look(OLD_NS + TICK_NS)
    camera.show(2, OLD_NS + 2 * TICK_NS)
    assert seen.look(OLD_NS + 2 * TICK_NS) is not None


@pytest.mark.parametrize("steady", [False, True])
def test_the_same_picture_again_and_again_is_a_frozen_camera_unless_it_is_rendered(
    tmp_path: Path, steady: bool
) -> None:
    camera, seen = Camera(tmp_path), eyes(tmp_path, steady=steady)
    ticks = range(0, FROZEN_NS + 3 * TICK_NS, TICK_NS)

    def look() -> None:
        for t_ns in ticks:
            camera.show(7, t_ns)
            seen.look(t_ns)

    if steady:
        return look()
    with pytest.raises(EvaluationError, match="the same picture for a second: it is frozen"):
        look()


def test_pictures_that_change_are_no_frozen_camera(tmp_path: Path) -> None:
    camera, seen = Camera(tmp_path), eyes(tmp_path)
    for tick in range(120):
        camera.show(tick % 3, tick * TICK_NS)
        assert seen.look(tick * TICK_NS) is not None
