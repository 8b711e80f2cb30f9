"""The emulated bus as other people's clients see it: dynamixel-sdk and rustypot."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import dynamixel_sdk
import pytest
import rustypot

IDS = list(range(1, 10))
FOLLOWER_MODELS = [1120] * 7 + [1020] * 2
LEADER_MODELS = [1020] * 7 + [1060, 1070]
MODELS_OF = {"follower": FOLLOWER_MODELS, "leader": LEADER_MODELS}


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], tuple[Any, Any]]]:
    """Opens a port with dynamixel-sdk: (port handler, packet handler).

    Its patience of 34 ms is made a second: a busy machine is no silent servo.
    """
    monkeypatch.setattr(dynamixel_sdk.port_handler, "LATENCY_TIMER", 500)
    opened = []

    def connect(path: str) -> tuple[Any, Any]:
        port = dynamixel_sdk.PortHandler(path)
        assert port.openPort()
        assert port.setBaudRate(1_000_000)
        opened.append(port)
        return port, dynamixel_sdk.PacketHandler(2.0)

    yield connect
    for port in opened:
        port.closePort()


def wait_until_booted(packets: Any, port: Any, servo_id: int) -> None:
    for _ in range(100):
        if packets.ping(port, servo_id)[1] == dynamixel_sdk.COMM_SUCCESS:
            return
    pytest.fail(f"Servo {servo_id} never came back.")


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_dynamixel_sdk_finds_reads_writes_and_reboots_all_nine(
    role: str, arm_bus: Any, sdk: Callable[[str], tuple[Any, Any]]
) -> None:
    arm = arm_bus(role)
    port, packets = sdk(arm.port)
    found, result = packets.broadcastPing(port)
    assert result == dynamixel_sdk.COMM_SUCCESS
    assert [found[servo_id][0] for servo_id in IDS] == MODELS_OF[role]
    for servo_id, number in zip(IDS, MODELS_OF[role], strict=True):
        assert packets.ping(port, servo_id) == (number, 0, 0)
        assert packets.read4ByteTxRx(port, servo_id, 132) == (2048, 0, 0)
        assert packets.write4ByteTxRx(port, servo_id, 112, 40 + servo_id) == (0, 0)
        assert arm.register(servo_id, "profile_velocity") == 40 + servo_id
    for servo_id in IDS:
        wait_until_booted(packets, port, servo_id)  # a shadow reboots with its primary
        assert packets.reboot(port, servo_id) == (0, 0)
    for servo_id in IDS:
        wait_until_booted(packets, port, servo_id)
        assert arm.register(servo_id, "profile_velocity") == 0


def test_dynamixel_sdk_moves_an_arm_by_group_writes_and_reads(
    arm_bus: Any, sdk: Callable[[str], tuple[Any, Any]]
) -> None:
    arm = arm_bus("follower")
    port, packets = sdk(arm.port)
    goals = dynamixel_sdk.GroupSyncWrite(port, packets, 116, 4)
    torques = dynamixel_sdk.GroupSyncWrite(port, packets, 64, 1)
    for servo_id in IDS:
        assert goals.addParam(servo_id, list((2048 + 40).to_bytes(4, "little")))
        assert torques.addParam(servo_id, [1])
    assert goals.txPacket() == dynamixel_sdk.COMM_SUCCESS
    assert torques.txPacket() == dynamixel_sdk.COMM_SUCCESS
    reader = dynamixel_sdk.GroupSyncRead(port, packets, 126, 10)
    for servo_id in IDS:
        assert reader.addParam(servo_id)
    for _ in range(200):
        assert reader.txRxPacket() == dynamixel_sdk.COMM_SUCCESS
        positions = [reader.getData(servo_id, 132, 4) for servo_id in IDS]
        if positions == [2088] * 9:
            return
        time.sleep(0.02)
    pytest.fail(f"The joints never reached their goals: {positions}.")


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_rustypot_reads_and_writes_all_nine(role: str, arm_bus: Any) -> None:
    arm = arm_bus(role)
    client = rustypot.Xl430PyController(arm.port, 1_000_000, 0.5)
    assert all(client.ping(servo_id) for servo_id in IDS)
    assert client.sync_read_raw_data(IDS, 0, 2) == [
        number.to_bytes(2, "little") for number in MODELS_OF[role]
    ]
    client.sync_write_raw_data(IDS, 65, [[1]] * 9)
    assert [arm.register(servo_id, "led") for servo_id in IDS] == [1] * 9
    client.write_raw_data(7, 224, [0xFF, 0xFF, 0xFD, 0x00])
    assert arm.register(7, "indirect_data_3") == 0xFD
    assert arm.register(7, "indirect_data_4") == 0x00
    assert client.read_raw_data(7, 224, 4) == [0xFF, 0xFF, 0xFD, 0x00]


def test_rustypot_reads_a_stuffed_observation(arm_bus: Any) -> None:
    arm = arm_bus("follower")
    client = rustypot.Xl430PyController(arm.port, 1_000_000, 0.5)
    arm.set_register(4, "goal_velocity", -1)
    arm.set_register(4, "profile_acceleration", 0xFD)
    observed = client.sync_read_raw_data(IDS, 104, 8)
    assert observed[3] == b"\xff\xff\xff\xff\xfd\0\0\0"
