"""Webcams by URL: OpenCV and FFMPEG as they are, at the other end of a real connection."""

import contextlib
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from camera_hostile import HOSTILE, HostileServer, silence
from camera_source import health, newest_number, wait_until

from recorder.cameras.camera import CameraState
from recorder.cameras.capture import CapturedCamera
from recorder.cameras.webcam import Webcam, list_webcams
from recorder.cameras.webcam_address import without_password
from recorder.config import CameraConfig
from recorder.errors import CameraError
from sim.cameras.pictures import LOOP, shown_number
from sim.cameras.served import ServedCamera
from sim.cameras.serving import served

CONFIG = CameraConfig("top", "webcam", 160, 120, rate_hz=50.0)
REPOSITORY = Path(__file__).resolve().parents[3]
Capture = Callable[[CameraConfig], CapturedCamera]


@pytest.fixture
def server() -> Iterator[ServedCamera]:
    camera = ServedCamera("top", CONFIG.width, CONFIG.height, CONFIG.rate_hz)
    with served(camera):
        yield camera


@pytest.fixture
def capture() -> Iterator[Capture]:
    """Captures a webcam; ends the threads afterwards."""
    started: list[CapturedCamera] = []

    def start(config: CameraConfig) -> CapturedCamera:
        started.append(CapturedCamera(config, Webcam(config)))
        return started[-1]

    yield start
    for camera in started:
        camera.stop()
    for camera in started:
        camera.close()


def at(server: ServedCamera) -> CameraConfig:
    return replace(CONFIG, device=server.url)


def state(camera: CapturedCamera) -> CameraState:
    return health(camera).state


# ---- a camera that works ------------------------------------------------------------------------


def test_pictures_are_new_in_order_and_in_colour(server: ServedCamera) -> None:
    webcam = Webcam(at(server))
    about = webcam.open()
    assert (about.kind, about.path, about.clock) == ("webcam", server.url, "arrival")
    assert (about.width, about.height, about.not_set) == (160, 120, ())
    late = []
    for _ in range(50):
        before_ns = time.monotonic_ns()
        grab = webcam.read(1.0)
        assert grab is not None
        assert grab.image.shape == (120, 160, 3)
        assert grab.image.flags.c_contiguous
        assert before_ns <= grab.arrival_ns == grab.capture_ns <= time.monotonic_ns()
        shown = shown_number(grab.image)
        assert shown is not None
        late.append((server.number - shown) % LOOP)
    webcam.close()
    assert late.count(0) > 10  # they are what the server has sent last: FFMPEG keeps none back


def test_colours_are_red_green_blue(server: ServedCamera) -> None:
    """The pattern's red has one wave across, its green two, its blue four (BGR when drawn)."""
    webcam = Webcam(at(server))
    webcam.open()
    grab = webcam.read(1.0)
    webcam.close()
    assert grab is not None
    spectrum = np.abs(np.fft.rfft(grab.image[50:60].mean(axis=0), axis=0))
    waves = [int(spectrum[1:6, channel].argmax()) + 1 for channel in range(3)]
    assert waves == [4, 2, 1]


def test_each_image_is_its_own(server: ServedCamera) -> None:
    webcam = Webcam(at(server))
    webcam.open()
    first, second = webcam.read(1.0), webcam.read(1.0)
    webcam.close()
    assert first is not None
    assert second is not None
    kept = first.image.copy()
    second.image[:] = 0
    assert (first.image == kept).all()


def test_what_a_url_cannot_set_is_told(server: ServedCamera) -> None:
    webcam = Webcam(replace(at(server), exposure_us=10_000, focus=0))
    told = webcam.open().not_set
    webcam.close()
    assert told == (
        "exposure_us cannot be set by URL: set it at the camera.",
        "focus cannot be set by URL: set it at the camera.",
    )


# ---- faults, as the recorder sees them ----------------------------------------------------------


def test_seventeen_frames_a_second_instead_of_fifty(server: ServedCamera, capture: Capture) -> None:
    camera = capture(at(server))
    server.set_rate(17.0)
    wait_until(lambda: health(camera).rate_hz == pytest.approx(17.0, abs=1.0))
    wait_until(lambda: all(live_after_a_while(camera) for _ in range(25)))  # it does not flicker


def live_after_a_while(camera: CapturedCamera) -> bool:
    time.sleep(0.02)
    return state(camera) == CameraState.LIVE


def test_a_freeze_of_700_ms_is_seen_and_survived(server: ServedCamera, capture: Capture) -> None:
    camera = capture(at(server))
    wait_until(lambda: newest_number(camera) >= 25)

    def seen_while_frozen() -> bool:
        server.freeze(700)
        return state(camera) == CameraState.STALLED

    wait_until(seen_while_frozen)
    frozen = camera.newest_arrived_before(time.monotonic_ns())
    time.sleep(0.2)
    now_ns = time.monotonic_ns()
    same = camera.newest_arrived_before(now_ns)
    assert same is frozen
    assert same is not None
    assert now_ns - same.capture_ns > 200_000_000
    assert camera.health(now_ns).silent_ns == now_ns - same.arrival_ns
    wait_until(lambda: state(camera) == CameraState.LIVE)
    assert newest_number(camera) > same.number
    assert health(camera).reconnects == 0


def test_the_same_picture_again_has_new_numbers(server: ServedCamera, capture: Capture) -> None:
    """Only the pictures tell that it is frozen: that is for the quality checks."""
    camera = capture(at(server))
    wait_until(lambda: newest_number(camera) >= 5)
    server.repeat()
    wait_until(lambda: newest_number(camera) >= 30)
    now_ns = time.monotonic_ns()
    frames = [camera.newest_arrived_before(now_ns - lag_ns) for lag_ns in (0, 60_000_000)]
    numbers = [frame.number for frame in frames if frame]
    shown = [shown_number(frame.image) for frame in frames if frame]
    assert numbers[0] > numbers[1]
    assert shown[0] == shown[1] is not None


def test_a_server_that_dies_and_comes_back(
    server: ServedCamera, capture: Capture, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = capture(at(server))
    wait_until(lambda: newest_number(camera) >= 10)
    server.die()
    wait_until(lambda: state(camera) == CameraState.LOST)
    assert health(camera).fault.startswith(f"Camera top ({server.url}) ")
    last = newest_number(camera)
    wait_until(lambda: "does not answer with a video" in health(camera).fault)
    server.revive()
    wait_until(lambda: state(camera) == CameraState.LIVE)
    assert newest_number(camera) >= last + 2
    assert health(camera).reconnects == 1
    assert health(camera).fault == ""
    assert capfd.readouterr().err == ""  # OpenCV and FFMPEG have kept silent


def test_spoilt_pictures_do_not_stop_it(server: ServedCamera, capture: Capture) -> None:
    camera = capture(at(server))
    wait_until(lambda: newest_number(camera) >= 5)
    server.corrupt(30)
    wait_until(lambda: newest_number(camera) >= 60)
    assert state(camera) == CameraState.LIVE


def test_another_size_is_refused_with_what_to_do(server: ServedCamera, capture: Capture) -> None:
    camera = capture(replace(at(server), width=320, height=240))
    wait_until(lambda: state(camera) == CameraState.LOST)
    assert health(camera).fault == (
        f"Camera top ({server.url}) gives pictures of 160x120 and not 320x240: set width and "
        "height to a size that it has."
    )
    assert camera.newest_arrived_before(time.monotonic_ns()) is None


def test_whatever_a_server_does_the_camera_is_there_when_it_is_one_again(
    capture: Capture, capfd: pytest.CaptureFixture[str]
) -> None:
    with contextlib.ExitStack() as stack:
        hostile = [stack.enter_context(HostileServer(chunks)) for chunks in HOSTILE]
        cameras = [capture(replace(CONFIG, device=server.url)) for server in hostile]
        for camera in cameras:
            wait_until(lambda camera=camera: state(camera) == CameraState.LOST)
    good = [
        ServedCamera("top", CONFIG.width, CONFIG.height, port=server.port) for server in hostile
    ]
    with served(*good):
        for camera in cameras:
            wait_until(lambda camera=camera: state(camera) == CameraState.LIVE)
    assert capfd.readouterr().err == ""


def test_one_that_does_not_answer_keeps_no_other_from_being_opened(server: ServedCamera) -> None:
    with HostileServer(silence) as mute:
        unanswered = Webcam(replace(CONFIG, device=mute.url))

        def open_in_vain() -> None:
            with pytest.raises(CameraError):
                unanswered.open()

        opening = threading.Thread(target=open_in_vain)
        opening.start()
        time.sleep(0.3)
        other = Webcam(at(server))
        other.open()
        assert opening.is_alive()
        other.close()
        opening.join()


def test_a_process_ends_cleanly_beside_a_camera_that_does_not_answer() -> None:
    """A thread inside OpenCV when the interpreter ends would abort the process."""
    program = (
        "import sys\n"
        "from recorder.cameras.capture import CapturedCamera\n"
        "from recorder.cameras.webcam import Webcam\n"
        "from recorder.config import CameraConfig\n"
        "config = CameraConfig('top', 'webcam', device=sys.argv[1])\n"
        "CapturedCamera(config, Webcam(config)).close()\n"
    )
    with HostileServer(silence) as mute:
        command = [sys.executable, "-c", program, mute.url]
        done = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, check=False, timeout=60, text=True
        )
    assert (done.returncode, done.stderr) == (0, "")


# ---- pictures that have lain waiting ------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [17.0, 50.0, 60.0])
def test_after_a_pause_no_picture_is_older_than_it_says(
    server: ServedCamera, rate_hz: float
) -> None:
    """What a picture shows was sent `missed` frames ago, and frames are sent by a schedule."""
    server.backlog()
    server.set_rate(rate_hz)
    webcam = Webcam(at(server))
    webcam.open()
    grabs = [read_while_told(webcam, server) for _ in range(20)]
    time.sleep(1.0)
    grabs += [read_while_told(webcam, server) for _ in range(20)]
    webcam.close()
    hidden_s = [missed / rate_hz - stated_s for missed, stated_s in grabs]
    assert max(hidden_s) < 0.15
    assert grabs[-1][0] < 0.15 * rate_hz  # and it has caught up


def read_while_told(webcam: Webcam, server: ServedCamera) -> tuple[int, float]:
    """The frames sent since the next picture, and its stated age in s, at one time."""
    grab = webcam.read(1.0)
    while grab is None:
        grab = webcam.read(1.0)
    number, now_ns = server.number, time.monotonic_ns()
    shown = shown_number(grab.image)
    assert shown is not None
    return (number - shown) % LOOP, (now_ns - grab.capture_ns) / 1e9


@pytest.mark.parametrize("rate_hz", [17.0, 60.0, 200.0])
def test_none_is_thrown_away_of_a_camera_that_is_slower_or_faster_than_configured(
    server: ServedCamera, rate_hz: float
) -> None:
    server.backlog()
    server.set_rate(rate_hz)
    webcam = Webcam(at(server))
    webcam.open()
    shown = [shown_number(grab.image) for _ in range(100) if (grab := webcam.read(1.0))]
    webcam.close()
    known = [number for number in shown if number is not None]
    steps = [(after - before) % LOOP for before, after in itertools.pairwise(known)]
    assert steps.count(1) > 90


# ---- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("", "an index or a name may be another camera"),
        ("0", "an index or a name may be another camera"),
        ("/dev/v4l/by-id/usb-none-video-index0", "is not there: plug it in"),
        ("/etc/hostname", "is not there"),
        ("file:///etc/hostname", "URL of file: only http, https, rtsp are read"),
        ("http://127.0.0.1:9/none", "does not answer with a video"),
        ("http://127.0.0.1:99999999/none", "does not answer with a video"),
    ],
)
def test_what_is_no_webcam_is_refused_in_a_sentence(device: str, says: str) -> None:
    webcam = Webcam(replace(CONFIG, device=device))
    with pytest.raises(CameraError) as refused:
        webcam.open()
    assert says in str(refused.value)
    assert str(refused.value).startswith("Camera top ")
    with pytest.raises(CameraError, match="is not open"):
        webcam.read(0.1)
    webcam.close()


def test_a_device_that_is_no_camera_is_refused() -> None:
    with pytest.raises(CameraError, match=r"it is no camera, or another program has it"):
        Webcam(replace(CONFIG, device="/dev/null")).open()


def test_a_password_is_not_told() -> None:
    with pytest.raises(CameraError) as refused:
        Webcam(replace(CONFIG, device="rtsp://me:secret@127.0.0.1:9/a")).open()
    assert "secret" not in str(refused.value)
    assert "rtsp://127.0.0.1:9/a" in str(refused.value)


@pytest.mark.parametrize(
    ("device", "shown"),
    [
        ("http://10.0.0.7:8080/top.mjpg", "http://10.0.0.7:8080/top.mjpg"),
        ("http://10.0.0.7/v?user=admin&password=secret", "http://10.0.0.7/v?..."),
        ("http://10.0.0.7/v#secret", "http://10.0.0.7/v?..."),
        ("rtsp://me:sec/ret@10.0.0.7/v", "rtsp://10.0.0.7/v"),
        ("rtsp://me:sec@ret@10.0.0.7/v", "rtsp://10.0.0.7/v"),
        ("rtsp://me:sec?ret@10.0.0.7/v", "rtsp://..."),
        ("http://10.0.0.7/v?password=sec@ret", "http://..."),
        ("/dev/v4l/by-id/usb-a@b?c", "/dev/v4l/by-id/usb-a@b?c"),
    ],
)
def test_no_secret_is_shown_wherever_it_stands(device: str, shown: str) -> None:
    assert without_password(device) == shown


# ---- what is plugged in -------------------------------------------------------------------------


def made_up(root: Path, links: dict[str, str]) -> None:
    """Links, e.g. by-id/usb-... to video0."""
    for link, target in links.items():
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        (root / target).touch()
        (root / link).symlink_to(root / target)


def test_webcams_are_listed_once_each_by_their_best_name(tmp_path: Path) -> None:
    made_up(
        tmp_path,
        {
            "by-id/usb-Maker_Model_17-video-index0": "video0",
            "by-id/usb-Maker_Model_17-video-index1": "video1",
            "by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0": "video0",
            "by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index1": "video1",
            "by-path/pci-0000:00:14.0-usb-0:2:1.0-video-index0": "video2",
            "by-path/pci-0000:00:14.0-usbv2-0:2:1.0-video-index0": "video2",
            "by-id/usb-Intel_R__RealSense_TM__405-video-index0": "video4",
            "by-path/pci-0000:00:14.0-usb-0:3:1.0-video-index0": "video4",
        },
    )
    (tmp_path / "by-id" / "usb-Gone-video-index0").symlink_to(tmp_path / "video9")
    found = list_webcams(tmp_path)
    assert [(camera.kind, camera.identity, camera.name) for camera in found] == [
        ("webcam", f"{tmp_path}/by-id/usb-Maker_Model_17-video-index0", "Maker Model 17"),
        (
            "webcam",
            f"{tmp_path}/by-path/pci-0000:00:14.0-usb-0:2:1.0-video-index0",
            "pci-0000:00:14.0-usb-0:2:1.0",
        ),
    ]


def test_a_computer_without_webcams_has_none(tmp_path: Path) -> None:
    assert list_webcams(tmp_path / "nothing") == []
