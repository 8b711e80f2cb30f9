"""Sets a V4L2 webcam's controls as configured, reads them back, and tells what came of it.

Values are V4L2's own: exposure in units of 100 us, white balance in kelvin; gain and focus are the
device's. Where the configuration leaves exposure or white balance to the device, its automatic is
switched on, for the last program may have left it off. Not verified on a device.

OpenCV has no property for "exposure_dynamic_framerate", by which many webcams halve their rate in
dim light: fix exposure_us, or `v4l2-ctl -d DEVICE -c exposure_dynamic_framerate=0`.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

import cv2

from recorder.config import CameraConfig

EXPOSURE_UNIT_US: Final = 100
"""Of V4L2_CID_EXPOSURE_ABSOLUTE."""
_MANUAL, _APERTURE_PRIORITY = 1, 3
"""Entries of V4L2_CID_EXPOSURE_AUTO; webcams call the second one their automatic."""
MJPG: Final = cv2.VideoWriter.fourcc(*"MJPG")


class Properties(Protocol):
    """What is needed of a `cv2.VideoCapture` here."""

    def set(self, propId: int, value: float) -> bool:  # noqa: N803  (OpenCV's)
        """False where the device refused."""
        ...

    def get(self, propId: int) -> float:  # noqa: N803
        """-1 where the device has no such control."""
        ...


@dataclass(slots=True)
class ControlSetter:
    """What became of the settings: as `CameraAbout` has them."""

    device: Properties
    options: dict[str, str] = field(default_factory=dict)
    not_set: list[str] = field(default_factory=list)

    def set(self, control: int, value: int, label: str, unit: int = 1) -> None:
        """Set what the configuration asks for, `value` units of it."""
        self.device.set(control, value)
        got = round(self.device.get(control))
        if got < 0:
            self.not_set.append(f"{label} cannot be set: the camera has no such control.")
            return
        self.options[label] = f"{got * unit}"
        if got != value:
            self.not_set.append(
                f"{label} is {got * unit} and not {value * unit}: "
                "`v4l2-ctl --list-ctrls` tells what the camera allows."
            )

    def switch(self, control: int, value: int, label: str) -> None:
        """Switch an automatic; a camera that has none is as good."""
        if self.device.get(control) >= 0:
            self.set(control, value, label)


def set_format(device: Properties, config: CameraConfig) -> ControlSetter:
    """MJPG, size and rate; before the first picture is read.

    The size is for the caller to check on a picture: it is an error, where a rate is a remark.
    """
    setter = ControlSetter(device)
    device.set(cv2.CAP_PROP_FOURCC, MJPG)
    device.set(cv2.CAP_PROP_FRAME_WIDTH, config.width)
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height)
    device.set(cv2.CAP_PROP_FPS, config.rate_hz)
    code = round(device.get(cv2.CAP_PROP_FOURCC))
    setter.options["format"] = _fourcc_text(code)
    if code != MJPG:
        setter.not_set.append(
            f"The camera sends {_fourcc_text(code)} and not MJPG: several such on one USB bus may "
            "be too much for it."
        )
    rate_hz = device.get(cv2.CAP_PROP_FPS)
    if abs(rate_hz - config.rate_hz) > 0.01 * config.rate_hz:
        setter.not_set.append(f"rate_hz is {rate_hz:g} and not {config.rate_hz:g}.")
    return setter


def set_controls(setter: ControlSetter, config: CameraConfig) -> None:
    """Exposure, gain, white balance and focus; once pictures come, for some cameras forget what
    was set before."""
    _set_exposure(setter, config.exposure_us)
    if config.gain is not None:
        setter.set(cv2.CAP_PROP_GAIN, config.gain, "gain")
    if config.white_balance_k is None:
        setter.switch(cv2.CAP_PROP_AUTO_WB, 1, "auto_white_balance")
    else:
        setter.switch(cv2.CAP_PROP_AUTO_WB, 0, "auto_white_balance")
        setter.set(cv2.CAP_PROP_WB_TEMPERATURE, config.white_balance_k, "white_balance_k")
    setter.switch(cv2.CAP_PROP_AUTOFOCUS, 0, "autofocus")
    if config.focus is not None:
        setter.set(cv2.CAP_PROP_FOCUS, config.focus, "focus")


def _set_exposure(setter: ControlSetter, exposure_us: int | None) -> None:
    mode = _APERTURE_PRIORITY if exposure_us is None else _MANUAL
    setter.switch(cv2.CAP_PROP_AUTO_EXPOSURE, mode, "auto_exposure")
    if exposure_us is not None:
        steps = max(1, round(exposure_us / EXPOSURE_UNIT_US))
        setter.set(cv2.CAP_PROP_EXPOSURE, steps, "exposure_us", EXPOSURE_UNIT_US)


def _fourcc_text(code: int) -> str:
    """Four letters, as V4L2 writes formats."""
    letters = (code & 0xFFFFFFFF).to_bytes(4, "little").decode("ascii", "replace")
    return letters if letters.isprintable() else f"format {code}"
