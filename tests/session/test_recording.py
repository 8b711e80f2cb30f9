"""When an episode may begin, and when it must not go on."""

from typing import Any

import numpy as np
import pytest

from recorder.cameras.camera import CameraState
from recorder.config import CameraConfig
from recorder.status import NONE, STATUS_DTYPE
from session.config import CameraPolicy
from session.recording import why_not_start, why_stop

NOW_NS = 10**15
CAMERAS = tuple(CameraConfig(name, "pattern") for name in ("cam_high", "cam_low"))


def status(**fields: Any) -> Any:
    made = np.zeros((), STATUS_DTYPE)
    made["camera_state"] = CameraState.LIVE
    made["heartbeat_ns"] = NOW_NS
    for name, value in fields.items():
        made[name] = value
    return made


def test_an_episode_begins_when_all_is_well() -> None:
    assert why_not_start(status(), CAMERAS, NOW_NS) == ""


@pytest.mark.parametrize("state", [CameraState.OPENING, CameraState.STALLED, CameraState.LOST])
def test_none_begins_without_every_camera(state: CameraState) -> None:
    told = status()
    told["camera_state"][1] = state
    assert why_not_start(told, CAMERAS, NOW_NS).startswith("No picture from cam_low: ")
    told["camera_state"][0] = state
    assert why_not_start(told, CAMERAS, NOW_NS).startswith("No picture from cam_high, cam_low: ")


def test_none_begins_without_room_for_a_whole_one() -> None:
    assert "room for 90 s more" in why_not_start(
        status(disk_low=True, disk_left_s=90), CAMERAS, NOW_NS
    )
    assert "room for 3 min more" in why_not_start(
        status(disk_low=True, disk_left_s=180), CAMERAS, NOW_NS
    )


def test_a_short_loss_is_survived_and_a_longer_one_is_not() -> None:
    told = status()
    told["camera_silent_ns"][1] = 1_000_000_000
    assert why_stop(told, CAMERAS, CameraPolicy(), NOW_NS) == ""
    told["camera_silent_ns"][1] += 1
    assert why_stop(told, CAMERAS, CameraPolicy(), NOW_NS) == "No picture from cam_low for 1 s."
    told["camera_silent_ns"][0] = NONE
    assert why_stop(told, CAMERAS, CameraPolicy(), NOW_NS).startswith(
        "No picture from cam_high, cam_low for"
    )
    assert why_stop(told, CAMERAS, CameraPolicy(pause_after_s=5.0), NOW_NS).startswith(
        "No picture from cam_high for"
    )


def test_where_losses_are_only_marked_the_episode_goes_on() -> None:
    told = status()
    told["camera_silent_ns"][1] = 10**12
    assert why_stop(told, CAMERAS, CameraPolicy(on_loss="mark"), NOW_NS) == ""


def test_a_disk_that_is_nearly_full_ends_it_whatever_the_policy() -> None:
    told = status(disk_stop=True)
    assert "nearly full" in why_stop(told, CAMERAS, CameraPolicy(on_loss="mark"), NOW_NS)


def test_a_recorder_that_is_not_heard_of_records_nothing() -> None:
    stopped = status(heartbeat_ns=NOW_NS - 3_100_000_000)
    assert why_not_start(stopped, CAMERAS, NOW_NS) == "The recorder is not heard of."
    assert why_stop(stopped, CAMERAS, CameraPolicy(on_loss="mark"), NOW_NS) != ""
    assert why_stop(stopped, CAMERAS, CameraPolicy(), None) == ""  # in lock-step the world waits
    stalled = status(heartbeat_ns=NOW_NS - 2_900_000_000)
    assert why_not_start(stalled, CAMERAS, NOW_NS) == ""
    assert why_stop(stalled, CAMERAS, CameraPolicy(), NOW_NS) == ""


def test_a_very_slow_camera_is_not_lost_between_its_pictures() -> None:
    slow = (CameraConfig("cam_high", "pattern", rate_hz=0.5),)
    told = status()
    told["camera_silent_ns"][0] = 5_900_000_000
    assert why_stop(told, slow, CameraPolicy(), NOW_NS) == ""
    told["camera_silent_ns"][0] = 6_100_000_000
    assert why_stop(told, slow, CameraPolicy(), NOW_NS) != ""
