"""A RealSense without hardware: the library's own software device, seen through its real pipeline.

The product finds it, starts it and reads it as it does a real one; only the context is handed in.

Not simulated: USB, what a camera makes of its options, and that the library notices an unplugged
device by itself: after `unplug` no frame comes any more, and who looks for it (once the stream is
closed) does not find it. Frames must not be pushed while another thread closes the stream; the
library's software device is not made for that, so `stop` comes before the product's `close`.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recorder.cameras.realsense_sdk import sdk

KEPT: Final = 10_000
DEVICE_CLOCK_LEAD_MS: Final = 3_600_000.0
"""The device's own clock against the host's monotonic one."""

Range = tuple[float, float, float, float]
"""Smallest, largest, step, default."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A frame as it was pushed.

    Attributes:
        capture_ns, pushed_ns: CLOCK_MONOTONIC.
        device_us: the device's own clock when it was pushed.
        timestamp_ms: as the library was given it, in the clock of the domain.
    """

    number: int
    capture_ns: int
    pushed_ns: int
    device_us: int
    timestamp_ms: float


class SoftwareRealSense:
    """One camera, plugged in; its frames come from a thread after `start`, or from `push`.

    Args:
        context: to be plugged into, beside others; None: one of its own.
        depth: it has a depth stream too, in the same sensor, as a D405 has.
        domain: of its timestamps, an entry of rs.timestamp_domain.
        age_ms: how old the scene is when a frame is pushed.
        exposure_ms: told in the metadata, with the middle of the exposure; None: no metadata.
        options: entries of rs.option that can be set, with their ranges.
        fixed: entries of rs.option that cannot be set, with their values.
        infos: entries of rs.camera_info.
    """

    def __init__(
        self,
        serial: str = "000000000001",
        context: Any = None,
        *,
        width: int = 640,
        height: int = 480,
        rates_hz: tuple[int, ...] = (60,),
        depth: bool = False,
        domain: str = "global_time",
        age_ms: float = 8.0,
        exposure_ms: float | None = None,
        options: Mapping[str, Range] | None = None,
        fixed: Mapping[str, float] | None = None,
        infos: Mapping[str, str] | None = None,
    ) -> None:
        self.context = sdk().context() if context is None else context
        self.serial = serial
        self.pushed: deque[Pushed] = deque(maxlen=KEPT)
        self.colour = True
        """Off: only depth is pushed, as partial frame sets."""
        self.domain = domain
        self.age_ms = age_ms
        self.exposure_ms = exposure_ms
        self._infos = {"name": "Software RealSense", "firmware_version": "5.17.0.10"} | {
            **(infos or {}),
            "serial_number": serial,
        }
        self._size, self._rates_hz, self._depth = (width, height), rates_hz, depth
        self._options, self._fixed = dict(options or {}), dict(fixed or {})
        self._image = _picture(width, height)
        self._distances = np.full((height, width), 500, np.uint16)
        self._next = 1
        self._pusher: threading.Thread | None = None
        self._running = threading.Event()
        self._plugged: list[Any] = []
        self.plug()

    def plug(self) -> None:
        """Plug it in: a new device with the same serial."""
        rs = sdk()
        self.device = rs.software_device()
        for what, value in self._infos.items():
            key = getattr(rs.camera_info, what)
            change = self.device.update_info if self.device.supports(key) else None
            (change or self.device.register_info)(key, value)
        self.sensor = self.device.add_sensor("Stereo Module" if self._depth else "RGB Camera")
        self._profiles = {
            "color": [self._stream("color", rate_hz) for rate_hz in self._rates_hz],
            "depth": [self._stream("depth", rate_hz) for rate_hz in self._rates_hz * self._depth],
        }
        for what, (low, high, step, usual) in self._options.items():
            limits = rs.option_range()
            limits.min, limits.max, limits.step, limits.default = low, high, step, usual
            self.sensor.add_option(getattr(rs.option, what), limits)
        for what, fixed in self._fixed.items():
            self.sensor.add_read_only_option(getattr(rs.option, what), fixed)
        plugged = self._plugged
        self.context.set_devices_changed_callback(lambda event: plugged.append(_new(event)))
        self.device.add_to(self.context)

    def unplug(self) -> None:
        """Stop, and be found no more."""
        self.stop()
        self._plugged.clear()
        del self.device, self.sensor, self._profiles

    def break_down(self) -> None:
        """Stop, and still be found, but give no answer to anything."""
        self.stop()
        del self.device, self.sensor, self._profiles

    def start(self) -> None:
        """Push frames at its (first) rate from a thread."""
        self._running.set()
        self._pusher = threading.Thread(target=self._push_on, name="software realsense")
        self._pusher.start()

    def stop(self) -> None:
        """No more frames until `start`."""
        self._running.clear()
        if self._pusher is not None:
            self._pusher.join()
            self._pusher = None

    def push(self, number: int | None = None) -> Pushed:
        """Push one frame (with depth, where it has that), now."""
        self._next = self._next if number is None else number
        self._push(frame := self._stamped(self._next))
        self.pushed.append(frame)
        self._next += 1
        return frame

    def push_again(self) -> Pushed:
        """Push the last frame once more, with the same number and stamps."""
        self._push(self.pushed[-1])
        return self.pushed[-1]

    def set_metadata(self, **values: int) -> None:
        """Entries of rs.frame_metadata_value, for all frames from now on."""
        for what, value in values.items():
            self.sensor.set_metadata(getattr(sdk().frame_metadata_value, what), value)

    def __enter__(self) -> "SoftwareRealSense":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _push_on(self) -> None:
        """At absolute times, so that the rate is kept; a time that has passed is left out."""
        period_s = 1.0 / self._rates_hz[0]
        due_s = time.monotonic()
        while self._running.is_set():
            self.push()
            due_s = max(due_s + period_s, time.monotonic())
            time.sleep(max(due_s - time.monotonic(), 0.0))

    def _stamped(self, number: int) -> Pushed:
        """The timestamp is as its domain has it: with metadata, half the exposure late."""
        pushed_ns = time.monotonic_ns()
        capture_ns = pushed_ns - round(self.age_ms * 1e6)
        device_us = round(pushed_ns * 1e-3 + DEVICE_CLOCK_LEAD_MS * 1e3)
        wall_ms = (capture_ns + time.time_ns() - time.monotonic_ns()) * 1e-6
        late_ms = (self.exposure_ms or 0.0) / 2
        hardware = self.domain == "hardware_clock"
        timestamp_ms = device_us * 1e-3 if hardware else wall_ms + late_ms
        return Pushed(number, capture_ns, pushed_ns, device_us, timestamp_ms)

    def _push(self, frame: Pushed) -> None:
        if self.exposure_ms is not None:
            self.set_metadata(
                frame_timestamp=frame.device_us,
                sensor_timestamp=frame.device_us - round(self.exposure_ms * 500),
            )
        if self.colour:
            self._image[:8, :8] = (frame.number & 255, frame.number >> 8 & 255, 0)
            self._send("color", self._image, frame)
        if self._depth:
            self._send("depth", self._distances, frame)

    def _send(self, stream: str, pixels: npt.NDArray[Any], stamps: Pushed) -> None:
        rs = sdk()
        frame = rs.software_video_frame()
        frame.pixels = pixels
        frame.stride, frame.bpp = pixels.strides[0], pixels.strides[1]
        frame.profile = self._profiles[stream][0].as_video_stream_profile()
        frame.frame_number = stamps.number
        frame.domain = getattr(rs.timestamp_domain, self.domain)
        frame.timestamp = stamps.timestamp_ms
        self.sensor.on_video_frame(frame)

    def _stream(self, kind: str, rate_hz: int) -> Any:
        rs = sdk()
        stream = rs.video_stream()
        stream.type = getattr(rs.stream, kind)
        stream.fmt = rs.format.rgb8 if kind == "color" else rs.format.z16
        stream.bpp = 3 if kind == "color" else 2
        stream.uid = 2 * rate_hz + (kind == "depth")
        stream.width, stream.height = self._size
        stream.fps = rate_hz
        return self.sensor.add_video_stream(stream)


def number_in(image: npt.NDArray[np.uint8]) -> int:
    """The number (modulo 65536) that a picture tells."""
    return int(image[0, 0, 0]) + 256 * int(image[0, 0, 1])


def _picture(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Red on the left, green in the middle, blue on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    for channel, third in enumerate(np.array_split(np.arange(width), 3)):
        image[:, third, channel] = 200
    return image


def _new(event: Any) -> Any:
    """Keeps a device known to its context for as long as this is kept."""
    return event.get_new_devices()
