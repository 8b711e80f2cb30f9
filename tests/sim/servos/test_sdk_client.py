"""The emulated bus as ROBOTIS' dynamixel-sdk sees it: each of its instructions, on all nine."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dynamixel_sdk
import pytest
from dynamixel_sdk import COMM_RX_CORRUPT, COMM_RX_TIMEOUT, COMM_SUCCESS

IDS = list(range(1, 10))
MODELS_OF = {"leader": [1020] * 7 + [1060, 1070], "follower": [1120] * 7 + [1020] * 2}
BOOT_S = 0.35
SLOW_BAUD = 57_600
"""A servo's line speed after a factory reset."""


@dataclass
class Client:
    """The SDK on one arm's port."""

    arm: Any
    port: Any
    packets: Any
    models: list[int]

    def wait_until_all_answer(self, ids: list[int] = IDS) -> None:
        time.sleep(BOOT_S)
        for servo_id in ids:
            assert any(
                self.packets.ping(self.port, servo_id)[1] == COMM_SUCCESS for _ in range(20)
            ), f"Servo {servo_id} never came back."

    def registers(self, name: str) -> list[int]:
        return [self.arm.register(servo_id, name) for servo_id in IDS]


@pytest.fixture(params=["leader", "follower"])
def client(
    request: pytest.FixtureRequest,
    arm_bus: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Client]:
    """Both arms. Its patience of 34 ms is made a second: a busy machine is no silent servo."""
    monkeypatch.setattr(dynamixel_sdk.port_handler, "LATENCY_TIMER", 500)
    arm = arm_bus(request.param)
    port = dynamixel_sdk.PortHandler(arm.port)
    assert port.openPort()
    assert port.setBaudRate(1_000_000)
    yield Client(arm, port, dynamixel_sdk.PacketHandler(2.0), MODELS_OF[request.param])
    port.closePort()


@pytest.fixture
def impatient(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """For those who expect no answer."""
    monkeypatch.setattr(dynamixel_sdk.port_handler, "LATENCY_TIMER", 16)
    return client


def four_bytes(value: int) -> list[int]:
    return list(value.to_bytes(4, "little"))


# ---- instructions -------------------------------------------------------------------------------


def test_all_nine_are_found(client: Client) -> None:
    found, result = client.packets.broadcastPing(client.port)
    assert result == COMM_SUCCESS
    assert found == {i: [number, 46] for i, number in zip(IDS, client.models, strict=True)}
    for servo_id, number in found.items():
        assert client.packets.ping(client.port, servo_id) == (number[0], 0, 0)


def test_reads_and_writes_of_every_size(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in IDS:
        assert packets.write1ByteTxRx(port, servo_id, 65, 1) == (0, 0)
        assert packets.write2ByteTxRx(port, servo_id, 84, 700 + servo_id) == (0, 0)
        assert packets.write4ByteTxRx(port, servo_id, 112, 40 + servo_id) == (0, 0)
        assert packets.writeTxRx(port, servo_id, 224, 3, [servo_id, 2, 1]) == (0, 0)
        assert packets.read1ByteTxRx(port, servo_id, 65) == (1, 0, 0)
        assert packets.read2ByteTxRx(port, servo_id, 84) == (700 + servo_id, 0, 0)
        assert packets.read4ByteTxRx(port, servo_id, 132) == (2048, 0, 0)
        assert packets.readTxRx(port, servo_id, 224, 3) == ([servo_id, 2, 1], 0, 0)
    assert client.registers("led") == [1] * 9
    assert client.registers("position_p_gain") == [700 + servo_id for servo_id in IDS]
    assert client.registers("profile_velocity") == [40 + servo_id for servo_id in IDS]


def test_reads_in_two_halves_and_writes_without_waiting(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id, number in zip(IDS, client.models, strict=True):
        assert packets.read1ByteTx(port, servo_id, 7) == COMM_SUCCESS
        assert packets.read1ByteRx(port, servo_id) == (servo_id, 0, 0)
        assert packets.read2ByteTx(port, servo_id, 0) == COMM_SUCCESS
        assert packets.read2ByteRx(port, servo_id) == (number, 0, 0)
        assert packets.read4ByteTx(port, servo_id, 132) == COMM_SUCCESS
        assert packets.read4ByteRx(port, servo_id) == (2048, 0, 0)
    for servo_id in IDS:
        assert packets.write1ByteTxOnly(port, servo_id, 65, 1) == COMM_SUCCESS
        assert packets.write2ByteTxOnly(port, servo_id, 84, 600) == COMM_SUCCESS
        assert packets.write4ByteTxOnly(port, servo_id, 112, 30) == COMM_SUCCESS
    deadline = time.monotonic() + 5
    while client.registers("profile_velocity") != [30] * 9 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.registers("led") == [1] * 9
    assert client.registers("position_p_gain") == [600] * 9
    assert client.registers("profile_velocity") == [30] * 9


def test_reg_writes_wait_for_the_action(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in IDS:
        assert packets.regWriteTxRx(port, servo_id, 112, 4, four_bytes(50)) == (0, 0)
    assert client.registers("registered_instruction") == [1] * 9
    assert client.registers("profile_velocity") == [0] * 9
    assert packets.action(port, dynamixel_sdk.BROADCAST_ID) == COMM_SUCCESS
    assert packets.ping(port, 1)[1] == COMM_SUCCESS  # heard after the action
    assert client.registers("profile_velocity") == [50] * 9
    for servo_id in IDS:
        assert packets.regWriteTxOnly(port, servo_id, 112, 4, four_bytes(60)) == COMM_SUCCESS
    for servo_id in IDS:
        assert packets.action(port, servo_id) == COMM_SUCCESS
    assert packets.ping(port, 1)[1] == COMM_SUCCESS
    assert client.registers("profile_velocity") == [60] * 9
    assert client.registers("registered_instruction") == [0] * 9


def test_reboots(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in IDS:
        assert packets.write4ByteTxRx(port, servo_id, 112, 40) == (0, 0)
    for servo_id in sorted(IDS, key=lambda i: i in (2, 4)):  # a shadow reboots with its primary
        assert packets.reboot(port, servo_id) == (0, 0)
    client.wait_until_all_answer()
    assert client.registers("profile_velocity") == [0] * 9


def test_clear_multi_turn(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in IDS:
        assert packets.write1ByteTxRx(port, servo_id, 11, 4) == (0, 0)
        client.arm.move(servo_id, 15.0)
    for servo_id in IDS:
        position, _, _ = packets.read4ByteTxRx(port, servo_id, 132)
        assert position == 2048 + 9778
    for servo_id in sorted(IDS, key=lambda i: i in (2, 4)):
        assert packets.clearMultiTurn(port, servo_id) == (0, 0)
    for servo_id in IDS:
        position, _, _ = packets.read4ByteTxRx(port, servo_id, 132)
        assert position == (2048 + 9778) % 4096


def test_factory_resets_but_for_the_id_and_the_line_speed(client: Client) -> None:
    port, packets = client.port, client.packets
    assert client.registers("return_delay_time") == [0] * 9
    for servo_id in IDS:
        assert packets.factoryReset(port, servo_id, 0x02) == (0, 0)
    client.wait_until_all_answer()
    assert client.registers("return_delay_time") == [250] * 9
    for servo_id in IDS:
        assert packets.factoryReset(port, servo_id, 0x01) == (0, 0)
    assert port.setBaudRate(SLOW_BAUD)
    client.wait_until_all_answer()
    assert client.registers("id") == IDS
    for servo_id in IDS:
        assert packets.write1ByteTxRx(port, servo_id, 8, 3) == (0, 0)
    assert port.setBaudRate(1_000_000)
    client.wait_until_all_answer()


def test_a_whole_factory_reset_makes_every_servo_number_one(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in reversed(IDS):
        assert port.setBaudRate(1_000_000)
        assert packets.factoryReset(port, servo_id, 0xFF) == (0, 0)
        assert port.setBaudRate(SLOW_BAUD)
        client.wait_until_all_answer([1])
        assert packets.write1ByteTxRx(port, 1, 7, servo_id) == (0, 0)
    found, result = packets.broadcastPing(port)
    assert (sorted(found), result) == (IDS, COMM_SUCCESS)


# ---- groups -------------------------------------------------------------------------------------


def test_group_sync_write_moves_an_arm_as_group_sync_reads_tell(client: Client) -> None:
    port, packets = client.port, client.packets
    goals = dynamixel_sdk.GroupSyncWrite(port, packets, 116, 4)
    torques = dynamixel_sdk.GroupSyncWrite(port, packets, 64, 1)
    reader = dynamixel_sdk.GroupSyncRead(port, packets, 126, 10)
    for servo_id in IDS:
        assert goals.addParam(servo_id, four_bytes(2048 + 40))
        assert torques.addParam(servo_id, [1])
        assert reader.addParam(servo_id)
    assert goals.txPacket() == COMM_SUCCESS
    assert torques.txPacket() == COMM_SUCCESS
    for read in (reader.txRxPacket, reader.fastSyncRead) * 100:
        assert read() == COMM_SUCCESS
        positions = [reader.getData(servo_id, 132, 4) for servo_id in IDS]
        if positions == [2088] * 9:
            return
        time.sleep(0.02)
    pytest.fail(f"The joints never reached their goals: {positions}.")


@pytest.mark.parametrize("read", ["txRxPacket", "fastBulkRead"])
def test_group_bulk_reads_and_writes(client: Client, read: str) -> None:
    """Something else of and to each servo.

    In this order, because the SDK takes the first byte of its request that equals an ID for that
    ID, be it an address or a size, when it takes a fast bulk read's answer apart.
    """
    port, packets = client.port, client.packets
    writer = dynamixel_sdk.GroupBulkWrite(port, packets)
    reader = dynamixel_sdk.GroupBulkRead(port, packets)
    ids = [1, 2, 4, 3, 5, 6, 7, 8, 9]
    registers = [(65, 1), (84, 2), (112, 4)] * 3
    for servo_id, (address, size) in zip(ids, registers, strict=True):
        value = 1 if size == 1 else 70 + servo_id
        assert writer.addParam(servo_id, address, size, list(value.to_bytes(size, "little")))
        assert reader.addParam(servo_id, address, size)
    assert writer.txPacket() == COMM_SUCCESS
    assert getattr(reader, read)() == COMM_SUCCESS
    for servo_id, (address, size) in zip(ids, registers, strict=True):
        assert reader.isAvailable(servo_id, address, size)
        expected = 1 if size == 1 else 70 + servo_id
        assert reader.getData(servo_id, address, size) == expected


# ---- faults -------------------------------------------------------------------------------------


def test_a_silent_servo(impatient: Client) -> None:
    port, packets = impatient.port, impatient.packets
    impatient.arm.silence(4)
    assert packets.ping(port, 4) == (0, COMM_RX_TIMEOUT, 0)
    assert sorted(packets.broadcastPing(port)[0]) == [1, 2, 3, 5, 6, 7, 8, 9]
    sync = dynamixel_sdk.GroupSyncRead(port, packets, 132, 4)
    bulk = dynamixel_sdk.GroupBulkRead(port, packets)
    for servo_id in IDS:
        sync.addParam(servo_id)
        bulk.addParam(servo_id, 132, 4)
    assert sync.txRxPacket() == COMM_RX_TIMEOUT
    assert sync.fastSyncRead() == COMM_RX_CORRUPT
    assert bulk.txRxPacket() == COMM_RX_TIMEOUT
    assert bulk.fastBulkRead() == COMM_RX_CORRUPT
    impatient.arm.silence(4, on=False)
    assert sync.txRxPacket() == COMM_SUCCESS


def test_a_hardware_error(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in IDS:
        client.arm.set_register(servo_id, "hardware_error_status", 0x20)
        assert packets.ping(port, servo_id)[2] == dynamixel_sdk.ERRBIT_ALERT
        assert packets.write1ByteTxRx(port, servo_id, 64, 1)[1] == 0x80 | 1  # result fail
        assert packets.read1ByteTxRx(port, servo_id, 70) == (0x20, 0, 0x80)


def test_refusals(client: Client) -> None:
    port, packets = client.port, client.packets
    for servo_id in IDS:
        assert packets.write1ByteTxRx(port, servo_id, 65, 7) == (0, 4)  # data range
        assert packets.write2ByteTxRx(port, servo_id, 116, 7) == (0, 5)  # data length
        assert packets.write4ByteTxRx(port, servo_id, 116, 4096) == (0, 6)  # data limit
        assert packets.write4ByteTxRx(port, servo_id, 132, 7) == (0, 7)  # access


def test_another_line_speed(impatient: Client) -> None:
    port, packets = impatient.port, impatient.packets
    assert port.setBaudRate(115_200)
    for servo_id in IDS:
        assert packets.ping(port, servo_id) == (0, COMM_RX_TIMEOUT, 0)
    assert port.setBaudRate(1_000_000)
    assert packets.ping(port, 1)[1] == COMM_SUCCESS
