"""What the kernel says of USB devices: which one a serial port or a camera is, where it is plugged.

Reads sysfs (`root` is for a tree that only looks like it). Device names say the way: ``1-2.3`` is
port 3 of the hub in port 2 of bus 1.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSFS: Final = Path("/sys")
INTEL: Final = "8086"
REALSENSE: Final = "RealSense"
SUPERSPEED_MBPS: Final = 5000


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One USB device.

    Attributes:
        name: bus and ports, e.g. ``1-2.3``.
        speed_mbps: what it is connected with: 12, 480, 5000 or more.
    """

    name: str
    speed_mbps: float
    product: str
    vendor: str

    @property
    def hub(self) -> str | None:
        """The hub outside the computer that it hangs on; None: it is plugged into the computer."""
        return self.name.rsplit(".", 1)[0] if "." in self.name else None

    @property
    def is_realsense(self) -> bool:
        """Whether it is a RealSense camera."""
        return self.vendor == INTEL and REALSENSE.lower() in self.product.lower()


def tty_name(port: str) -> str:
    """The kernel's name of a serial port: links are followed."""
    return Path(port).resolve().name


def latency_timer(port: str, root: Path = SYSFS) -> Path | None:
    """The file with an FTDI adapter's latency timer in ms; None: this port has none."""
    path = root / "class" / "tty" / tty_name(port) / "device" / "latency_timer"
    return path if path.is_file() else None


def of_port(port: str, root: Path = SYSFS) -> UsbDevice | None:
    """The adapter of a serial port; None: it is none on USB."""
    return _device_above(root / "class" / "tty" / tty_name(port) / "device")


def cameras(root: Path = SYSFS) -> list[UsbDevice]:
    """Everything on USB that takes pictures: RealSense cameras, and what has a video device."""
    devices = [_device(path) for path in sorted((root / "bus" / "usb" / "devices").glob("*-*"))]
    found = {each.name: each for each in devices if each is not None and each.is_realsense}
    for video in sorted((root / "class" / "video4linux").glob("video*")):
        device = _device_above(video / "device")
        if device is not None:
            found.setdefault(device.name, device)
    return list(found.values())


def _device_above(path: Path) -> UsbDevice | None:
    """The USB device that this part belongs to."""
    if not path.exists():
        return None
    real = path.resolve()
    for folder in (real, *real.parents):
        device = _device(folder)
        if device is not None:
            return device
    return None


def _device(folder: Path) -> UsbDevice | None:
    """The USB device that this folder is; None: it is something else."""
    if not (folder / "idVendor").is_file():
        return None
    try:
        speed_mbps = float(_text(folder / "speed"))
    except ValueError:
        speed_mbps = 0.0
    return UsbDevice(
        folder.resolve().name, speed_mbps, _text(folder / "product"), _text(folder / "idVendor")
    )


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
