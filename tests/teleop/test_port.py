import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from teleop.errors import PortError, UnpluggedError
from teleop.port import SerialPort, is_pseudo_terminal


@pytest.fixture
def pty() -> Any:
    master, slave = os.openpty()
    yield master, os.ttyname(slave)
    os.close(slave)
    if master >= 0:
        os.close(master)


def test_bytes_go_both_ways_without_waiting(pty: Any) -> None:
    master, path = pty
    port = SerialPort(path, 1_000_000)
    assert port.read() == b""
    os.write(master, b"\x03\x0a\xff\x00\x11")  # bytes that a terminal would act on
    assert port.wait(1000)
    assert port.read() == b"\x03\x0a\xff\x00\x11"
    port.write(b"\x0d\xff\xfd")
    assert os.read(master, 10) == b"\x0d\xff\xfd"
    os.write(master, b"late")
    port.discard_input()
    assert port.read() == b""
    port.close()
    port.close()


def test_a_long_write_is_whole(pty: Any) -> None:
    master, path = pty
    port = SerialPort(path, 1_000_000)
    data = bytes(range(256)) * 300
    received = bytearray()

    def take() -> None:
        while len(received) < len(data):
            received.extend(os.read(master, 4096))

    reader = threading.Thread(target=take)
    reader.start()
    port.write(data)
    reader.join()
    assert bytes(received) == data
    port.close()


def test_nobody_taking_anything_is_an_unplugged_port(
    pty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teleop.port.WRITE_PATIENCE_MS", 20)
    port = SerialPort(pty[1], 1_000_000)
    with pytest.raises(UnpluggedError, match="USB cable"):
        port.write(bytes(200_000))
    port.close()


def test_a_missing_port_is_named() -> None:
    with pytest.raises(PortError, match="/dev/ttyNONE does not exist: plug the arm in"):
        SerialPort("/dev/ttyNONE", 1_000_000)


def test_a_port_is_ours_alone(pty: Any) -> None:
    port = SerialPort(pty[1], 1_000_000)
    with pytest.raises(PortError, match="held by another process"):
        SerialPort(pty[1], 1_000_000)
    port.close()
    SerialPort(pty[1], 1_000_000).close()


def test_an_impossible_baud_rate_is_named(pty: Any) -> None:
    with pytest.raises(PortError, match="no baud rate 1000001"):
        SerialPort(pty[1], 1_000_001)


def test_a_pseudo_terminal_is_told_from_an_adapter(pty: Any, tmp_path: Path) -> None:
    """Arms at the other end of one are emulated, by whatever name it goes."""
    link = tmp_path / "follower_left"
    link.symlink_to(pty[1])
    assert is_pseudo_terminal(pty[1])
    assert is_pseudo_terminal(str(link))
    assert not is_pseudo_terminal("/dev/ttyUSB0")
    assert not is_pseudo_terminal(str(tmp_path / "nothing"))


def test_a_file_is_no_port(tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PortError, match="is not a serial port"):
        SerialPort(str(tmp_path / "file"), 1_000_000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_no_permission_names_the_group(pty: Any) -> None:
    os.chmod(pty[1], stat.S_IRUSR & 0)
    with pytest.raises(PortError, match="dialout"):
        SerialPort(pty[1], 1_000_000)


def test_an_unplugged_port_says_so(arm_bus: Any) -> None:
    arm = arm_bus("follower")
    port = SerialPort(arm.port, 1_000_000)
    arm.unplug()
    assert port.wait(1000)
    with pytest.raises(UnpluggedError, match="is gone"):
        port.read()
    with pytest.raises(UnpluggedError, match="is gone"):
        port.write(b"x")
    port.close()
