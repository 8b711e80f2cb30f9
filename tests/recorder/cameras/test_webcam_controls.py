"""What a webcam is set to, and what is said of what it did not take.

`Device` answers as OpenCV does for a V4L2 device, by its cap_v4l.cpp: it stands for hardware that
this has not been tried on.
"""

from dataclasses import replace

import cv2

from recorder.cameras.webcam_controls import MJPG, ControlSetter, set_controls, set_format
from recorder.config import CameraConfig

CONFIG = CameraConfig("top", "webcam", device="/dev/video0")
CONTROLS = {
    cv2.CAP_PROP_AUTO_EXPOSURE: (0, 3, 3),
    cv2.CAP_PROP_EXPOSURE: (3, 2047, 250),
    cv2.CAP_PROP_GAIN: (0, 255, 0),
    cv2.CAP_PROP_AUTO_WB: (0, 1, 1),
    cv2.CAP_PROP_WB_TEMPERATURE: (2000, 6500, 4000),
    cv2.CAP_PROP_AUTOFOCUS: (0, 1, 1),
    cv2.CAP_PROP_FOCUS: (0, 250, 30),
}
"""Lowest, highest and first value of a common webcam's."""


class Device:
    """Limits what it is set to; controls that it has not read as -1."""

    def __init__(
        self, *lacking: int, formats: tuple[int, ...] = (MJPG,), fps: float = 50.0
    ) -> None:
        self.limits = {key: limit for key, limit in CONTROLS.items() if key not in lacking}
        self.values = {key: float(limit[2]) for key, limit in self.limits.items()}
        self.values |= {cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"YUYV"), cv2.CAP_PROP_FPS: fps}
        self.formats = formats

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        if propId == cv2.CAP_PROP_FOURCC and value in self.formats:
            self.values[propId] = value
        if propId not in self.limits:
            return False
        low, high, _ = self.limits[propId]
        self.values[propId] = min(max(value, low), high)
        return True

    def get(self, propId: int) -> float:  # noqa: N803
        return self.values.get(propId, -1.0)


def controlled(device: Device, **settings: int) -> ControlSetter:
    setter = ControlSetter(device)
    set_controls(setter, replace(CONFIG, **settings))
    return setter


def test_what_is_configured_is_fixed_in_the_devices_units() -> None:
    device = Device()
    setter = controlled(device, exposure_us=15_600, gain=12, white_balance_k=4600, focus=0)
    assert device.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1  # V4L2_EXPOSURE_MANUAL
    assert device.values[cv2.CAP_PROP_EXPOSURE] == 156
    assert setter.options == {
        "auto_exposure": "1",
        "exposure_us": "15600",
        "gain": "12",
        "auto_white_balance": "0",
        "white_balance_k": "4600",
        "autofocus": "0",
        "focus": "0",
    }
    assert setter.not_set == []


def test_what_is_left_to_the_device_is_automatic_but_for_focus() -> None:
    device = Device()
    device.values |= {cv2.CAP_PROP_AUTO_EXPOSURE: 1.0, cv2.CAP_PROP_AUTO_WB: 0.0}
    setter = controlled(device)
    assert setter.options == {"auto_exposure": "3", "auto_white_balance": "1", "autofocus": "0"}
    assert setter.not_set == []


def test_what_the_device_limits_is_told_in_the_units_of_the_rig_file() -> None:
    setter = controlled(Device(), exposure_us=500_000)
    assert setter.options["exposure_us"] == "204700"
    assert setter.not_set == [
        "exposure_us is 204700 and not 500000: "
        "`v4l2-ctl --list-ctrls` tells what the camera allows."
    ]


def test_what_the_device_lacks_is_told_if_it_was_asked_for() -> None:
    lacking = (cv2.CAP_PROP_FOCUS, cv2.CAP_PROP_AUTOFOCUS, cv2.CAP_PROP_GAIN)
    assert controlled(Device(*lacking)).not_set == []
    assert controlled(Device(*lacking), focus=0, gain=3).not_set == [
        "gain cannot be set: the camera has no such control.",
        "focus cannot be set: the camera has no such control.",
    ]


def test_format_and_rate_are_told() -> None:
    assert set_format(Device(), CONFIG).options == {"format": "MJPG"}
    assert set_format(Device(), CONFIG).not_set == []
    setter = set_format(Device(formats=(), fps=30.0), CONFIG)
    assert setter.options == {"format": "YUYV"}
    assert setter.not_set == [
        "The camera sends YUYV and not MJPG: several such on one USB bus may be too much for it.",
        "rate_hz is 30 and not 50.",
    ]
