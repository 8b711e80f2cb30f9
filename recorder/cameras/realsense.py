"""The colour stream of a RealSense, of the D400 and D500 families.

Frames go through an `rs.pipeline` into an `rs.frame_queue` of a few places; a reader who is later
than that loses the oldest. The queue is read and not `pipeline.wait_for_frames`, which has one
place, would wait for a lost device for up to 15 s and start it anew by itself, without its options.
Waiting releases the interpreter's lock; starting a device holds it, for some tenths of a second.

Not verified on a device is what a software device cannot show: real options, USB, unplugging.
"""

import contextlib
import math
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from recorder.cameras.camera import UNKNOWN, CameraAbout, CaptureClock
from recorder.cameras.found import FoundCamera
from recorder.cameras.realsense_devices import colour_sensor, find, found_camera, slow_usb
from recorder.cameras.realsense_frames import domain_of, grab
from recorder.cameras.realsense_options import (
    OptionSetter,
    exposure_unit_us,
    set_options,
    tells_exposure,
)
from recorder.cameras.realsense_sdk import (
    Context,
    Device,
    StreamFrame,
    devices_of,
    info,
    sdk,
    shared_context,
)
from recorder.cameras.realsense_stamps import Domain, clock_of
from recorder.cameras.source import Grab
from recorder.config import CameraConfig
from recorder.errors import CameraError

QUEUE_FRAMES: Final = 4
"""A pause of the interpreter of so many periods costs no frame. The library lends 16."""
FIRST_FRAME_S: Final = 2.0
"""So long `open` waits for the first picture, to see its stamps; one second is usual."""
ASK_EVERY_S: Final = 1.0
"""While no frame comes: how often to look whether the device is still plugged in."""
TAKEN: Final = ("busy", "is streaming", "already opened")
"""Of the SDK's errors on starting a camera that is in use: by another process, and by this one."""
GLOBAL_TIME: Final = "global_time_enabled"
NO_CLOCK: Final = (
    "Its clock cannot be compared with this computer's: its images are stamped when they arrive."
)
NO_PICTURE: Final = (
    f"It gave no picture in its first {FIRST_FRAME_S:g} s, so nothing is known of its clock."
)

_opening = threading.Lock()
"""Opening asks what is plugged in; two such at once get into each other's way."""
_open_here: dict[str, Device] = {}
"""What this process has open, by serial. Written under `_opening`."""


def list_realsense(context: Context | None = None) -> list[FoundCamera]:
    """Every RealSense that is plugged in; blocks for some tenths of a second for each.

    Raises:
        CameraError: the library does not load, or USB cannot be searched.
    """
    try:
        with _opening:
            host = shared_context() if context is None else context
            return [found_camera(device) for device in devices_of(host)]
    except RuntimeError as error:
        raise CameraError(f"The RealSense library cannot search USB ({error}).") from error


@dataclass(slots=True)
class _Stream:
    """A running stream.

    Attributes:
        exposure_unit_us: of the exposure in the frames' metadata; 0 if that tells nothing true.
        last: number and timestamp of the newest frame that was read.
        asked_s: monotonic time of the last look for the device.
    """

    context: Context
    device: Device
    serial: str
    pipeline: Any
    queue: Any
    exposure_unit_us: int = 0
    last: tuple[int, float] = (UNKNOWN, 0.0)
    asked_s: float = 0.0

    def is_new(self, frame: StreamFrame) -> bool:
        """Whether it is another than the newest so far, which it is from now on."""
        stamp = (frame.get_frame_number(), frame.get_timestamp())
        was, self.last = self.last, stamp
        return stamp != was


class RealSense:
    """One RealSense as a `Source`: see there for what blocks and what is raised.

    Args:
        context: where to look for it; None: the host's USB.
    """

    def __init__(self, config: CameraConfig, context: Context | None = None) -> None:
        self._config = config
        self._context = context
        self._stream: _Stream | None = None

    def open(self) -> CameraAbout:
        """See `Source`. The first picture is looked at and not delivered."""
        self.close()
        try:
            with _opening:
                stream, setter = self._start()
            first = _next_colour(stream, FIRST_FRAME_S)
            return self._about(stream, setter, domain_of(first) if first else None)
        except RuntimeError as error:
            self.close()
            raise self._fault(_why_not_started(str(error))) from error
        except CameraError:
            self.close()
            raise

    def read(self, timeout_s: float) -> Grab | None:
        """See `Source`. Frame sets without colour, and one that comes again, are passed over.

        Raises:
            CameraError: the device is gone.
        """
        stream = self._stream
        if stream is None:
            raise self._fault("is not open: open it first")
        try:
            frame = _next_colour(stream, timeout_s)
            if frame is None:
                self._check_there(stream)
                return None
            return grab(frame, stream.exposure_unit_us)
        except RuntimeError as error:
            raise self._fault(f"cannot be read any more ({error}): check its cable") from error

    def close(self) -> None:
        """See `Source`."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with contextlib.suppress(RuntimeError):
            stream.pipeline.stop()
        with _opening:
            _open_here.pop(stream.serial, None)

    def _start(self) -> tuple[_Stream, OptionSetter]:
        """Find the device, start its stream, set its options."""
        rs, config = sdk(), self._config
        context = shared_context() if self._context is None else self._context
        device = find(context, config, _open_here)
        sensor = colour_sensor(device, config)
        serial = info(device, "serial_number")
        pipeline, queue, wanted = rs.pipeline(context), rs.frame_queue(QUEUE_FRAMES), rs.config()
        pipeline.set_device(device)  # else it asks them all anew, and waits for one that has gone
        wanted.enable_device(serial)
        wanted.enable_stream(
            rs.stream.color, config.width, config.height, rs.format.rgb8, round(config.rate_hz)
        )
        pipeline.start(wanted, queue)
        stream = self._stream = _Stream(context, device, serial, pipeline, queue)
        _open_here[serial] = device
        setter = set_options(sensor, config)
        if tells_exposure(sensor, config):
            stream.exposure_unit_us = exposure_unit_us(sensor)
        return stream, setter

    def _about(self, stream: _Stream, setter: OptionSetter, domain: Domain | None) -> CameraAbout:
        """What it is and what became of the configuration."""
        device, config = stream.device, self._config
        clock, note = _clock(domain, setter)
        notes = filter(None, (slow_usb(device).strip(), note))
        return CameraAbout(
            kind="realsense",
            device=info(device, "name"),
            serial=stream.serial,
            firmware=info(device, "firmware_version"),
            path=info(device, "physical_port"),
            clock=clock,
            width=config.width,
            height=config.height,
            rate_hz=config.rate_hz,
            options=setter.options,
            not_set=(*setter.not_set, *notes),
        )

    def _check_there(self, stream: _Stream) -> None:
        """Raises if no frame came because there is no device."""
        gone = not stream.device.is_connected()
        now_s = time.monotonic()
        if not gone and now_s - stream.asked_s > ASK_EVERY_S:
            stream.asked_s = now_s
            gone = not stream.context.query_devices().contains(stream.device)
        if gone:
            raise self._fault("is not plugged in any more: check its cable and port")

    def _fault(self, what: str) -> CameraError:
        serial = self._stream.serial if self._stream else self._config.serial
        return CameraError(f"Camera {self._config.name}: RealSense {serial} {what}.")


def _clock(domain: Domain | None, setter: OptionSetter) -> tuple[CaptureClock, str]:
    """Where captures come from, and what to say of that; of the first frame, if there was one."""
    if domain is None:
        return "arrival", NO_PICTURE
    if domain is Domain.HARDWARE and setter.options.get(GLOBAL_TIME) == "1":
        return "device", ""  # the library has yet to compare the clocks, which takes a moment
    return clock_of(domain), "" if domain is Domain.GLOBAL else NO_CLOCK


def _why_not_started(reason: str) -> str:
    """The end of a sentence on an error of the SDK's."""
    if any(words in reason for words in TAKEN):
        return f"is in use by another program or camera ({reason}): end that, or correct its serial"
    return f"cannot be started ({reason}): unplug it and plug it in again"


def _next_colour(stream: _Stream, timeout_s: float) -> StreamFrame | None:
    """The next colour frame that was not there before; None if there is none in that time."""
    until_s = time.monotonic() + timeout_s
    while True:
        left_ms = max(math.ceil((until_s - time.monotonic()) * 1000), 0)
        arrived, frame = stream.queue.try_wait_for_frame(left_ms)
        colour = frame.as_frameset().get_color_frame() if arrived and frame.is_frameset() else None
        if colour and stream.is_new(colour):
            return colour
        if time.monotonic() >= until_s:
            return None
