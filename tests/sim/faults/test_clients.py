"""Scripted faults as dynamixel-sdk and the product's own driver see them, through a pty."""

import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dynamixel_sdk
import pytest
import serial
from dynamixel_sdk import COMM_RX_CORRUPT, COMM_RX_TIMEOUT, COMM_SUCCESS

from teleop.bus import PRESENT, ServoBus, read_together
from teleop.errors import ServoError
from teleop.port import SerialPort
from teleop.servos import FOLLOWER
from teleop.setup import ArmSetup

IDS = list(range(1, 10))
ALERT = 0x80
BAUD = 1_000_000
POSITION, TORQUE, HARDWARE_ERROR, VOLTAGE, TEMPERATURE = 132, 64, 70, 144, 146
PATIENT_MS, HASTY_MS = 500, 40
"""What the SDK's latency allowance is made: patient where an answer must come, on a busy machine
too; hasty where none can."""


class Client:
    """dynamixel-sdk on a faulty arm."""

    def __init__(self, arm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.arm = arm
        self._monkeypatch = monkeypatch
        self.packets = dynamixel_sdk.PacketHandler(2.0)
        self.patience(PATIENT_MS)
        self.open()

    def patience(self, latency_ms: int) -> None:
        self._monkeypatch.setattr(dynamixel_sdk.port_handler, "LATENCY_TIMER", latency_ms)

    def open(self) -> None:
        self.port = dynamixel_sdk.PortHandler(self.arm.port)
        assert self.port.openPort()
        assert self.port.setBaudRate(BAUD)

    def ping(self, servo_id: int) -> tuple[int, int, int]:
        """(model number, result, error byte)."""
        answer: tuple[int, int, int] = self.packets.ping(self.port, servo_id)
        return answer

    def read(self, servo_id: int, address: int, size: int) -> tuple[int, int, int]:
        """(value, result, error byte)."""
        data, result, error = self.packets.readTxRx(self.port, servo_id, address, size)
        return int.from_bytes(bytes(data), "little"), result, error

    def sync_read(self) -> tuple[int, list[int]]:
        """Result and the positions of all nine."""
        reader = dynamixel_sdk.GroupSyncRead(self.port, self.packets, POSITION, 4)
        for servo_id in IDS:
            assert reader.addParam(servo_id)
        return reader.txRxPacket(), [reader.getData(servo_id, POSITION, 4) for servo_id in IDS]

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"


@pytest.fixture
def broken(arm_bus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serves a follower and breaks it: `broken('kind = "silence"', "servo = 4")`."""
    clients: list[Client] = []

    def make(*lines: str, start: bool = True) -> Client:
        script = tmp_path / "faults.toml"
        script.write_text("\n".join(["seed = 5", "[[faults]]", 'bus = "follower_left"', *lines]))
        link = tmp_path / "port"
        arm = arm_bus("follower", "--faults", str(script), "--link", str(link))
        clients.append(Client(arm, monkeypatch))
        if start:
            assert clients[-1].sync_read() == (COMM_SUCCESS, [2048] * 9)
            arm.start_episode()
        return clients[-1]

    yield make
    for client in clients:
        client.port.closePort()


def test_silence_ends_the_chain(broken: Any) -> None:
    client = broken('kind = "silence"', "servo = 4", "for_s = 2.0")
    client.patience(HASTY_MS)
    assert client.ping(4)[1] == COMM_RX_TIMEOUT
    assert client.sync_read()[0] == COMM_RX_TIMEOUT
    client.patience(PATIENT_MS)
    for servo_id in (3, 5):
        assert client.ping(servo_id) == (1120, COMM_SUCCESS, 0)
    client.until(lambda: client.sync_read() == (COMM_SUCCESS, [2048] * 9))


@pytest.mark.parametrize(
    ("kind", "result"), [("lost", COMM_RX_TIMEOUT), ("truncated", COMM_RX_CORRUPT)]
)
def test_a_reply_that_is_lost_is_a_timeout_and_one_that_is_cut_is_corrupt(
    kind: str, result: int, broken: Any
) -> None:
    client = broken(f'kind = "{kind}"', "servo = 4", "for_s = 2.0")
    client.patience(HASTY_MS)
    assert client.read(4, POSITION, 4)[1] == result
    client.patience(PATIENT_MS)
    assert client.read(5, POSITION, 4) == (2048, COMM_SUCCESS, 0)
    client.until(lambda: client.read(4, POSITION, 4) == (2048, COMM_SUCCESS, 0))


def test_a_corrupted_reply_is_a_crc_error_or_no_reply_and_never_data(broken: Any) -> None:
    client = broken('kind = "corrupted"')
    client.patience(HASTY_MS)
    results = {client.read(4, POSITION, 4)[1] for _ in range(30)}
    assert COMM_RX_CORRUPT in results
    assert results <= {COMM_RX_CORRUPT, COMM_RX_TIMEOUT}


def test_duplicated_replies_do_no_harm(broken: Any) -> None:
    client = broken('kind = "duplicated"')
    for _ in range(5):
        assert client.sync_read() == (COMM_SUCCESS, [2048] * 9)
        assert client.read(4, POSITION, 4) == (2048, COMM_SUCCESS, 0)


def test_a_late_reply_is_a_timeout_for_the_hasty(broken: Any) -> None:
    client = broken('kind = "late"', "servo = 4", "delay_ms = 300.0")
    client.patience(HASTY_MS)
    assert client.read(4, POSITION, 4)[1] == COMM_RX_TIMEOUT
    time.sleep(0.5)
    client.patience(PATIENT_MS)
    assert client.read(5, POSITION, 4) == (2048, COMM_SUCCESS, 0)
    assert client.read(4, POSITION, 4) == (2048, COMM_SUCCESS, 0)


def test_noise_is_skipped(broken: Any) -> None:
    client = broken('kind = "noise"', "bytes = 20")
    for _ in range(5):
        assert client.read(4, POSITION, 4) == (2048, COMM_SUCCESS, 0)


def test_unplugged_is_an_exception_and_the_same_name_is_back(broken: Any) -> None:
    client = broken('kind = "unplug"', "for_s = 0.5")
    client.patience(HASTY_MS)
    with pytest.raises((serial.SerialException, termios.error)):  # as it flushes, or as it reads
        client.until(lambda: client.ping(4)[1] is None)
    client.port.closePort()
    client.until(lambda: Path(client.arm.port).exists())
    client.open()
    client.patience(PATIENT_MS)
    assert client.ping(4) == (1120, COMM_SUCCESS, 0)


def test_an_overloaded_servo_has_no_torque_until_it_is_rebooted(broken: Any) -> None:
    client = broken('kind = "overload"', "servo = 9", start=False)
    client.packets.write1ByteTxRx(client.port, 9, TORQUE, 1)
    assert client.read(9, TORQUE, 1) == (1, COMM_SUCCESS, 0)
    client.arm.start_episode()
    assert client.ping(9) == (1020, COMM_SUCCESS, ALERT)
    assert client.read(9, HARDWARE_ERROR, 1) == (0x20, COMM_SUCCESS, ALERT)
    assert client.read(9, TORQUE, 1) == (0, COMM_SUCCESS, ALERT)
    result, error = client.packets.write1ByteTxRx(client.port, 9, TORQUE, 1)
    assert (result, error & ALERT) == (COMM_SUCCESS, ALERT)
    assert error & 0x7F
    assert client.packets.reboot(client.port, 9)[0] == COMM_SUCCESS
    client.patience(HASTY_MS)
    client.until(lambda: client.ping(9)[1] == COMM_SUCCESS)
    client.patience(PATIENT_MS)
    assert client.ping(9) == (1020, COMM_SUCCESS, 0)
    assert client.packets.write1ByteTxRx(client.port, 9, TORQUE, 1) == (COMM_SUCCESS, 0)
    assert client.read(9, TORQUE, 1) == (1, COMM_SUCCESS, 0)


def test_a_hot_servo_says_so_and_lets_go(broken: Any) -> None:
    client = broken('kind = "overheating"', "servo = 2", "value = 90.0", start=False)
    client.packets.write1ByteTxRx(client.port, 2, TORQUE, 1)
    client.arm.start_episode()
    client.until(lambda: client.read(2, HARDWARE_ERROR, 1) == (0x04, COMM_SUCCESS, ALERT))
    assert client.read(2, TORQUE, 1) == (0, COMM_SUCCESS, ALERT)
    assert client.read(2, TEMPERATURE, 1)[0] >= 89


def test_a_low_supply_is_an_alert_and_the_torque_stays(broken: Any) -> None:
    client = broken('kind = "voltage"', "value = 9.0", start=False)
    client.packets.write1ByteTxRx(client.port, 6, TORQUE, 1)
    client.arm.start_episode()
    client.until(lambda: client.read(6, HARDWARE_ERROR, 1) == (0x01, COMM_SUCCESS, ALERT))
    assert client.read(6, TORQUE, 1) == (1, COMM_SUCCESS, ALERT)
    assert abs(client.read(6, VOLTAGE, 2)[0] - 90) <= 1


def test_a_jump_is_read_and_goes_away(broken: Any) -> None:
    client = broken('kind = "jump"', "servo = 6", "offset_ticks = 1024", "for_s = 2.0")
    client.until(lambda: client.read(6, POSITION, 4)[0] == 3072)
    assert client.read(5, POSITION, 4)[0] == 2048
    client.until(lambda: client.read(6, POSITION, 4)[0] == 2048)


def test_a_reboot_takes_the_torque(broken: Any) -> None:
    client = broken('kind = "reboot"', "servo = 7", start=False)
    client.packets.write1ByteTxRx(client.port, 7, TORQUE, 1)
    client.arm.start_episode()
    client.patience(HASTY_MS)
    assert client.ping(7)[1] == COMM_RX_TIMEOUT
    client.until(lambda: client.ping(7)[1] == COMM_SUCCESS)
    client.patience(PATIENT_MS)
    assert client.read(7, TORQUE, 1) == (0, COMM_SUCCESS, 0)


def test_a_wrong_baud_is_reachable_at_that_one_only(broken: Any) -> None:
    client = broken(
        'kind = "wrong_baud"', "servo = 9", "baud = 57600", 'since = "start"', start=False
    )
    client.patience(HASTY_MS)
    assert client.ping(9)[1] == COMM_RX_TIMEOUT
    assert client.port.setBaudRate(57_600)
    assert client.ping(1)[1] == COMM_RX_TIMEOUT
    client.patience(PATIENT_MS)
    assert client.ping(9) == (1020, COMM_SUCCESS, 0)
    assert client.read(9, 8, 1) == (1, COMM_SUCCESS, 0)
    assert client.port.setBaudRate(BAUD)
    assert client.ping(1) == (1120, COMM_SUCCESS, 0)


def test_a_wrong_model_is_what_a_ping_says(broken: Any) -> None:
    client = broken(
        'kind = "wrong_model"', "servo = 3", "model = 1060", 'since = "start"', start=False
    )
    assert client.ping(3) == (1060, COMM_SUCCESS, 0)
    assert client.read(3, 0, 2) == (1060, COMM_SUCCESS, 0)
    assert client.ping(2) == (1120, COMM_SUCCESS, 0)


# ---- the product's own driver -------------------------------------------------------------------


@pytest.fixture
def driver(broken: Any) -> Iterator[Any]:
    """The lean bus on a broken arm."""
    ports: list[SerialPort] = []

    def make(*lines: str, **options: Any) -> ServoBus:
        client = broken(*lines, **options)
        client.port.closePort()
        ports.append(SerialPort(client.arm.port, BAUD))
        return ServoBus("follower_left", ports[-1])

    yield make
    for port in ports:
        port.close()


def positions(bus: ServoBus, timeout_s: float) -> dict[int, int]:
    replies = read_together([bus], PRESENT, timeout_s, time.monotonic_ns)[0].replies
    return {i: struct.unpack("<hii", status.data)[2] for i, status in replies.items()}


@pytest.mark.parametrize(
    "lines",
    [
        ('kind = "lost"', "share = 0.1"),
        ('kind = "truncated"', "share = 0.1", "bytes = 7"),
        ('kind = "corrupted"', "share = 0.1", "bytes = 2"),
        ('kind = "duplicated"', "share = 0.5"),
        ('kind = "noise"', "share = 0.3", "bytes = 30"),
        ('kind = "late"', "share = 0.1", "delay_ms = 70.0"),
    ],
    ids=lambda lines: lines[0].split('"')[1],
)
def test_the_driver_gets_most_and_never_a_wrong_position(lines: Any, driver: Any) -> None:
    bus = driver(*lines)
    answers = [positions(bus, 0.05) for _ in range(40)]
    assert all(each == dict.fromkeys(each, 2048) for each in answers)
    assert sum(map(len, answers)) > 0.6 * 9 * len(answers)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            ('kind = "wrong_baud"', "servo = 9", "baud = 57600"),
            r"Servo 9 \(gripper\) of follower_left does not answer",
        ),
        (
            ('kind = "wrong_model"', "servo = 3", "model = 1060"),
            r"Servo 3 \(shoulder_shadow\) of follower_left is a XL430-W250, not a XM540-W270",
        ),
        (
            ('kind = "wrong_model"', "servo = 3", "model = 9"),
            r"Servo 3 \(shoulder_shadow\) of follower_left cannot be used",
        ),
        (('kind = "silence"',), r"Servo 1 \(waist\) of follower_left does not answer"),
    ],
    ids=["wrong_baud", "wrong_model", "unknown_model", "silence"],
)
def test_set_up_names_what_is_wrong_from_the_start(lines: Any, says: str, driver: Any) -> None:
    bus = driver(*lines, 'since = "start"', start=False)
    with pytest.raises(ServoError, match=says):
        ArmSetup(bus, "follower", FOLLOWER, 540.0, 0.1).run()


def test_set_up_tells_of_a_servo_that_is_overloaded_from_the_start(driver: Any) -> None:
    bus = driver('kind = "overload"', "servo = 2", 'since = "start"', start=False)
    servos = ArmSetup(bus, "follower", FOLLOWER, 540.0, 0.1).run()
    assert [servo.hardware_error for servo in servos] == [0, 0x20] + [0] * 7
