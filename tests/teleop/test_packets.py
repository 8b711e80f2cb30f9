import struct
from typing import Any

import pytest
from dynamixel_sdk import GroupSyncRead, GroupSyncWrite, PacketHandler
from fastcrc import crc16
from hypothesis import given
from hypothesis import strategies as st

from teleop import packets
from teleop.packets import HEADER, MAX_LENGTH, STATUS, Status, StatusParser, chain, packet

bodies = st.lists(st.sampled_from([0x00, 0x01, 0x55, 0xFD, 0xFE, 0xFF]), max_size=30).map(bytes)
statuses = st.builds(Status, st.integers(1, 252), st.integers(0, 255), bodies | st.binary())


def on_the_wire(status: Status) -> Any:
    return packet(status.servo_id, bytes((STATUS, status.error)) + status.data)


def fed(data: Any, sizes: Any = ()) -> Any:
    parser = StatusParser()
    found = []
    for size in sizes:
        found += parser.feed(data[:size])
        data = data[size:]
    return found + parser.feed(data)


class Wire:
    """Keeps what the SDK would send."""

    is_using = False
    sent = b""

    def setPacketTimeout(self, length: Any) -> None:  # noqa: N802
        pass

    def clearPort(self) -> None:  # noqa: N802
        pass

    def writePort(self, data: Any) -> int:  # noqa: N802
        self.sent = bytes(data)
        return len(data)


def test_our_packets_are_the_sdks_bytes() -> None:
    wire, sdk = Wire(), PacketHandler(2.0)
    sdk.txPacket(wire, [0, 0, 0, 0, 5, 3, 0, packets.Instruction.PING, 0, 0])
    assert wire.sent == packets.ping(5)
    wire.is_using = False
    sdk.readTx(wire, 5, 132, 4)
    assert wire.sent == packets.read(5, 132, 4)
    wire.is_using = False
    sdk.writeTxOnly(wire, 5, 116, 4, [1, 2, 3, 4])
    assert wire.sent == packets.write(5, 116, bytes([1, 2, 3, 4]))
    wire.is_using = False
    read = GroupSyncRead(wire, sdk, 126, 10)
    for servo_id in (1, 2, 9):
        read.addParam(servo_id)
    read.txPacket()
    assert wire.sent == packets.sync_read([1, 2, 9], 126, 10)
    wire.is_using = False
    write = GroupSyncWrite(wire, sdk, 116, 4)
    for servo_id in (1, 2):
        write.addParam(servo_id, [1, 2, 3, servo_id])
    write.txPacket()
    assert wire.sent == packets.sync_write(116, 4, {1: b"\1\2\3\1", 2: b"\1\2\3\2"})


def test_stuffing() -> None:
    """After FF FF FD inside a packet comes one more FD, which the length counts."""
    sent = packets.write(1, 116, b"\xff\xff\xfd\xff")
    assert sent[5:7] == struct.pack("<H", 10)
    assert b"\x74\x00\xff\xff\xfd\xfd\xff" in sent
    assert sent[-2:] == struct.pack("<H", crc16.umts(sent[:-2]))


@given(st.lists(statuses, max_size=5), st.lists(st.integers(0, 40), max_size=12))
def test_every_packet_is_found_however_it_arrives(sent: Any, sizes: Any) -> None:
    assert fed(b"".join(map(on_the_wire, sent)), sizes) == [
        status for status in sent if len(on_the_wire(status)) <= MAX_LENGTH + 7
    ]


@given(st.binary(max_size=600) | bodies, st.lists(st.integers(0, 40), max_size=12))
def test_noise_is_never_data(noise: bytes, sizes: Any) -> None:
    for status in fed(noise, sizes):
        assert on_the_wire(status) in noise


@given(st.binary(max_size=60) | bodies, statuses.filter(lambda status: len(status.data) < 100))
def test_a_packet_behind_noise_is_found(noise: bytes, status: Status) -> None:
    """Even if the noise claims to be a long packet."""
    following = Status(9, 0, b"end")
    found = fed(noise + on_the_wire(status) + on_the_wire(following))
    assert found[-2:] == [status, following]
    parser = StatusParser()
    parser.feed(noise)
    parser.reset()
    assert parser.feed(on_the_wire(status)) == [status]


@given(statuses.filter(lambda status: len(status.data) < 100), st.data())
def test_a_cut_off_packet_costs_only_itself(status: Status, data: Any) -> None:
    whole = on_the_wire(status)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    following = [Status(2, 0, b"12"), Status(3, 0x80, b"34")]
    assert fed(cut + b"".join(map(on_the_wire, following)))[-2:] == following


@given(statuses.filter(lambda status: len(status.data) < 100), st.data())
def test_a_flipped_bit_costs_only_its_packet(status: Status, data: Any) -> None:
    whole = bytearray(on_the_wire(status))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    following = Status(2, 0, b"12")
    assert fed(bytes(whole) + on_the_wire(following) + on_the_wire(following))[-1:] == [following]
    assert status not in fed(bytes(whole))


@given(st.lists(st.binary(max_size=50), max_size=60))
def test_the_parser_keeps_at_most_one_packet(pieces: Any) -> None:
    parser = StatusParser()
    for piece in pieces:
        parser.feed(HEADER + b"\x01\xf0\x00" + piece)
        assert len(parser._buffer) <= MAX_LENGTH + 7


@pytest.mark.parametrize(
    "echo", [packets.ping(1), packets.sync_read([1, 2], 126, 10), packets.read(1, 0, 2)]
)
def test_echoes_of_instructions_are_ignored(echo: Any) -> None:
    status = Status(1, 0, b"x")
    assert fed(echo + on_the_wire(status)) == [status]


answers = st.lists(
    st.tuples(st.integers(0, 255), st.binary(min_size=10, max_size=10) | bodies.map(bytes)),
    min_size=9,
    max_size=9,
)


def taken_whole(raw: bytes, size: int, keep: int) -> Any:
    """What `chain` finds, as `StatusParser` would say it."""
    found = chain(raw, range(1, 10), size, keep)
    if found is None:
        return None
    data, errors = found
    parts = [data[at : at + keep] for at in range(0, 9 * keep, keep)]
    return [Status(i, *said) for i, *said in zip(range(1, 10), errors, parts, strict=True)]


@given(answers, st.integers(1, 10))
def test_nine_answers_taken_whole_are_what_the_parser_finds(said: Any, keep: int) -> None:
    statuses = [Status(i, error, data) for i, (error, data) in enumerate(said, 1)]
    raw = b"".join(map(on_the_wire, statuses))
    plain = all(len(s.data) == 10 and len(on_the_wire(s)) == 21 for s in statuses)
    kept = [status._replace(data=status.data[-keep:]) for status in statuses]
    assert taken_whole(raw, 10, keep) == (kept if plain else None)


@given(answers, st.data())
def test_whatever_is_not_nine_intact_answers_is_not_taken_whole(said: Any, data: Any) -> None:
    """One flipped bit, one missing byte, one answer twice or out of turn."""
    packets_of_all = [
        on_the_wire(Status(i, error, bytes(10))) for i, (error, _) in enumerate(said, 1)
    ]
    whole = b"".join(packets_of_all)
    assert taken_whole(whole, 10, 10) is not None
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes((whole[at] ^ 1 << at % 8,)) + whole[at + 1 :]
    order = data.draw(st.permutations(packets_of_all))
    for spoilt in (flipped, whole[:at] + whole[at + 1 :], whole + whole[-21:], b"\0" + whole):
        assert taken_whole(spoilt, 10, 10) is None
    assert (taken_whole(b"".join(order), 10, 10) is None) == (order != packets_of_all)
