"""The emulated bus through its pty: by hand-made packets."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.packets import ALERT, Error, build_packet, build_status
from sim.servos.servo import BOOT_TIME_NS, Servo
from teleop.registers import model

IDS = list(range(1, 10))
BROADCAST = 0xFE

PING_1 = bytes.fromhex("fffffd00 01 0300 01 194e")
"""The e-manual's example packet."""


class Host:
    """The host's end of a bus in this process: writes bytes, lets the bus run, reads replies."""

    def __init__(self, bus: ServoBus) -> None:
        self.bus = bus
        self.descriptor = os.open(bus.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def send(self, data: bytes, now_ns: int = 0) -> bytes:
        for start in range(0, len(data), 1024):
            os.write(self.descriptor, data[start : start + 1024])
            self.bus.service(now_ns)
        return self.receive()

    def receive(self) -> bytes:
        replies = bytearray()
        while True:
            try:
                replies += os.read(self.descriptor, 4096)
            except BlockingIOError:
                return bytes(replies)

    def ask(
        self, servo_id: int, instruction: int, parameters: bytes = b"", at_ns: int = 0
    ) -> bytes:
        return self.send(build_packet(servo_id, bytes((instruction,)) + parameters), at_ns)

    def write(self, servo_id: int, address: int, data: bytes) -> bytes:
        return self.ask(servo_id, 0x03, address.to_bytes(2, "little") + data)

    def sync_read(self, address: int, size: int, ids: list[int]) -> bytes:
        span = address.to_bytes(2, "little") + size.to_bytes(2, "little")
        return self.ask(BROADCAST, 0x82, span + bytes(ids))


@pytest.fixture
def follower() -> Iterator[Host]:
    with_bus = ServoBus(aloha_servos("follower"))
    host = Host(with_bus)
    yield host
    os.close(host.descriptor)
    with_bus.close()


@pytest.fixture(scope="module")
def shared_follower() -> Iterator[Host]:
    """One bus for all of hypothesis' examples: noise must never wear it out."""
    with_bus = ServoBus(aloha_servos("follower"))
    host = Host(with_bus)
    yield host
    os.close(host.descriptor)
    with_bus.close()


# ---- packets ------------------------------------------------------------------------------------


def test_packets_match_the_manuals_examples(follower: Host) -> None:
    assert build_packet(1, b"\x01") == PING_1
    assert build_status(1, 0, b"\x06\x04\x26") == bytes.fromhex("fffffd00010700550006 0426 655d")
    read_position = bytes.fromhex("fffffd00 01 0700 02 84000400 1d15")
    follower.bus.servos[0].sense(0.0, 0.0, 0.0)
    follower.bus.servos[0].set("present_position", 166)
    assert follower.send(read_position) == bytes.fromhex("fffffd00 01 0800 55 00 a6000000 8cc0")


@given(junk=st.binary(max_size=200), tail=st.binary(max_size=8))
def test_a_packet_after_any_noise_is_answered(
    shared_follower: Host, junk: bytes, tail: bytes
) -> None:
    sane = shared_follower.send(PING_1)
    assert sane.startswith(b"\xff\xff\xfd\x00\x01")
    assert sane in shared_follower.send(junk + PING_1 + tail)


@given(
    fragments=st.lists(
        st.sampled_from(
            [b"\xff", b"\xfd", b"\x00", b"\xff\xff\xfd\x00", b"\x01\x07\x00", PING_1, PING_1[:9]]
        ),
        max_size=30,
    )
)
def test_a_packet_after_broken_packets_is_answered(
    shared_follower: Host, fragments: list[bytes]
) -> None:
    sane = shared_follower.send(PING_1)
    assert shared_follower.send(b"".join(fragments) + PING_1).endswith(sane)


@given(chunks=st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_packets_may_arrive_in_pieces(shared_follower: Host, chunks: list[int]) -> None:
    sane = shared_follower.send(PING_1)
    stream = PING_1 * 3
    replies = b""
    for size in chunks:
        replies += shared_follower.send(stream[:size])
        stream = stream[size:]
    assert replies + shared_follower.send(stream) == sane * 3


@given(data=st.binary(min_size=4, max_size=28).map(lambda raw: raw + b"\xff\xff\xfd\xff\xff\xfd"))
def test_stuffed_writes_arrive_right_and_replies_are_stuffed(
    shared_follower: Host, data: bytes
) -> None:
    data = data[-28:]
    servo = shared_follower.bus.servos[0]
    assert shared_follower.write(1, 224, data) == build_status(1, 0)
    stored = servo.read(224, len(data), 0)[1]
    assert stored == data
    reply = shared_follower.ask(1, 0x02, bytes((224, 0, len(data), 0)))
    assert reply[9:-2].replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd") == data
    assert reply.count(b"\xff\xff\xfd\xfd") >= 2
    assert reply[5] | reply[6] << 8 == len(reply) - 7


def test_a_damaged_instruction_is_not_executed(follower: Host) -> None:
    damaged = bytearray(build_packet(1, b"\x03\x41\x00\x01"))
    damaged[-3] ^= 0x02
    assert follower.send(bytes(damaged)) == build_status(1, Error.CRC)
    assert follower.bus.servos[0].get("led") == 0
    assert follower.bus.counters.crc_errors == 1
    assert follower.bus.counters.packets == 0


# ---- instructions -------------------------------------------------------------------------------


def test_a_silent_servo_ends_a_sync_read(follower: Host) -> None:
    assert len(follower.sync_read(132, 4, IDS)) == 9 * 15
    follower.bus.servos[3].silent = True
    replies = follower.sync_read(132, 4, IDS)
    assert [replies[at + 4] for at in range(0, len(replies), 15)] == [1, 2, 3]
    assert len(follower.sync_read(132, 4, [5, 6, 7, 8, 9, 4])) == 5 * 15
    assert follower.ask(4, 0x01) == b""


def test_a_booting_servo_is_silent_until_it_is_up(follower: Host) -> None:
    assert follower.ask(9, 0x08, at_ns=1_000) == build_status(9, 0)
    assert follower.ask(9, 0x01, at_ns=1_000 + BOOT_TIME_NS - 1) == b""
    assert follower.ask(9, 0x01, at_ns=1_000 + BOOT_TIME_NS)[4] == 9


def test_a_shadow_follows_its_primary_in_silence(follower: Host) -> None:
    shoulder, shadow = follower.bus.servos[1:3]
    assert follower.write(2, 64, b"\x01") == build_status(2, 0)
    assert (shoulder.torque_on, shadow.torque_on) == (True, True)
    goal = (1234).to_bytes(4, "little")
    assert follower.ask(BROADCAST, 0x83, b"\x74\x00\x04\x00\x02" + goal) == b""
    assert (shoulder.get("goal_position"), shadow.get("goal_position")) == (1234, 1234)
    assert shoulder.goal_rad == pytest.approx(shadow.goal_rad)
    follower.ask(2, 0x08)
    assert (shoulder.torque_on, shadow.torque_on) == (False, False)


def test_eeprom_is_written_to_the_addressed_id_only(follower: Host) -> None:
    assert follower.write(2, 20, (77).to_bytes(4, "little")) == build_status(2, 0)
    assert [servo.get("homing_offset") for servo in follower.bus.servos[1:3]] == [77, 0]


def test_sync_writes_outside_the_limits_are_refused_in_silence(follower: Host) -> None:
    before = follower.bus.servos[1].get("goal_position")
    beyond = (2868).to_bytes(4, "little")
    assert follower.ask(BROADCAST, 0x83, b"\x74\x00\x04\x00\x02" + beyond) == b""
    assert follower.bus.servos[1].get("goal_position") == before
    assert follower.write(2, 116, beyond) == build_status(2, Error.DATA_LIMIT)


def test_a_broadcast_write_reaches_all_and_is_not_answered(follower: Host) -> None:
    assert follower.write(BROADCAST, 65, b"\x01") == b""
    assert [servo.get("led") for servo in follower.bus.servos] == [1] * 9


@pytest.mark.parametrize("instruction", [0x04, 0x05, 0x06, 0x10, 0x8A, 0x92, 0x93, 0x9A, 0x77])
def test_other_instructions_are_refused(follower: Host, instruction: int) -> None:
    assert follower.ask(5, instruction, bytes(5)) == build_status(5, Error.INSTRUCTION)
    assert follower.ask(BROADCAST, instruction, bytes(5)) == b""


@pytest.mark.parametrize(
    ("instruction", "parameters"), [(0x02, b"\x84\x00\x04"), (0x03, b"\x84"), (0x02, b"")]
)
def test_truncated_parameters_are_refused(
    follower: Host, instruction: int, parameters: bytes
) -> None:
    assert follower.ask(1, instruction, parameters) == build_status(1, Error.DATA_LENGTH)


@pytest.mark.parametrize(
    ("level", "answered"), [(0, [True, False, False]), (1, [True, True, False])]
)
def test_the_status_return_level_is_kept(follower: Host, level: int, answered: list[bool]) -> None:
    follower.write(1, 68, bytes((level,)))
    ping, read = follower.ask(1, 0x01), follower.ask(1, 0x02, b"\x84\x00\x04\x00")
    assert [bool(ping), bool(read), bool(follower.write(1, 65, b"\x01"))] == answered
    assert bool(follower.sync_read(132, 4, [1, 2])) is answered[1]


def test_a_servo_answers_to_its_new_id(follower: Host) -> None:
    assert follower.write(9, 7, b"\x14") == build_status(9, 0)
    assert follower.ask(9, 0x01) == b""
    assert follower.ask(20, 0x01)[4] == 20


def test_the_alert_bit_is_in_every_answer(follower: Host) -> None:
    follower.bus.servos[0].set("hardware_error_status", 0x20)
    assert follower.ask(1, 0x01)[8] == ALERT
    assert follower.sync_read(132, 4, [1, 2])[8] == ALERT
    assert follower.write(1, 64, b"\x01")[8] == ALERT | Error.RESULT_FAIL


# ---- the cable ----------------------------------------------------------------------------------


def test_a_host_that_never_reads_neither_blocks_nor_grows_the_bus(follower: Host) -> None:
    read_table = build_packet(1, b"\x02\x00\x00\x96\x02")
    for _ in range(300):
        os.write(follower.descriptor, read_table)
        follower.bus.service(0)
    assert follower.bus.counters.packets == 300
    assert follower.bus.counters.dropped_bytes > 0
    received = follower.receive()
    while follower.bus.service(0) == 0 and (more := follower.receive()):
        received += more
    assert received.count(b"\xff\xff\xfd\x00\x01") == len(received) / 673 > 90
    assert follower.send(PING_1)[4] == 1


def test_unplugging_hangs_up_and_plugging_in_serves_the_same_servos(follower: Host) -> None:
    follower.write(1, 65, b"\x01")
    follower.bus.unplug()
    assert os.read(follower.descriptor, 100) == b""
    assert follower.bus.service(0) == 0
    assert follower.bus.fileno() == -1
    follower.bus.plug()
    again = Host(follower.bus)
    assert again.ask(1, 0x02, b"\x41\x00\x01\x00")[9] == 1
    os.close(again.descriptor)


def test_a_host_may_come_and_go(follower: Host) -> None:
    os.close(os.open(follower.bus.port, os.O_RDWR | os.O_NOCTTY))
    assert follower.send(PING_1)[4] == 1


# ---- the arms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_every_servo_of_an_arm_reads_its_joints_angle(role: Any) -> None:
    for servo in aloha_servos(role):
        servo.sense(0.25, 0.5, 100.0)
        assert servo.get("present_position") == 2048 + 163
        assert servo.get("present_velocity") == 21
        assert servo.get(servo.model.effort_register) > 0
        assert servo.get("return_delay_time") == 0
        assert servo.get("baud_rate") == 3


def test_pairs_face_each_other_and_share_their_limits() -> None:
    for role in ("leader", "follower"):
        servos = {servo.servo_id: servo for servo in aloha_servos(role)}
        for primary, shadow in ((servos[2], servos[3]), (servos[4], servos[5])):
            assert primary.mount_sign == -shadow.mount_sign
            assert primary.get("drive_mode") != shadow.get("drive_mode")
            assert shadow.secondary_id == primary.servo_id
            for limit in ("min_position_limit", "max_position_limit"):
                assert primary.get(limit) == shadow.get(limit)


def test_a_wrong_drive_mode_turns_the_reading_round() -> None:
    servo = Servo(2, model(1120), mount_sign=-1, eeprom={"drive_mode": 0})
    servo.sense(0.25, 0.0, 0.0)
    assert servo.get("present_position") == 2048 - 163
