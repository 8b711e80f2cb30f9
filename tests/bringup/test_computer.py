"""Checks of ports, USB and the computer, on trees that look like sysfs and proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bringup import usb
from bringup.arm_state import ArmState
from bringup.computer_checks import check_computer, check_limits, episode_bytes
from bringup.findings import Finding
from bringup.fixes import FileFix, Workshop
from bringup.port_checks import check_ports, check_usb
from recorder.config import CameraConfig
from session.config import load_task
from teleop.rig_config import ArmConfig

NO_LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max locked memory         {memory}             unlimited            bytes
Max realtime priority     {priority}           99
"""
NICE = 1 << 23


class Computer:
    """A sysfs, a proc and serial ports in a folder."""

    def __init__(self, root: Path) -> None:
        self.sysfs, self.proc, self._dev = root / "sys", root / "proc", root / "dev"
        self.proc.mkdir()
        self._dev.mkdir()

    def usb_device(self, name: str, **files: object) -> Path:
        """A device in the port that its name says."""
        parts = name.split("-")[1].split(".")
        ways = [f"{name.split('-')[0]}-{'.'.join(parts[:n])}" for n in range(1, len(parts) + 1)]
        folder = self.sysfs.joinpath("devices", "pci0", f"usb{name[0]}", *ways)
        folder.mkdir(parents=True, exist_ok=True)
        for file, value in ({"idVendor": "0000", "speed": 480} | files).items():
            (folder / file).write_text(f"{value}\n")
        listed = self.sysfs / "bus" / "usb" / "devices"
        listed.mkdir(parents=True, exist_ok=True)
        (listed / name).symlink_to(folder)
        return folder

    def adapter(self, name: str, tty: str, latency: int | None = None) -> ArmState:
        """A serial adapter and the arm on it."""
        part = self.usb_device(name, idVendor="0403") / f"{name}:1.0" / tty
        part.mkdir(parents=True)
        if latency is not None:
            (part / "latency_timer").write_text(f"{latency}\n")
        (self.sysfs / "class" / "tty" / tty).mkdir(parents=True)
        (self.sysfs / "class" / "tty" / tty / "device").symlink_to(part)
        (self._dev / tty).touch()
        return ArmState(ArmConfig("left", "leader", str(self._dev / tty)), ())

    def webcam(self, name: str, video: str) -> None:
        """A camera that is no RealSense."""
        part = self.usb_device(name, product="Webcam") / f"{name}:1.0"
        part.mkdir()
        (self.sysfs / "class" / "video4linux" / video).mkdir(parents=True)
        (self.sysfs / "class" / "video4linux" / video / "device").symlink_to(part)

    def process(self, number: int, name: str, port: str) -> None:
        """A process that has a port open."""
        (self.proc / str(number) / "fd").mkdir(parents=True)
        (self.proc / str(number) / "fd" / "3").symlink_to(port)
        (self.proc / str(number) / "comm").write_text(f"{name}\n")

    def limits(self, memory: str, priority: str, capabilities: int = 0) -> Path:
        """/proc/self"""
        (self.proc / "self").mkdir()
        (self.proc / "self" / "limits").write_text(
            NO_LIMITS.format(memory=memory, priority=priority)
        )
        (self.proc / "self" / "status").write_text(f"Name:\tx\nCapEff:\t{capabilities:016x}\n")
        return self.proc / "self"


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def ports(computer: Computer, *arms: ArmState) -> list[Finding]:
    named = {f"arm {number}": arm for number, arm in enumerate(arms)}
    return list(check_ports(named, computer.sysfs, computer.proc))


def plugs(computer: Computer, *arms: ArmState) -> list[Finding]:
    return list(check_usb({f"arm {n}": arm for n, arm in enumerate(arms)}, computer.sysfs))


@pytest.mark.parametrize(("latency", "bad"), [(16, True), (2, True), (1, False), (None, False)])
def test_the_latency_timer(computer: Computer, latency: int | None, bad: bool) -> None:
    found = ports(computer, computer.adapter("1-2", "ttyUSB0", latency))
    assert [each.kind for each in found] == ["latency-timer"] * bad
    if bad:
        assert f"up to {latency} ms" in found[0].what
        (fix,) = found[0].fixes
        assert isinstance(fix, FileFix)
        fix.apply(Workshop({}))
        assert fix.path.read_text() == "1\n"


def test_another_process_on_the_port_is_named(computer: Computer) -> None:
    arm, other = computer.adapter("1-2", "ttyUSB0"), computer.adapter("1-3", "ttyUSB1")
    computer.process(4711, "dynamixel_wiz", arm.config.port)
    computer.process(os.getpid(), "me", other.config.port)
    (found,) = ports(computer, arm, other)
    assert found.kind == "port-held"
    assert "open in dynamixel_wiz (4711)" in found.what


def test_a_port_of_another_group(computer: Computer, monkeypatch: Any) -> None:
    arm = computer.adapter("1-2", "ttyUSB0")
    arm.error = "No permission."
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open anything
    (found,) = ports(computer, arm)
    assert found.kind == "port-permission"


def test_a_port_that_went_away(computer: Computer) -> None:
    arm = computer.adapter("1-2", "ttyUSB0")
    arm.lost = True
    assert [each.kind for each in ports(computer, arm)] == ["port-lost"]


def test_a_name_that_changes() -> None:
    arm = ArmState(ArmConfig("left", "leader", "/dev/ttyUSB77"), ())
    assert [each.kind for each in check_ports({"arm": arm})] == ["port-name"]


def test_a_realsense_on_usb_2(computer: Computer) -> None:
    realsense = {"idVendor": "8086", "product": "Intel(R) RealSense(TM) Depth Camera 405"}
    computer.usb_device("2-1", speed=5000, **realsense)
    assert plugs(computer) == []
    computer.usb_device("1-4", speed=480, **realsense)
    (found,) = plugs(computer)
    assert (found.kind, "480 Mbit/s" in found.what) == ("camera-usb2", True)


def test_who_shares_a_hub_with_a_camera(computer: Computer) -> None:
    arm = computer.adapter("1-2.1", "ttyUSB0")
    alone = computer.adapter("1-5", "ttyUSB1")
    computer.webcam("1-6", "video0")
    assert plugs(computer, arm, alone) == []
    computer.webcam("1-2.4", "video2")
    (found,) = plugs(computer, arm, alone)
    assert (found.kind, found.what) == ("usb-shared", "shares hub 1-2 with arm 0")
    computer.webcam("1-2.3", "video4")
    assert "with Webcam, arm 0" in plugs(computer, arm)[0].what


def test_a_camera_with_several_video_devices_is_one(computer: Computer) -> None:
    computer.webcam("1-2", "video0")
    second = computer.sysfs / "class" / "video4linux" / "video1"
    second.mkdir()
    (second / "device").symlink_to(
        (computer.sysfs / "class" / "video4linux" / "video0" / "device").resolve()
    )
    assert len(usb.cameras(computer.sysfs)) == 1


@pytest.mark.parametrize(
    ("memory", "priority", "capabilities", "kinds"),
    [
        ("unlimited", "40", 0, []),
        ("unlimited", "unlimited", 0, []),
        ("unlimited", "0", NICE, []),
        ("unlimited", "39", ~NICE & 0xFFFFFFFF, ["rtprio"]),
        ("8388608", "99", 0, ["memlock"]),
        ("8388608", "0", 0, ["rtprio", "memlock"]),
    ],
)
def test_what_control_may(
    computer: Computer, memory: str, priority: str, capabilities: int, kinds: list[str]
) -> None:
    found = check_limits(computer.limits(memory, priority, capabilities))
    assert [each.kind for each in found] == kinds


def test_this_machines_own_limits_can_be_read() -> None:
    assert {each.kind for each in check_limits()} <= {"rtprio", "memlock"}


def test_too_little_shared_memory(computer: Computer, tmp_path: Path) -> None:
    proc_self = computer.limits("unlimited", "40")
    options = {"chosen": True, "proc_self": proc_self}
    nowhere = tmp_path / "shm"
    found = list(check_computer([], None, [], tmp_path, runtime=nowhere, **options))
    assert [each.kind for each in found] == ["shared-memory"]
    assert list(check_computer([], None, [], tmp_path, runtime=tmp_path, **options)) == []


def test_a_folder_that_cannot_be_written(
    computer: Computer, tmp_path: Path, monkeypatch: Any
) -> None:
    proc_self = computer.limits("unlimited", "40")
    monkeypatch.setattr(os, "access", lambda *_: False)
    (found,) = check_computer(
        [],
        None,
        [],
        tmp_path / "new" / "folder",
        chosen=True,
        proc_self=proc_self,
        runtime=tmp_path,
    )
    assert (found.kind, found.what) == ("disk", "cannot be written")


def test_an_episode_is_reckoned_larger_than_a_simulated_one_is() -> None:
    cameras = [CameraConfig(f"cam_{n}", "pattern") for n in range(4)]
    assert 70e6 < episode_bytes(load_task("battery"), cameras) < 1e9
