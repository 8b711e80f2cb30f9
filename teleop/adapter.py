"""Which USB adapter a serial port is: its serial number, as the kernel knows it."""

from pathlib import Path
from typing import Final

SYSFS: Final = Path("/sys")


def adapter_serial(port: str, sysfs: Path = SYSFS) -> str:
    """USB serial number of the adapter behind a port (a link is followed); "" if it has none.

    Pseudo-terminals and on-board serial ports have none.
    """
    device = sysfs / "class" / "tty" / Path(port).resolve().name / "device"
    if not device.exists():
        return ""
    folder = device.resolve()
    for parent in (folder, *folder.parents):
        if (parent / "idVendor").is_file():  # the USB device that the port is an interface of
            serial = parent / "serial"
            return serial.read_text().strip() if serial.is_file() else ""
    return ""
