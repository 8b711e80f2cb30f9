"""A webcam by OpenCV: a V4L2 device on USB, or a URL (http, rtsp) by FFMPEG.

A device is named by its link under /dev/v4l/by-id, which names one camera whatever it is plugged
into; of two without a serial number, by its link under by-path, which names the socket. /dev/video0
is taken too, but is another camera after the next start or the next plugging in, and a bare index
is refused.

Verified is the path by URL with MJPEG over HTTP on this computer: frames come without a frame of
delay, and a server that is silent for READ_MS ends the stream, which FFMPEG cannot go on with. A
URL tells no time of capture: it is the arrival for a picture that had to be waited for, and what
`live_edge` makes of the cadence for one that had lain waiting; old ones are thrown away, for
CATCH_UP_S a read. A damaged JPEG is completed by FFMPEG from an earlier picture, unseen.
Not verified: rtsp, https.

**Not verified, for want of a device, is the path by V4L2**; it is written after OpenCV's
cap_v4l.cpp. There, CAP_PROP_POS_MSEC is the buffer's stamp, which the kernel's uvcvideo takes from
CLOCK_MONOTONIC at the start of the picture: it is believed if the first picture's can be true.
OpenCV's four buffers stay: one would be refilled only after decoding, at half the rate
(LibreScanner/horus#60), and as our thread always reads, more of them hold nothing up.

OpenCV and FFMPEG speak on standard error by themselves. Both are told not to, by settings that are
made when this module is loaded, before any thread reads them; OPENCV_LOG_LEVEL and
OPENCV_FFMPEG_LOGLEVEL in the environment bring it back. What libjpeg says of a damaged picture of a
V4L2 camera cannot be silenced.
"""

import os
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from recorder.cameras.camera import UNKNOWN, CameraAbout, CaptureClock, Image
from recorder.cameras.found import FoundCamera
from recorder.cameras.history import OLDEST_NS
from recorder.cameras.live_edge import LiveEdge, awake_ns
from recorder.cameras.source import Grab
from recorder.cameras.webcam_address import check_address, fault, is_url, without_password
from recorder.cameras.webcam_controls import ControlSetter, set_controls, set_format
from recorder.config import CameraConfig
from recorder.errors import CameraError

OPEN_MS: Final = 3000
READ_MS: Final = 1500
"""Of a URL. Longer than what a stall may last unpunished; a slow camera gets SLOW_PERIODS more."""
CATCH_UP_S: Final = 0.2
"""Longest that a read throws old pictures of a URL away; it then gives one that says it is old."""
SLOW_PERIODS: Final = 3
V4L2_SELECT_S: Final = 2
"""Longest wait of OpenCV for a V4L2 frame: 10 s by itself."""
V4L: Final = Path("/dev/v4l")
SYSFS: Final = Path("/sys/class/video4linux")
PICTURES: Final = "-video-index0"
"""How links end that lead to the device of a webcam's pictures; others are of its metadata."""
_QUIET: Final = "-8"
"""AV_LOG_QUIET"""

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _QUIET)
os.environ.setdefault("OPENCV_FFMPEG_IS_THREAD_SAFE", "1")
"""It is since version 4; without this, a camera that does not answer keeps others from being opened
for OPEN_MS, again and again."""
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(V4L2_SELECT_S))
if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class Webcam:
    """A `Source`: see there. `read` returns when there is a picture, after CATCH_UP_S more where
    old ones had lain waiting, or raises after READ_MS or V4L2_SELECT_S, whatever its `timeout_s`;
    `open` takes OPEN_MS at most and the time that a device needs for its first picture, which is
    not delivered."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._capture: cv2.VideoCapture | None = None
        self._clock: CaptureClock = "arrival"
        self._edge = LiveEdge(config.period_ns, 0)

    def open(self) -> CameraAbout:
        """See `Source`."""
        self.close()
        check_address(self._config)
        try:
            return self._open_url() if is_url(self._config.device) else self._open_device()
        except CameraError:
            self.close()
            raise
        except cv2.error as error:
            self.close()
            raise self._fault(f"cannot be opened: OpenCV says {error.err!r}") from error

    def read(self, timeout_s: float) -> Grab | None:
        """See `Source`; None for a picture that cannot be decoded, or is more than a second old."""
        del timeout_s  # neither FFMPEG nor V4L2 lets it be changed on an open stream
        try:
            if is_url(self._config.device):
                return self._read_url(self._opened())
            return self._read_device(self._opened())
        except cv2.error as error:
            raise self._fault(f"cannot be read: OpenCV says {error.err!r}") from error

    def close(self) -> None:
        """See `Source`."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    # ---- opening ------------------------------------------------------------------------------

    def _open_url(self) -> CameraAbout:
        slow_ms = round(SLOW_PERIODS * 1000 / self._config.rate_hz)
        options = {
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: max(OPEN_MS, slow_ms),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: max(READ_MS, slow_ms),
            cv2.CAP_PROP_N_THREADS: 1,  # H.264 on several is late by a frame for each of them
        }
        flat = [number for option in options.items() for number in option]
        self._capture = cv2.VideoCapture(self._config.device, cv2.CAP_FFMPEG, flat)
        if not self._capture.isOpened():
            raise self._fault("does not answer with a video: look whether it is on and reachable")
        self._next_image(self._capture)
        self._edge = LiveEdge(self._config.period_ns, time.monotonic_ns())
        self._clock = "arrival"
        return self._about(ControlSetter(self._capture, not_set=_not_by_url(self._config)))

    def _open_device(self) -> CameraAbout:
        self._capture = cv2.VideoCapture(self._config.device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise self._fault("cannot be opened: it is no camera, or another program has it")
        setter = set_format(self._capture, self._config)
        self._next_image(self._capture)
        set_controls(setter, self._config)
        self._next_image(self._capture)
        now_ns = time.monotonic_ns()
        credible = now_ns - OLDEST_NS <= self._stamp_ns() <= now_ns
        self._clock = "driver" if credible else "arrival"
        return self._about(setter)

    def _about(self, setter: ControlSetter) -> CameraAbout:
        config = self._config
        by_url = is_url(config.device)
        return CameraAbout(
            kind="webcam",
            device="" if by_url else name_of(Path(config.device)),
            path=without_password(config.device),
            clock=self._clock,
            width=config.width,
            height=config.height,
            rate_hz=0.0 if by_url else self._opened().get(cv2.CAP_PROP_FPS),  # FFMPEG makes it up
            options=setter.options,
            not_set=tuple(setter.not_set),
        )

    # ---- reading ------------------------------------------------------------------------------

    def _read_device(self, capture: cv2.VideoCapture) -> Grab | None:
        image = self._next_image(capture)
        if image is None:
            return None
        arrival_ns = time.monotonic_ns()
        capture_ns = self._stamp_ns() if self._clock == "driver" else arrival_ns
        return Grab(image, UNKNOWN, capture_ns, arrival_ns)

    def _read_url(self, capture: cv2.VideoCapture) -> Grab | None:
        """The newest picture, or one that says how old it is; None if that is more than `History`
        believes: it is as good as none, and a stream that stays so old is opened anew."""
        arrival_ns = begun_ns = self._follow(capture)  # which may have lasted: it waits
        while self._edge.behind and arrival_ns - begun_ns < CATCH_UP_S * 1e9:
            arrival_ns = self._follow(capture)
        late_ns = self._edge.late_ns
        image = self._image(capture)
        if image is None or late_ns > OLDEST_NS:
            return None
        arrival_ns = time.monotonic_ns()
        return Grab(image, UNKNOWN, arrival_ns - late_ns, arrival_ns)

    def _follow(self, capture: cv2.VideoCapture) -> int:
        """Take the next picture from the stream, and note whether it had to be waited for.

        Returns:
            When that was, CLOCK_MONOTONIC.
        """
        begun_ns, awake_before_ns = time.monotonic_ns(), awake_ns()
        self._grab(capture)
        arrival_ns = time.monotonic_ns()
        slept_ns = arrival_ns - begun_ns - (awake_ns() - awake_before_ns)
        self._edge.arrived(arrival_ns, slept_ns)
        return arrival_ns

    def _next_image(self, capture: cv2.VideoCapture) -> Image | None:
        """Wait for the next picture; as `_image`."""
        self._grab(capture)
        return self._image(capture)

    def _grab(self, capture: cv2.VideoCapture) -> None:
        if not capture.grab():
            raise self._fault("gives no pictures any more: look at its cable and its power")

    def _image(self, capture: cv2.VideoCapture) -> Image | None:
        """The picture as RGB; None if it is damaged so much that there is none."""
        whole, bgr = capture.retrieve()
        if not whole:
            return None
        wanted = (self._config.height, self._config.width, 3)
        if bgr.shape != wanted:
            raise self._fault(
                f"gives pictures of {bgr.shape[1]}x{bgr.shape[0]} and not {wanted[1]}x{wanted[0]}: "
                "set width and height to a size that it has"
            )
        image: Image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        return image

    def _stamp_ns(self) -> int:
        """V4L2's of the last picture."""
        return round(self._opened().get(cv2.CAP_PROP_POS_MSEC) * 1e6)

    def _opened(self) -> cv2.VideoCapture:
        if self._capture is None:
            raise self._fault("is not open: open it first")
        return self._capture

    def _fault(self, what: str) -> CameraError:
        return fault(self._config, what)


def list_webcams(root: Path = V4L) -> list[FoundCamera]:
    """The webcams that are plugged in, once each; none is opened, so that none is disturbed.

    A webcam is several devices, the first of which gives the pictures. It is named by its link
    under by-id, or by-path where it has none there (as of twins without a serial number, of which
    one has it). RealSenses are passed over: they are a kind of their own.
    """
    links: dict[Path, Path] = {}
    for folder in ("by-id", "by-path"):
        for link in sorted((root / folder).glob(f"*{PICTURES}")):
            if link.exists():
                links.setdefault(link.resolve(), link)
    found = [FoundCamera("webcam", str(link), name_of(link)) for link in links.values()]
    return [camera for camera in found if "RealSense" not in camera.name]


def name_of(link: Path) -> str:
    """What the device calls itself, as the kernel knows it; else what its link says."""
    try:
        return (SYSFS / link.resolve().name / "name").read_text().strip()
    except OSError:
        return link.name.removeprefix("usb-").removesuffix(PICTURES).replace("_", " ")


def _not_by_url(config: CameraConfig) -> list[str]:
    """What was asked for and has to be set at the camera itself."""
    asked = ("exposure_us", "gain", "white_balance_k", "focus")
    return [
        f"{name} cannot be set by URL: set it at the camera."
        for name in asked
        if getattr(config, name) is not None
    ]
