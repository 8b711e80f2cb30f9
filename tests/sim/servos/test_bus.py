"""The emulated bus as a port: line speeds, faults on the way, cables, names."""

import os
from pathlib import Path

import pytest
from bus_host import BROADCAST, IDS, Host, sync_read
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import SimError
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.packets import build_packet, build_status

PING_1 = build_packet(1, b"\x01")
MS = 1_000_000


# ---- packets ------------------------------------------------------------------------------------


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


# ---- line speeds --------------------------------------------------------------------------------


def test_nobody_hears_a_port_that_was_never_set_up() -> None:
    host = Host(ServoBus(aloha_servos("follower")), baud=None)
    assert host.send(PING_1, 5) == b""
    assert host.bus.heard_ns == 0
    host.set_baud(1_000_000)
    assert host.send(PING_1, 6)[4] == 1
    assert host.bus.heard_ns == 6
    host.close()


def test_a_servo_hears_only_its_own_line_speed(follower: Host) -> None:
    assert follower.ask_write(3, 8, b"\x01") == build_status(3, 0)
    assert follower.ask(3, 0x01) == b""
    assert [reply_id(each) for each in split(follower.sync_read(132, 4, IDS))] == [1, 2]
    assert [reply_id(each) for each in split(follower.ask(BROADCAST, 0x01))] == [1, 2, *IDS[3:]]
    follower.set_baud(57_600)
    assert [reply_id(each) for each in split(follower.ask(BROADCAST, 0x01))] == [3]
    follower.ask_write(2, 65, b"\x01")
    assert follower.bus.servos[1].get("led") == 0
    assert follower.ask_write(3, 8, b"\x07") == build_status(3, 0)
    follower.set_baud(4_500_000)  # a rate that termios has no name for
    assert follower.ask(3, 0x01)[4] == 3


def test_half_a_packet_is_not_completed_at_another_speed(follower: Host) -> None:
    follower.bus.servos[1].set("baud_rate", 2)
    ping_2 = build_packet(2, b"\x01")
    follower.send(ping_2[:6])
    follower.set_baud(115_200)
    assert follower.send(ping_2[6:]) == b""
    assert follower.send(ping_2)[4] == 2


def test_the_watchdogs_clock_starts_at_intact_instructions_only(follower: Host) -> None:
    follower.send(PING_1, 10)
    follower.send(PING_1[:-1] + b"\x00", 20)
    follower.send(build_status(1, 0), 30)
    assert follower.bus.heard_ns == 10
    follower.ask(77, 0x01, at_ns=40)
    assert follower.bus.heard_ns == 40


# ---- faults on the way --------------------------------------------------------------------------


def test_a_disturbance_gets_every_status_packet_and_says_what_becomes_of_it(
    follower: Host,
) -> None:
    seen: list[tuple[int, bytes, int]] = []

    def disturb(servo_id: int, packet: bytes, now_ns: int) -> list[tuple[int, bytes]]:
        seen.append((servo_id, packet, now_ns))
        return {
            1: [(0, packet)],
            2: [],
            3: [(0, packet), (0, packet)],
            4: [(0, packet[:-3])],
        }[servo_id]

    calm = split(follower.sync_read(132, 4, [1, 2, 3, 4]))
    follower.bus.disturb = disturb
    replies = follower.sync_read(132, 4, [1, 2, 3, 4], at_ns=9)
    assert seen == [(servo_id, calm[servo_id - 1], 9) for servo_id in (1, 2, 3, 4)]
    assert replies == calm[0] + calm[2] + calm[2] + calm[3][:-3]
    follower.bus.disturb = None
    assert split(follower.sync_read(132, 4, [1, 2, 3, 4])) == calm


def test_a_fast_read_is_disturbed_as_the_one_packet_it_is(follower: Host) -> None:
    seen: list[int] = []
    follower.bus.disturb = lambda servo_id, packet, _: seen.append(servo_id) or [(0, packet)]
    follower.sync_read(132, 4, IDS, fast=True)
    assert seen == [BROADCAST]


def test_a_late_reply_goes_out_when_it_is_due(follower: Host) -> None:
    calm = split(follower.sync_read(132, 4, [1, 2, 3]))
    follower.bus.disturb = lambda servo_id, packet, _: [(30 * MS * (servo_id == 2), packet)]
    assert follower.sync_read(132, 4, [1, 2, 3], at_ns=100) == calm[0]
    assert follower.bus.due_ns == 100 + 30 * MS
    assert follower.ask_write(1, 65, b"\x01") == build_status(1, 0)
    assert follower.later(100 + 30 * MS - 1) == b""
    assert follower.later(100 + 30 * MS) == calm[1] + calm[2]
    assert follower.bus.due_ns is None


def test_noise_reaches_the_host_and_nobody_when_unplugged(follower: Host) -> None:
    follower.bus.say(b"\xff\xff\xfd\x00noise")
    assert follower.receive() == b"\xff\xff\xfd\x00noise"
    follower.bus.unplug()
    follower.bus.say(b"unheard")
    follower.bus.plug()
    again = Host(follower.bus)
    assert again.receive() == b""
    os.close(again.descriptor)


# ---- the cable ----------------------------------------------------------------------------------


READ_TABLE = build_packet(1, b"\x02\x00\x00\x96\x02")
"""Answered with 673 bytes."""


@pytest.mark.parametrize("late_ns", [0, 255 * MS])
def test_a_host_that_never_reads_neither_blocks_nor_grows_the_bus(
    follower: Host, late_ns: int
) -> None:
    follower.bus.disturb = lambda _, packet, __: [(late_ns, packet)]
    for _ in range(300):
        follower.write(READ_TABLE)
        follower.bus.service(0)
    assert follower.bus.counters.packets == 300
    assert follower.bus.counters.dropped_bytes > 0
    received = b""
    while more := follower.later(late_ns):
        received += more
    assert received.count(b"\xff\xff\xfd\x00\x01") == len(received) / 673 > 90
    assert (follower.send(PING_1, late_ns) + follower.later(2 * late_ns))[4] == 1


def test_what_was_not_read_before_unplugging_never_comes(follower: Host) -> None:
    for _ in range(300):
        follower.write(READ_TABLE)
        follower.bus.service(0)
    follower.write(PING_1[:6])
    follower.bus.service(0)
    follower.bus.unplug()
    follower.bus.plug()
    again = Host(follower.bus)
    assert again.later(0) == b""
    assert again.send(PING_1[6:]) == b""
    assert again.send(PING_1)[4] == 1
    os.close(again.descriptor)


def test_unplugging_hangs_up_and_plugging_in_serves_the_same_servos(follower: Host) -> None:
    follower.ask_write(1, 65, b"\x01")
    follower.bus.unplug()
    assert os.read(follower.descriptor, 100) == b""
    assert follower.bus.service(0) == 0
    assert follower.bus.fileno() == -1
    follower.bus.plug()
    again = Host(follower.bus)
    assert again.read_register(1, 65, 1)[9] == 1
    os.close(again.descriptor)


def test_a_host_may_come_and_go(follower: Host) -> None:
    os.close(os.open(follower.bus.port, os.O_RDWR | os.O_NOCTTY))
    assert follower.send(PING_1)[4] == 1


def test_a_ports_name_stays_while_its_pty_changes(tmp_path: Path) -> None:
    link = tmp_path / "ttyDXL_leader_left"
    link.symlink_to("/dev/pts/of_a_dead_process")
    bus = ServoBus(aloha_servos("leader"), link=link)
    first, target = Host(bus), os.readlink(link)
    assert bus.port == str(link)
    assert first.send(PING_1)[4] == 1
    bus.unplug()
    assert not os.path.lexists(link)
    bus.plug()
    second = Host(bus)
    assert bus.port == str(link)
    assert second.send(PING_1)[4] == 1
    os.close(first.descriptor)
    second.close()
    assert list(tmp_path.iterdir()) == []
    assert target.startswith("/dev/pts/")


def test_a_link_that_leads_elsewhere_by_now_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "port"
    first, second = (ServoBus(aloha_servos("leader"), link=link) for _ in range(2))
    first.close()
    host = Host(second)
    assert host.send(PING_1)[4] == 1
    host.close()


def test_no_file_is_overwritten_by_a_ports_name(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(SimError, match="notes is in the way"):
        ServoBus(aloha_servos("leader"), link=tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"


def split(stream: bytes) -> list[bytes]:
    """The status packets in a stream without stuffing or noise."""
    packets = []
    while stream:
        size = 7 + (stream[5] | stream[6] << 8)
        packets.append(stream[:size])
        stream = stream[size:]
    return packets


def reply_id(packet: bytes) -> int:
    return packet[4]


def test_replies_split_as_they_should(follower: Host) -> None:
    assert b"".join(split(follower.send(sync_read(132, 4, IDS)))) == follower.sync_read(132, 4, IDS)
