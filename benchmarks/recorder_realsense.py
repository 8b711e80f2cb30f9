"""A software RealSense at 640x480 and 60 Hz through the library's real pipeline.

What the device pushes is compared with what the recorder's camera delivers, looked at every 4 ms:
frames, the numbers drawn into them, and the times of capture and arrival. Once colour alone, once
colour with depth, and once with depth while one colour picture in ten is left out, which gives
partial frame sets. What a software device does not show stands in `tests/helpers`.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recorder_options import Options
from benchmarks.teleop_loop import head, row
from recorder.cameras.camera import CameraHealth, CameraState, Frame
from recorder.cameras.capture import CapturedCamera
from recorder.cameras.realsense import RealSense
from recorder.config import CameraConfig
from tests.helpers.software_realsense import SoftwareRealSense, number_in

RATE_HZ: Final = 60
LOOK_S: Final = 0.004
WARM_UP_S: Final = 2.0
LONGEST_S: Final = 60
LEFT_OUT: Final = 10


@dataclass(frozen=True, slots=True)
class Received:
    """What came in the time that was measured.

    Attributes:
        frames: with a corner of the picture only, which tells the number that was pushed.
    """

    frames: Sequence[Frame]
    health: CameraHealth
    cpu: float


class Pusher(threading.Thread):
    """Pushes at the device's rate, by absolute times.

    Attributes:
        coloured: numbers of the frame sets that had colour.
    """

    def __init__(self, device: SoftwareRealSense, leave_out: bool) -> None:
        super().__init__(name="pusher")
        self.coloured: set[int] = set()
        self.stop = threading.Event()
        self._device = device
        self._leave_out = leave_out

    def run(self) -> None:
        """Until it is stopped."""
        number, began_s = 0, time.monotonic()
        while not self.stop.wait(max(0.0, began_s + number / RATE_HZ - time.monotonic())):
            number += 1
            self._device.colour = not self._leave_out or number % LEFT_OUT != 0
            if self._device.colour:
                self.coloured.add(number)
            self._device.push(number)


def realsense(folder: Path, options: Options) -> None:
    """All three, and the table."""
    seconds = min(options.seconds, LONGEST_S)
    head("stream", "sets pushed", "with colour", "delivered", "twice", "not delivered",
         "numbered wrongly", "capture told - true ms: median", "furthest",
         "arrival - push ms: median", "p99", "max", "state, rate Hz",
         "CPU of a core, device included")  # fmt: skip
    for name, depth, leave_out in (
        ("colour", False, False),
        ("colour and depth", True, False),
        (f"with depth, 1 colour in {LEFT_OUT} left out", True, True),
    ):
        with SoftwareRealSense(depth=depth, rates_hz=(RATE_HZ,)) as device:
            pusher = Pusher(device, leave_out)
            _report(name, device, pusher, _receive(device, pusher, seconds))
    print()


def _receive(device: SoftwareRealSense, pusher: Pusher, seconds: float) -> Received:
    config = CameraConfig("cam_high", "realsense", rate_hz=float(RATE_HZ), serial=device.serial)
    camera = CapturedCamera(config, RealSense(config, device.context))
    pusher.start()
    try:
        _collect(camera, WARM_UP_S)
        cpu_s, began_s = time.process_time(), time.monotonic()
        frames = _collect(camera, seconds)
        cpu = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
        health = camera.health(time.monotonic_ns())
    finally:
        pusher.stop.set()
        pusher.join()
        camera.close()
    return Received(frames, health, cpu)


def _collect(camera: CapturedCamera, seconds: float) -> list[Frame]:
    """Every frame that was the newest at a look."""
    frames: list[Frame] = []
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        frame = camera.newest_arrived_before(time.monotonic_ns())
        if frame is not None and (not frames or frame.arrival_ns != frames[-1].arrival_ns):
            frames.append(replace(frame, image=frame.image[:1, :1].copy()))
        time.sleep(LOOK_S)
    return frames


def _report(name: str, device: SoftwareRealSense, pusher: Pusher, received: Received) -> None:
    frames, health = received.frames, received.health
    if not frames:
        row(name, len(device.pushed), len(pusher.coloured), "none")
        return
    drawn = [number_in(frame.image) for frame in frames]  # below 65536 here
    expected = {number for number in pusher.coloured if drawn[0] <= number <= drawn[-1]}
    # The camera counts on where the device begins anew, so only distances can be compared.
    ahead = np.array([frame.number for frame in frames]) - drawn
    pushed = {frame.number: frame for frame in device.pushed}
    pairs = [(frame, pushed[number]) for frame, number in zip(frames, drawn, strict=True)]
    capture_ms = np.array([(frame.capture_ns - of.capture_ns) / 1e6 for frame, of in pairs])
    arrival_ms = np.array([(frame.arrival_ns - of.pushed_ns) / 1e6 for frame, of in pairs])
    row(name, drawn[-1] - drawn[0] + 1, len(expected), len(set(drawn)),
        len(drawn) - len(set(drawn)), len(expected - set(drawn)),
        int((ahead != np.median(ahead)).sum()), f"{np.median(capture_ms):+.2f}",
        f"{capture_ms[np.abs(capture_ms).argmax()]:+.2f}", f"{np.median(arrival_ms):.2f}",
        f"{np.percentile(arrival_ms, 99):.2f}", f"{arrival_ms.max():.2f}",
        f"{CameraState(health.state).name.lower()}, {health.rate_hz:.1f}",
        f"{received.cpu:.1%}")  # fmt: skip
