"""Sets the options of a RealSense's sensor as configured, and tells what came of it.

Every option is asked for before it is touched, and read back afterwards: models differ, and a D405
has no colour sensor of its own: there the stereo module is the one to set.

Units (librealsense: d400-device.cpp, ds-color-common.cpp, issue 8243): a stereo module's exposure
is in microseconds; that of a colour sensor is the UVC control, in 100 microseconds, and so is the
exposure in its frames' metadata, which moreover stands still while the exposure is automatic
(issues 2549 and 5035). White balance is in kelvin, gain has no unit.
"""

from dataclasses import dataclass, field
from typing import Any

from recorder.cameras.realsense_sdk import Sensor, sdk
from recorder.config import CameraConfig

STEREO_EXPOSURE_UNIT_US = 1
COLOUR_EXPOSURE_UNIT_US = 100


def exposure_unit_us(sensor: Sensor) -> int:
    """How many microseconds one step of the exposure is, in the option and in the metadata."""
    return STEREO_EXPOSURE_UNIT_US if sensor.is_depth_sensor() else COLOUR_EXPOSURE_UNIT_US


def tells_exposure(sensor: Sensor, config: CameraConfig) -> bool:
    """Whether the exposure in the frames' metadata is the one they were taken with."""
    return bool(sensor.is_depth_sensor()) or config.exposure_us is not None


@dataclass(slots=True)
class OptionSetter:
    """What became of the options: as `CameraAbout` has them."""

    sensor: Sensor
    options: dict[str, str] = field(default_factory=dict)
    not_set: list[str] = field(default_factory=list)

    def offers(self, option: str) -> bool:
        """Whether the sensor has it."""
        return bool(self.sensor.supports(_key(option)))

    def fits(self, option: str, value: int, label: str, unit: int = 1) -> bool:
        """Whether it can be set to `value` units; says so if not."""
        if not self.offers(option):
            self.not_set.append(f"{label} cannot be set: the camera has no such option.")
            return False
        try:
            limits = self.sensor.get_option_range(_key(option))
        except RuntimeError:
            return True  # as far as is known; `set` tells what comes of it
        if limits.min <= value <= limits.max:
            return True
        allowed = f"{round(limits.min * unit)} to {round(limits.max * unit)}"
        self.not_set.append(f"{label} cannot be {value * unit}: the camera allows {allowed}.")
        return False

    def set(self, option: str, value: int, label: str, unit: int = 1) -> None:
        """Set an option that the sensor offers, unless it has that value, and read it back."""
        try:
            if self.sensor.get_option(_key(option)) != value:
                self.sensor.set_option(_key(option), float(value))
            got = round(self.sensor.get_option(_key(option)))
        except RuntimeError as error:
            reason = str(error).rstrip(".!")
            self.not_set.append(f"{label} cannot be set to {value * unit} ({reason}).")
            return
        self.options[label] = str(got * unit)
        if got != value:
            self.not_set.append(f"{label} is {got * unit} and not {value * unit}.")

    def set_if_offered(self, option: str, value: int) -> None:
        """For what the configuration does not name: a sensor without it is as good."""
        if self.offers(option):
            self.set(option, value, option)


def set_options(sensor: Sensor, config: CameraConfig) -> OptionSetter:
    """Set all that the configuration names, and what a constant rate and true stamps need.

    What is not named is left to the camera's automatics. May take some tenths of a second.
    """
    setter = OptionSetter(sensor)
    setter.set_if_offered("global_time_enabled", 1)
    setter.set_if_offered("auto_exposure_priority", 0)  # else the rate falls in dim light
    _set_exposure(setter, config)
    _set_white_balance(setter, config.white_balance_k)
    if config.focus is not None:
        setter.not_set.append("focus cannot be set: a RealSense has a fixed one.")
    return setter


def _set_exposure(setter: OptionSetter, config: CameraConfig) -> None:
    """Exposure and gain: the automatic rules both, so they are fixed together or not at all."""
    unit_us = exposure_unit_us(setter.sensor)
    steps = None if config.exposure_us is None else max(1, round(config.exposure_us / unit_us))
    if steps is None or not setter.fits("exposure", steps, "exposure_us", unit_us):
        setter.set_if_offered("enable_auto_exposure", 1)
        if config.gain is not None:
            setter.not_set.append("gain cannot be fixed without exposure_us: give both.")
        return
    setter.set_if_offered("enable_auto_exposure", 0)
    setter.set("exposure", steps, "exposure_us", unit_us)
    if config.gain is not None and setter.fits("gain", config.gain, "gain"):
        setter.set("gain", config.gain, "gain")


def _set_white_balance(setter: OptionSetter, kelvin: int | None) -> None:
    if kelvin is None or not setter.fits("white_balance", kelvin, "white_balance_k"):
        setter.set_if_offered("enable_auto_white_balance", 1)
        return
    setter.set_if_offered("enable_auto_white_balance", 0)
    setter.set("white_balance", kelvin, "white_balance_k")


def _key(option: str) -> Any:
    """rs.option's entry of that name."""
    return getattr(sdk().option, option)
