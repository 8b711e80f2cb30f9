"""What the operator is told about cameras, and what the status says of them."""

import math
from typing import Any

import numpy as np

from recorder.cameras.camera import CameraAbout, CameraHealth, CameraState, Frame
from recorder.cameras.rate import health_of, rate_hz, stall_ns
from recorder.cameras.watch import SLOW_LOOKS, TOLD_NS, CameraWatch
from recorder.config import CameraConfig
from recorder.status import NONE, STATUS_DTYPE

CONFIG = CameraConfig("cam_low", "webcam", rate_hz=50.0, device="/dev/video0")
PERIOD_NS = CONFIG.period_ns
SECOND_NS = 1_000_000_000


class Told:
    """A camera that does as it is told: its arrivals are given, as a device would make them."""

    name = "cam_low"

    def __init__(self) -> None:
        self.arrivals_ns: list[int] = []
        self.lost = ""

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        return None

    def has_passed(self, t_ns: int) -> bool:
        return False

    def health(self, t_ns: int) -> CameraHealth:
        health = health_of(self.arrivals_ns, PERIOD_NS, t_ns)
        if self.lost:
            return CameraHealth(CameraState.LOST, math.nan, 1, self.lost, health.silent_ns)
        return health

    def about(self) -> CameraAbout:
        return CameraAbout("webcam", not_set=("its exposure cannot be fixed.",))

    def close(self) -> None: ...


def looked(watch: CameraWatch, t_ns: int) -> tuple[list[str], Any]:
    status = np.zeros((), STATUS_DTYPE)
    return watch.look(t_ns, status), status


def test_a_freeze_is_seen_within_two_periods_and_told_when_it_lasts() -> None:
    camera = Told()
    watch = CameraWatch([camera], [CONFIG])
    said, status = looked(watch, 0)
    assert said == []
    assert (status["cameras"], status["camera_state"][0]) == (1, CameraState.OPENING)
    assert status["camera_silent_ns"][0] == NONE

    camera.arrivals_ns = [k * PERIOD_NS for k in range(100)]
    last_ns = camera.arrivals_ns[-1]
    said, status = looked(watch, last_ns + 2 * PERIOD_NS)
    assert said == ["cam_low: its exposure cannot be fixed."]
    assert status["camera_state"][0] == CameraState.LIVE
    assert status["camera_rate_hz"][0] == 50
    assert status["camera_name"][0] == b"cam_low"

    said, status = looked(watch, last_ns + 2 * PERIOD_NS + 1)
    assert said == []
    assert status["camera_state"][0] == CameraState.STALLED
    assert looked(watch, last_ns + TOLD_NS - 1)[0] == []
    said, _ = looked(watch, last_ns + TOLD_NS)
    assert said == ["cam_low has given no picture for 250 ms."]
    assert looked(watch, last_ns + 500_000_000)[0] == []  # told already

    back_ns = last_ns + 700_000_000
    camera.arrivals_ns.append(back_ns)
    said, _ = looked(watch, back_ns)
    assert said == ["cam_low gives pictures again, after 700 ms."]


def test_a_lost_device_is_told_with_its_reason_and_the_time_until_it_is_back() -> None:
    camera = Told()
    camera.arrivals_ns = [0]
    watch = CameraWatch([camera], [CONFIG])
    looked(watch, 0)
    assert looked(watch, TOLD_NS)[0]  # stalled first
    camera.lost = "cam_low was unplugged: plug it in."
    said, status = looked(watch, 2 * SECOND_NS)
    assert said == ["cam_low was unplugged: plug it in."]
    assert (status["camera_state"][0], status["camera_reconnects"][0]) == (CameraState.LOST, 1)
    camera.lost = ""
    camera.arrivals_ns = [3 * SECOND_NS]
    said, _ = looked(watch, 3 * SECOND_NS)
    assert said == ["cam_low gives pictures again, after 3.0 s."]


def test_a_camera_that_stumbles_is_not_talked_about() -> None:
    """17 frames a second after 50: the status says so, no sentence for each of them."""
    camera = Told()
    watch = CameraWatch([camera], [CONFIG])
    camera.arrivals_ns = [k * PERIOD_NS for k in range(100)]
    looked(watch, camera.arrivals_ns[-1])
    said, states = [], []
    for _ in range(20):
        last_ns = camera.arrivals_ns[-1]
        for t_ns in range(last_ns, last_ns + SECOND_NS // 17, 5_000_000):
            news, status = looked(watch, t_ns)
            said += news
            states.append(int(status["camera_state"][0]))
        camera.arrivals_ns.append(last_ns + SECOND_NS // 17)
    assert not [sentence for sentence in said if "no picture" in sentence or "again" in sentence]
    assert CameraState.STALLED in states[:40]
    assert set(states[60:]) == {CameraState.LIVE}  # slow by now, not stalled


def test_a_slow_camera_is_told_once() -> None:
    camera = Told()
    slow_ns = SECOND_NS // 17
    watch = CameraWatch([camera], [CONFIG])
    said = []
    for look in range(3 * SLOW_LOOKS):
        t_ns = 10 * SECOND_NS + look * 40_000_000
        camera.arrivals_ns = list(range(t_ns % slow_ns, t_ns + 1, slow_ns))[-60:]
        said += looked(watch, t_ns)[0]
    assert said[1:] == ["cam_low gives 17.0 pictures a second, not 50."]


def test_more_cameras_than_the_status_holds_are_watched_all_the_same() -> None:
    cameras = [Told() for _ in range(20)]
    watch = CameraWatch(cameras, [CONFIG] * 20)
    looked(watch, 0)
    cameras[19].lost = "It is gone."
    said, status = looked(watch, 1)
    assert said == ["It is gone."]
    assert status["cameras"] == 16


def test_a_camera_that_is_steadily_slow_is_not_stalled_but_a_freeze_of_it_is() -> None:
    arrivals = [k * SECOND_NS // 17 for k in range(40)]
    last = arrivals[-1]
    assert health_of(arrivals, PERIOD_NS, last + 100_000_000).state is CameraState.LIVE
    assert health_of(arrivals, PERIOD_NS, last + 200_000_000).state is CameraState.STALLED
    assert stall_ns([0, 10 * SECOND_NS], PERIOD_NS) == 10 * PERIOD_NS  # bounded


def test_the_rate_is_of_the_last_two_seconds() -> None:
    early = [k * SECOND_NS // 10 for k in range(50)]
    late = [early[-1] + k * SECOND_NS // 50 for k in range(1, 151)]
    assert round(rate_hz([*early, *late], late[-1])) == 50
    assert math.isnan(rate_hz(early, early[-1] + 3 * SECOND_NS))
    assert math.isnan(rate_hz([5, 5], 5))
