"""What servos do with each instruction and what they answer: by hand-made packets."""

import pytest
from bus_host import BROADCAST, IDS, Host
from hypothesis import given
from hypothesis import strategies as st

from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.packets import ALERT, Error, build_fast_status, build_packet, build_status
from sim.servos.servo import BOOT_TIME_NS

CLEAR_MULTI_TURN = bytes.fromhex("0144584c22")
GROUP_INSTRUCTIONS = [0x82, 0x83, 0x8A, 0x92, 0x93, 0x9A]
ALL_INSTRUCTIONS = [*range(1, 9), 0x10, 0x20, *GROUP_INSTRUCTIONS]


def bulk_read(host: Host, *reads: tuple[int, int, int], fast: bool = False) -> bytes:
    """`reads` as (ID, address, size)."""
    parameters = b"".join(bytes((i, address, 0, size, 0)) for i, address, size in reads)
    return host.ask(BROADCAST, 0x9A if fast else 0x92, parameters)


def bulk_entry(servo_id: int, address: int, data: bytes) -> bytes:
    return bytes((servo_id, address, 0, len(data), 0)) + data


# ---- one servo ----------------------------------------------------------------------------------


def test_a_read_matches_the_manuals_example(follower: Host) -> None:
    read_position = bytes.fromhex("fffffd00 01 0700 02 84000400 1d15")
    follower.bus.servos[0].set("present_position", 166)
    assert follower.send(read_position) == bytes.fromhex("fffffd00 01 0800 55 00 a6000000 8cc0")


@given(data=st.binary(min_size=4, max_size=28).map(lambda raw: raw + b"\xff\xff\xfd\xff\xff\xfd"))
def test_stuffed_writes_arrive_right_and_replies_are_stuffed(
    shared_follower: Host, data: bytes
) -> None:
    data = data[-28:]
    servo = shared_follower.bus.servos[0]
    assert shared_follower.ask_write(1, 224, data) == build_status(1, 0)
    assert servo.read(224, len(data), 0)[1] == data
    reply = shared_follower.read_register(1, 224, len(data))
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


def test_a_booting_servo_is_silent_until_it_is_up(follower: Host) -> None:
    assert follower.ask(9, 0x08, at_ns=1_000) == build_status(9, 0)
    assert follower.ask(9, 0x01, at_ns=1_000 + BOOT_TIME_NS - 1) == b""
    assert follower.ask(9, 0x01, at_ns=1_000 + BOOT_TIME_NS)[4] == 9


def test_a_reg_write_waits_for_the_action(follower: Host) -> None:
    for servo_id in IDS:
        assert follower.ask_write(servo_id, 65, b"\x01", 0x04) == build_status(servo_id, 0)
    assert [servo.get("led") for servo in follower.bus.servos] == [0] * 9
    assert [servo.get("registered_instruction") for servo in follower.bus.servos] == [1] * 9
    assert follower.ask(1, 0x05) == build_status(1, 0)
    assert [servo.get("led") for servo in follower.bus.servos] == [1] + [0] * 8
    assert follower.ask(BROADCAST, 0x05) == b""
    assert [servo.get("led") for servo in follower.bus.servos] == [1] * 9
    assert [servo.get("registered_instruction") for servo in follower.bus.servos] == [0] * 9


def test_a_registered_new_id_is_taken_with_the_action(follower: Host) -> None:
    assert follower.ask_write(9, 7, b"\x14", 0x04) == build_status(9, 0)
    assert follower.ask(9, 0x05) == build_status(9, 0)
    assert follower.ask(9, 0x01) == b""
    assert follower.ask(20, 0x01)[4] == 20


@pytest.mark.parametrize(
    ("option", "new_id", "new_baud"),
    [(0x01, 8, 57_600), (0x02, 8, 1_000_000), (0xFF, 1, 57_600)],
)
def test_a_factory_reset_keeps_what_it_is_told_to(
    follower: Host, option: int, new_id: int, new_baud: int
) -> None:
    follower.ask_write(8, 9, b"\x05")
    assert follower.ask(8, 0x06, bytes((option,))) == build_status(8, 0)
    if new_baud != 1_000_000:
        assert follower.ask(1, 0x01, at_ns=BOOT_TIME_NS)[4] == 1  # not taken by the new one
        follower.set_baud(new_baud)
    assert follower.ask(new_id, 0x01, at_ns=BOOT_TIME_NS - 1) == b""
    assert follower.ask(new_id, 0x01, at_ns=BOOT_TIME_NS)[4] == new_id
    assert follower.bus.servos[7].get("return_delay_time") == 250
    assert follower.bus.servos[0].get("return_delay_time") == 0


def test_everybody_cannot_be_reset_to_the_same_id(follower: Host) -> None:
    assert follower.ask(BROADCAST, 0x06, b"\xff") == b""
    assert [servo.servo_id for servo in follower.bus.servos] == IDS
    assert follower.ask(BROADCAST, 0x06, b"\x02") == b""
    assert [servo.get("return_delay_time") for servo in follower.bus.servos] == [250] * 9
    assert [servo.servo_id for servo in follower.bus.servos] == IDS


def test_a_factory_reset_by_the_secondary_id_is_not_obeyed(follower: Host) -> None:
    follower.ask(2, 0x06, b"\x02")
    assert follower.bus.servos[2].get("return_delay_time") == 0


def test_a_clear_forgets_whole_turns(follower: Host) -> None:
    servo = follower.bus.servos[0]
    servo.set("operating_mode", 4)
    servo.sense(15.0, 0.0, 0.0)
    turns, ticks = divmod(servo.get("present_position"), 4096)
    assert turns == 2
    assert follower.ask(1, 0x10, CLEAR_MULTI_TURN) == build_status(1, 0)
    servo.sense(15.0, 0.0, 0.0)
    assert servo.get("present_position") == ticks


@pytest.mark.parametrize(
    ("instruction", "parameters", "error"),
    [
        (0x02, b"\x84\x00\x04", Error.DATA_LENGTH),
        (0x02, b"", Error.DATA_LENGTH),
        (0x03, b"\x84", Error.DATA_LENGTH),
        (0x04, b"\x84", Error.DATA_LENGTH),
        (0x03, b"\x58\x02", Error.DATA_LENGTH),  # no data, among the indirect ones
        (0x04, b"\x58\x02", Error.DATA_LENGTH),
        (0x06, b"", Error.DATA_LENGTH),
        (0x06, b"\x03", Error.DATA_RANGE),
        (0x10, b"\x01\x44\x58\x4c\x23", Error.DATA_RANGE),
        (0x20, bytes.fromhex("0143544c42"), Error.INSTRUCTION),
        (0x77, bytes(5), Error.INSTRUCTION),
    ],
)
def test_what_cannot_be_obeyed_is_refused(
    follower: Host, instruction: int, parameters: bytes, error: Error
) -> None:
    assert follower.ask(5, instruction, parameters) == build_status(5, error)
    assert follower.ask(BROADCAST, instruction, parameters) == b""
    assert follower.ask(77, instruction, parameters) == b""


@given(
    servo_id=st.sampled_from([1, 2, 200, BROADCAST]),
    instruction=st.sampled_from(ALL_INSTRUCTIONS),
    parameters=st.binary(max_size=60)
    | st.lists(st.sampled_from([0, 1, 2, 4, 64, 65, 116, 0xFF])).map(bytes),
)
def test_no_parameters_whatever_break_the_bus(
    servo_id: int, instruction: int, parameters: bytes
) -> None:
    host = Host(ServoBus(aloha_servos("follower")))
    host.ask(servo_id, instruction, parameters)
    assert host.bus.counters.packets == 1
    assert len(host.bus.servos) == 9
    host.close()


# ---- groups -------------------------------------------------------------------------------------


def test_a_silent_servo_ends_a_sync_read(follower: Host) -> None:
    assert len(follower.sync_read(132, 4, IDS)) == 9 * 15
    follower.bus.servos[3].silent = True
    replies = follower.sync_read(132, 4, IDS)
    assert [replies[at + 4] for at in range(0, len(replies), 15)] == [1, 2, 3]
    assert len(follower.sync_read(132, 4, [5, 6, 7, 8, 9, 4])) == 5 * 15
    assert follower.ask(4, 0x01) == b""


def test_a_bulk_read_reads_something_else_of_each(follower: Host) -> None:
    reads = [(3, 132, 4), (9, 0, 2), (1, 144, 3)]
    single = [follower.read_register(*read) for read in reads]
    assert bulk_read(follower, *reads) == b"".join(single)
    follower.bus.servos[8].silent = True
    assert bulk_read(follower, *reads) == single[0]


def test_a_fast_sync_read_is_answered_in_one_packet(follower: Host) -> None:
    for servo in follower.bus.servos:
        servo.set("goal_velocity", -1)  # FF FF FF FF FD 00: never stuffed in here
        servo.set("profile_acceleration", 0xFD)
    observation = b"\xff\xff\xff\xff\xfd\0\0\0"
    parts = [(servo_id, 0, observation) for servo_id in IDS]
    whole = follower.sync_read(104, 8, IDS, fast=True)
    assert whole == build_fast_status(1 + 9 * 12, parts)
    follower.bus.servos[4].silent = True
    assert follower.sync_read(104, 8, IDS, fast=True) == whole[: 8 + 4 * 12]
    follower.bus.servos[0].silent = True
    assert follower.sync_read(104, 8, IDS, fast=True) == b""


def test_a_fast_bulk_read_is_answered_in_one_packet(follower: Host) -> None:
    reads = [(3, 132, 4), (9, 0, 2), (1, 144, 3)]
    parts = [
        (servo_id, *follower.bus.servos[servo_id - 1].read(address, size, 0))
        for servo_id, address, size in reads
    ]
    whole = bulk_read(follower, *reads, fast=True)
    assert whole == build_fast_status(1 + 8 + 6 + 7, parts)
    follower.bus.servos[0].silent = True
    assert bulk_read(follower, *reads, fast=True) == whole[: 8 + 8 + 6]


def test_a_refused_part_of_a_fast_read_keeps_its_place(follower: Host) -> None:
    beyond = b"\x01\x94\x02\x04\x00"  # 4 bytes from 660 on: the table ends there
    reply = follower.ask(BROADCAST, 0x9A, beyond + b"\x02\x41\x00\x01\x00")
    parts = [(1, Error.ACCESS, bytes(4)), (2, 0, b"\x00")]
    assert reply == build_fast_status(1 + 8 + 5, parts)


def test_a_fast_read_of_more_than_a_packet_can_hold_is_not_answered(follower: Host) -> None:
    assert follower.ask(BROADCAST, 0x8A, b"\x00\x00\xff\xff\x01\x02") == b""
    assert follower.ask(1, 0x01)[4] == 1


def test_a_bulk_write_writes_something_else_to_each(follower: Host) -> None:
    goal = (2100).to_bytes(4, "little")
    entries = bulk_entry(1, 116, goal) + bulk_entry(2, 65, b"\x01") + bulk_entry(9, 7, b"\x14")
    cut_off = bulk_entry(8, 65, b"\x01\x01")[:-1]
    assert follower.ask(BROADCAST, 0x93, entries + cut_off) == b""
    servos = follower.bus.servos
    assert servos[0].get("goal_position") == 2100
    assert [servo.get("led") for servo in servos] == [0, 1, 1] + [0] * 6  # 3 shadows 2
    assert follower.ask(20, 0x01)[4] == 20


def test_sync_writes_outside_the_limits_are_refused_in_silence(follower: Host) -> None:
    before = follower.bus.servos[1].get("goal_position")
    beyond = (2868).to_bytes(4, "little")
    assert follower.ask(BROADCAST, 0x83, b"\x74\x00\x04\x00\x02" + beyond) == b""
    assert follower.bus.servos[1].get("goal_position") == before
    assert follower.ask_write(2, 116, beyond) == build_status(2, Error.DATA_LIMIT)


# ---- who is meant -------------------------------------------------------------------------------


def test_a_shadow_follows_its_primary_in_silence(follower: Host) -> None:
    shoulder, shadow = follower.bus.servos[1:3]
    assert follower.ask_write(2, 64, b"\x01") == build_status(2, 0)
    assert (shoulder.torque_on, shadow.torque_on) == (True, True)
    goal = (1234).to_bytes(4, "little")
    assert follower.ask(BROADCAST, 0x83, b"\x74\x00\x04\x00\x02" + goal) == b""
    assert (shoulder.get("goal_position"), shadow.get("goal_position")) == (1234, 1234)
    assert shoulder.goal_rad == pytest.approx(shadow.goal_rad)
    follower.ask_write(2, 116, (1300).to_bytes(4, "little"), 0x04)
    follower.ask(2, 0x05)
    assert (shoulder.get("goal_position"), shadow.get("goal_position")) == (1300, 1300)
    follower.ask(2, 0x08)
    assert (shoulder.torque_on, shadow.torque_on) == (False, False)


def test_eeprom_is_written_to_the_addressed_id_only(follower: Host) -> None:
    assert follower.ask_write(2, 20, (77).to_bytes(4, "little")) == build_status(2, 0)
    assert [servo.get("homing_offset") for servo in follower.bus.servos[1:3]] == [77, 0]


def test_a_broadcast_write_reaches_all_and_is_not_answered(follower: Host) -> None:
    assert follower.ask_write(BROADCAST, 65, b"\x01") == b""
    assert [servo.get("led") for servo in follower.bus.servos] == [1] * 9


@pytest.mark.parametrize(
    ("level", "answered"), [(0, [True, False, False]), (1, [True, True, False])]
)
def test_the_status_return_level_is_kept(follower: Host, level: int, answered: list[bool]) -> None:
    follower.ask_write(1, 68, bytes((level,)))
    ping, read = follower.ask(1, 0x01), follower.read_register(1, 132, 4)
    assert [bool(ping), bool(read), bool(follower.ask_write(1, 65, b"\x01"))] == answered
    assert follower.bus.servos[0].get("led") == 1
    assert bool(follower.sync_read(132, 4, [1, 2])) is answered[1]
    assert bool(follower.sync_read(132, 4, [1, 2], fast=True)) is answered[1]
    assert bool(bulk_read(follower, (1, 132, 4))) is answered[1]
    assert follower.ask_write(1, 65, b"\x00", 0x04) == b""
    assert follower.ask(1, 0x05) == b""
    assert follower.ask(1, 0x10, CLEAR_MULTI_TURN) == b""
    assert follower.ask(1, 0x77) == b""


def test_a_servo_answers_to_its_new_id(follower: Host) -> None:
    assert follower.ask_write(9, 7, b"\x14") == build_status(9, 0)
    assert follower.ask(9, 0x01) == b""
    assert follower.ask(20, 0x01)[4] == 20


def test_the_alert_bit_is_in_every_answer(follower: Host) -> None:
    follower.bus.servos[0].set("hardware_error_status", 0x20)
    assert follower.ask(1, 0x01)[8] == ALERT
    assert follower.sync_read(132, 4, [1, 2])[8] == ALERT
    assert follower.sync_read(132, 4, [1, 2], fast=True)[8] == ALERT
    assert follower.ask_write(1, 65, b"\x01")[8] == ALERT
    assert follower.ask_write(1, 65, b"\x01", 0x04)[8] == ALERT
    assert follower.ask(1, 0x05)[8] == ALERT
    assert follower.ask(1, 0x77)[8] == ALERT | Error.INSTRUCTION
    assert follower.ask_write(1, 64, b"\x01")[8] == ALERT | Error.RESULT_FAIL
