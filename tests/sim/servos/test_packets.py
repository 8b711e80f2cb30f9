"""The emulated servos' packet code: the manual's examples, and the parser against anything."""

from hypothesis import given
from hypothesis import strategies as st

from sim.servos.packets import (
    InstructionPacket,
    InstructionParser,
    build_fast_status,
    build_packet,
    build_status,
)
from teleop.packets import sync_read as products_sync_read

PING_1 = bytes.fromhex("fffffd00 01 0300 01 194e")
"""The e-manual's example packet."""

BODIES = st.binary(min_size=1, max_size=40) | st.lists(
    st.sampled_from([b"\xff", b"\xfd", b"\x00", b"\xff\xff\xfd", b"\x55"]), min_size=1, max_size=20
).map(b"".join)


def test_packets_match_the_manuals_examples() -> None:
    assert build_packet(1, b"\x01") == PING_1
    assert build_status(1, 0, b"\x06\x04\x26") == bytes.fromhex("fffffd00010700550006 0426 655d")
    assert InstructionParser().feed(PING_1) == [InstructionPacket(1, 1, b"")]


def test_the_products_own_packets_are_understood() -> None:
    request = products_sync_read([1, 2, 9], 126, 10)
    assert InstructionParser().feed(request) == [
        InstructionPacket(0xFE, 0x82, bytes((126, 0, 10, 0, 1, 2, 9)))
    ]


@given(packets=st.lists(st.tuples(st.integers(0, 253), BODIES), max_size=6), data=st.data())
def test_packets_come_back_whole_however_they_are_cut(
    packets: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(build_packet(servo_id, body) for servo_id, body in packets)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    parser = InstructionParser()
    found = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        found += parser.feed(stream[start:end])
    assert [(each.servo_id, each.instruction, each.parameters) for each in found] == [
        (servo_id, body[0], body[1:]) for servo_id, body in packets
    ]
    assert parser.junk_bytes == 0


@given(
    stream=st.lists(
        st.binary(max_size=30) | st.sampled_from([b"\xff\xff\xfd\x00", PING_1[:8], b"\x01\xff\xff"])
    ).map(b"".join)
)
def test_noise_never_stops_the_parser_and_every_byte_is_accounted_for(stream: bytes) -> None:
    parser = InstructionParser()
    found = parser.feed(stream)
    parser.forget()
    intact = [packet for packet in found if packet.intact]
    taken = sum(
        len(build_packet(each.servo_id, bytes((each.instruction,)) + each.parameters))
        for each in intact
    )
    assert parser.crc_errors == sum(not packet.intact for packet in found)
    assert parser.junk_bytes + taken == len(stream)
    assert parser.feed(PING_1) == [InstructionPacket(1, 1, b"")]


@given(body=BODIES, at=st.integers(0, 1000), bit=st.integers(0, 7))
def test_no_flipped_bit_gets_through(body: bytes, at: int, bit: int) -> None:
    damaged = bytearray(build_packet(5, body))
    damaged[at % len(damaged)] ^= 1 << bit
    assert not [packet for packet in InstructionParser().feed(bytes(damaged)) if packet.intact]


def test_a_forgotten_half_is_not_completed() -> None:
    parser = InstructionParser()
    assert parser.feed(PING_1[:6]) == []
    parser.forget()
    assert parser.feed(PING_1[6:] + PING_1) == [InstructionPacket(1, 1, b"")]


@given(parts=st.lists(st.tuples(st.integers(1, 252), st.integers(0, 255), st.binary(max_size=12))))
def test_each_crc_of_a_fast_status_covers_all_before_it(
    parts: list[tuple[int, int, bytes]],
) -> None:
    whole = build_fast_status(1 + sum(4 + len(data) for _, _, data in parts), parts)
    assert whole[5] | whole[6] << 8 == len(whole) - 7
    end = 8
    for servo_id, error, data in parts:
        assert whole[end : end + 2 + len(data)] == bytes((error, servo_id)) + data
        end += 4 + len(data)
        assert whole[end - 2 : end] == _crc_bit_by_bit(whole[: end - 2]).to_bytes(2, "little")


def _crc_bit_by_bit(data: bytes) -> int:
    """CRC-16 with polynomial 0x8005, as the e-manual defines it."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
