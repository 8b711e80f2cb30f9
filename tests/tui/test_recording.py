"""What the progress line says of recording: rates and disk always, trouble where there is some."""

import numpy as np

from recorder.cameras.camera import CameraState
from recorder.durations import in_words
from recorder.status import NONE, STATUS_DTYPE, Verdict
from session.status import Phase
from tui.recording import recording_of, recording_parts
from tui.view import View, progress_line


def status() -> np.ndarray:
    made = np.zeros((), STATUS_DTYPE)
    made["cameras"] = 2
    made["camera_name"][:2] = b"cam_high", b"cam_low"
    made["camera_state"] = CameraState.LIVE
    made["camera_rate_hz"][:2] = 49.6, 50.2
    made["encode_room"], made["skew_ns"], made["disk_left_s"] = 32, 0, 7300.0
    made["last_saved_episode"] = NONE
    return made


def parts(**fields: object) -> list[str]:
    told = status()
    for name, value in fields.items():
        told[name] = value
    return recording_parts(recording_of(told))


def test_all_is_well() -> None:
    assert parts() == ["cameras 50 Hz", "disk 2 h"]
    view = View(phase=Phase.RECORDING, recording=recording_of(status()))
    assert progress_line(view, None).endswith("| cameras 50 Hz | disk 2 h")
    assert "disk" not in progress_line(View(recording=recording_of(status())), None)


def test_a_slow_camera_and_one_that_is_silent() -> None:
    told = status()
    told["camera_rate_hz"][:2] = 17.2, np.nan
    told["camera_state"][1] = CameraState.STALLED  # what it gave before does not count
    told["camera_silent_ns"][1] = 700_000_000
    said = recording_parts(recording_of(told))
    assert said[:2] == ["cam_low STALLED 700 ms", "cameras 17 - Hz"]
    told["camera_state"][1], told["camera_silent_ns"][1] = CameraState.OPENING, NONE
    assert recording_parts(recording_of(told))[0] == "cam_low OPENING"


def test_back_pressure_is_shown_long_before_anything_is_dropped() -> None:
    assert "encoding behind 9/32" in parts(encode_queue=9)
    assert not [part for part in parts(encode_queue=8) if "behind" in part]
    assert "3 steps without pictures of their own" in parts(dropped_steps=3)


def test_skew_and_the_verdict_on_the_last_file() -> None:
    assert "skew 12 ms" in parts(skew_ns=12_300_000)
    assert "last: 4 reject" in parts(last_saved_episode=4, last_saved_verdict=Verdict.REJECT)
    assert not [part for part in parts(last_saved_episode=4) if "last" in part]


def test_durations_as_a_person_says_them() -> None:
    assert [in_words(s) for s in (0.0432, 3.44, 44.4, 100, 5999, 6000)] == [
        "43 ms", "3.4 s", "44 s", "2 min", "100 min", "2 h"
    ]  # fmt: skip
