"""Checks of serial ports, adapters and USB: what stands between the computer and the arms."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bringup import usb
from bringup.arm_state import ArmState
from bringup.findings import Finding, finding
from bringup.fixes import FileFix

PROC: Final = Path("/proc")
GOOD_LATENCY_MS: Final = 1
CHANGING_NAMES: Final = ("/dev/ttyUSB", "/dev/ttyACM")

Findings = Iterator[Finding]


def check_ports(
    arms: Mapping[str, ArmState], sysfs: Path = usb.SYSFS, proc: Path = PROC
) -> Findings:
    """Every arm's port. To be called while the ports are open, as they are in a session."""
    for arm in arms.values():
        where = f"{arm.name} ({arm.config.port})"
        if arm.error is not None:
            yield _not_opened(arm, where, proc)
            continue
        if arm.lost:
            yield finding("port-lost", where, "went away while it was asked")
        if arm.emulated:
            yield finding("emulated-arms", where, "is an EMULATED arm")
            continue
        if arm.config.port.startswith(CHANGING_NAMES):
            yield finding("port-name", where, "has a name that changes with the order of plugging")
        yield from _check_latency(arm.config.port, where, sysfs)
        holders = port_holders(arm.config.port, proc)
        if holders:
            yield finding("port-held", where, f"is open in {', '.join(holders)} as well")


def check_usb(arms: Mapping[str, ArmState], sysfs: Path = usb.SYSFS) -> Findings:
    """Where adapters and cameras are plugged in."""
    cameras = usb.cameras(sysfs)
    adapters = {
        name: device
        for name, arm in arms.items()
        if not arm.emulated and (device := usb.of_port(arm.config.port, sysfs)) is not None
    }
    for camera in cameras:
        where = f"{camera.product or 'a camera'} (USB {camera.name})"
        if camera.is_realsense and camera.speed_mbps < usb.SUPERSPEED_MBPS:
            what = f"is connected with {camera.speed_mbps:g} Mbit/s: USB 2"
            yield finding("camera-usb2", where, what)
        others = [c.product or c.name for c in cameras if c != camera and _share(c, camera)]
        others += [name for name, adapter in adapters.items() if _share(adapter, camera)]
        if others:
            yield finding("usb-shared", where, f"shares hub {camera.hub} with {', '.join(others)}")


def port_holders(port: str, proc: Path = PROC) -> list[str]:
    """Other processes that have this port open, as far as we may see: ``name (PID)``."""
    device = os.path.realpath(port)
    holders = []
    for folder in sorted(proc.glob("[0-9]*")):
        if folder.name != str(os.getpid()) and _has_open(folder, device):
            try:
                name = (folder / "comm").read_text().strip()
            except OSError:
                name = "a process"
            holders.append(f"{name} ({folder.name})")
    return holders


def _has_open(process: Path, device: str) -> bool:
    try:
        return any(os.readlink(link) == device for link in (process / "fd").iterdir())
    except OSError:  # another user's, or gone
        return False


def _not_opened(arm: ArmState, where: str, proc: Path) -> Finding:
    port = arm.config.port
    if not os.path.exists(port):
        return finding("port-missing", where, "does not exist")
    if not os.access(port, os.R_OK | os.W_OK):
        return finding("port-permission", where, "may not be opened by you")
    holders = [] if arm.emulated else port_holders(port, proc)
    if holders:
        return finding("port-held", where, f"is held by {', '.join(holders)}")
    kind = "port-held" if "held" in (arm.error or "") else "port-missing"
    return finding(kind, where, f"cannot be opened: {arm.error}")


def _check_latency(port: str, where: str, sysfs: Path) -> Findings:
    path = usb.latency_timer(port, sysfs)
    if path is None:
        return
    latency = path.read_text().strip()
    if latency.isdigit() and int(latency) > GOOD_LATENCY_MS:
        fix = FileFix(path, latency, str(GOOD_LATENCY_MS))
        yield finding(
            "latency-timer", where, f"keeps answers back for up to {latency} ms a read", (fix,)
        )


def _share(one: usb.UsbDevice, other: usb.UsbDevice) -> bool:
    return one.hub is not None and one.hub == other.hub
