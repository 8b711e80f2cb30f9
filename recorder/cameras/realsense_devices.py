"""Which RealSenses are plugged in, which of them is a configured camera, and what colour it has."""

from collections.abc import Collection, Iterable, Mapping

from recorder.cameras.found import FoundCamera
from recorder.cameras.realsense_sdk import Context, Device, Sensor, devices_of, info, sdk
from recorder.config import CameraConfig
from recorder.errors import CameraError

Mode = tuple[int, int, int]
"""Width, height, frames a second."""


def find(context: Context, config: CameraConfig, open_here: Mapping[str, Device]) -> Device:
    """The device with the configured serial; the only one there is where none is configured.

    Args:
        open_here: those that this process has open, by serial. If there is nothing else, none is
            asked: looking for a lost camera disturbs no other.

    Raises:
        CameraError: it is not there; names those that are.
    """
    if config.serial and config.serial not in open_here and _nothing_but(context, open_here):
        raise CameraError(_missing(config, open_here))
    found: dict[str, Device] = {}
    faults: list[str] = []
    for device in devices_of(context):
        if isinstance(device, str):
            faults.append(device)
        elif (serial := info(device, "serial_number")) == config.serial != "":
            return device
        else:
            found[serial] = device
    if config.serial or len(found) != 1:
        raise CameraError(_missing(config, found, faults))
    return next(iter(found.values()))


def colour_sensor(device: Device, config: CameraConfig) -> Sensor:
    """The sensor that has the configured colour stream.

    Raises:
        CameraError: there is none; names what there is.
    """
    wanted = (config.width, config.height, config.rate_hz)
    modes: set[Mode] = set()
    for sensor in device.query_sensors():
        of_sensor = colour_modes(sensor)
        if wanted in of_sensor:
            return sensor
        modes |= of_sensor
    raise CameraError(
        f"Camera {config.name}: RealSense {info(device, 'serial_number')} gives no colour images "
        f"of {config.width}x{config.height} at {config.rate_hz:g} Hz; "
        f"{_offer(config, modes)}.{slow_usb(device)}"
    )


def colour_modes(sensor: Sensor) -> set[Mode]:
    """Every size and rate in which it delivers RGB."""
    rs = sdk()
    return {
        (video.width(), video.height(), video.fps())
        for profile in sensor.get_stream_profiles()
        if profile.stream_type() == rs.stream.color and profile.format() == rs.format.rgb8
        for video in (profile.as_video_stream_profile(),)
    }


def slow_usb(device: Device) -> str:
    """A sentence (with a space before it) if it is on USB 2; else ""."""
    usb = info(device, "usb_type_descriptor")
    if not usb.startswith("2"):
        return ""
    return f" It is connected by USB {usb}, which carries less: use a USB 3 cable and port."


def found_camera(device: Device | str) -> FoundCamera:
    """A device as a search shows it; a `str` is why one could not be asked."""
    if isinstance(device, str):
        fault = f"It cannot be asked ({device}): another program may have it; or plug it in again."
        return FoundCamera(kind="realsense", identity="", fault=fault)
    serial = info(device, "serial_number")
    modes = {mode for sensor in device.query_sensors() for mode in colour_modes(sensor)}
    faults = (
        "" if serial else "It tells no serial number: update its firmware with realsense-viewer.",
        "" if modes else "It has no colour stream.",
    )
    return FoundCamera(
        kind="realsense",
        identity=serial,
        name=info(device, "name"),
        firmware=info(device, "firmware_version"),
        usb=info(device, "usb_type_descriptor"),
        modes=tuple(f"{width}x{height}@{rate}" for width, height, rate in sorted(modes)),
        fault=" ".join(filter(None, faults)),
    )


def _nothing_but(context: Context, open_here: Mapping[str, Device]) -> bool:
    """Whether all that is plugged in is open already. Asks no camera."""
    plugged = context.query_devices()
    return bool(len(plugged) == sum(plugged.contains(device) for device in open_here.values()))


def _missing(config: CameraConfig, serials: Collection[str], faults: Iterable[str] = ()) -> str:
    """The sentence for a camera that is not there, or of which it is not said which it is."""
    there = ", ".join(sorted(serials))
    unasked = "".join(f" One could not be asked: {fault}." for fault in faults)
    if not config.serial and there:
        return (
            f"Camera {config.name}: there are several RealSenses, {there}: give it one of these "
            f"as serial.{unasked}"
        )
    which = f"RealSense {config.serial} is not" if config.serial else "no RealSense is"
    others = f"; there are {there}: correct its serial, or" if there else ":"
    return f"Camera {config.name}: {which} plugged in{others} check its cable and port.{unasked}"


def _offer(config: CameraConfig, modes: Iterable[Mode]) -> str:
    """What there is instead, and what to change."""
    size = (config.width, config.height)
    rates = sorted(rate for *of, rate in modes if tuple(of) == size)
    if rates:
        return f"of that size it has {', '.join(map(str, rates))} Hz: change rate_hz"
    sizes = sorted({(width, height) for width, height, _ in modes})
    if sizes:
        named = ", ".join(f"{width}x{height}" for width, height in sizes)
        return f"it has the sizes {named}: change width and height"
    return "it has none at all: choose another camera"
