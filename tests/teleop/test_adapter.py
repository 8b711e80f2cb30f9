"""Which adapter a port is, in a tree like the kernel's."""

from pathlib import Path

import pytest

from teleop.adapter import adapter_serial


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """ttyUSB0 on an FTDI adapter on a hub; ttyS0 on board."""
    hub = tmp_path / "devices" / "usb1" / "1-2"
    interface = hub / "1-2.3" / "1-2.3:1.0" / "ttyUSB0"
    interface.mkdir(parents=True)
    for device, serial in ((hub, "HUB"), (hub / "1-2.3", "FT4THVLA")):
        (device / "idVendor").write_text("0403\n")
        (device / "serial").write_text(f"{serial}\n")
    on_board = tmp_path / "devices" / "pnp0"
    on_board.mkdir()
    for name, device in (("ttyUSB0", interface), ("ttyS0", on_board)):
        tty = tmp_path / "class" / "tty" / name
        tty.mkdir(parents=True)
        (tty / "device").symlink_to(device)
    return tmp_path


def test_the_adapter_itself_not_its_hub(sysfs: Path, tmp_path: Path) -> None:
    assert adapter_serial("/dev/ttyUSB0", sysfs) == "FT4THVLA"
    link = tmp_path / "leader_left"
    link.symlink_to("/dev/ttyUSB0")
    assert adapter_serial(str(link), sysfs) == "FT4THVLA"


def test_ports_and_adapters_without_a_number(sysfs: Path) -> None:
    assert adapter_serial("/dev/ttyS0", sysfs) == ""
    assert adapter_serial("/dev/pts/3", sysfs) == ""
    (sysfs / "devices/usb1/1-2/1-2.3/serial").unlink()
    assert adapter_serial("/dev/ttyUSB0", sysfs) == ""
