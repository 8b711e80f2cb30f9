"""What scripted faults do to status packets on their way to the host."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.faults.line import LineFaults
from sim.faults.script import Fault
from sim.servos.packets import BROADCAST_ID, build_status

PACKETS = [build_status(n % 9 + 1, 0, n.to_bytes(4, "little")) for n in range(400)]


def line(*faults: Fault, seed: int = 0) -> LineFaults:
    return LineFaults([(fault, Random(f"{seed} {n}")) for n, fault in enumerate(faults)])


def fault(kind: Any, **fields: Any) -> Fault:
    return Fault(kind, "follower_left", **fields)


def sent(spoil: LineFaults) -> list[list[tuple[int, bytes]]]:
    return [list(spoil(packet[4], packet, 0)) for packet in PACKETS]


@pytest.mark.parametrize(
    ("kind", "fields", "out"),
    [
        ("lost", {}, []),
        ("truncated", {"bytes": 4}, [(0, PACKETS[0][:-4])]),
        ("truncated", {"bytes": 1000}, [(0, b"")]),
        ("duplicated", {}, [(0, PACKETS[0])] * 2),
        ("late", {"delay_ms": 2.5}, [(2_500_000, PACKETS[0])]),
    ],
)
def test_each_kind_does_what_it_says(kind: str, fields: Any, out: Any) -> None:
    assert line(fault(kind, **fields))(1, PACKETS[0], 0) == out


def flipped_bits(one: bytes, other: bytes) -> list[int]:
    return [(a ^ b).bit_count() for a, b in zip(one, other, strict=True)]


@given(count=st.integers(1, 30), seed=st.integers())
def test_corruption_flips_one_bit_in_so_many_bytes(count: int, seed: int) -> None:
    spoil = line(fault("corrupted", bytes=count), seed=seed)
    for packet in PACKETS[:10]:
        ((delay_ns, damaged),) = spoil(packet[4], packet, 0)
        flips = flipped_bits(packet, damaged)
        assert delay_ns == 0
        assert sorted(flips, reverse=True)[: min(count, len(packet))] == [1] * sum(flips)
        assert sum(flips) == min(count, len(packet))


def test_any_byte_may_be_hit() -> None:
    spoil = line(fault("corrupted", bytes=1))
    hits = {flipped_bits(p, spoil(p[4], p, 0)[0][1]).index(1) for p in PACKETS}
    assert hits == set(range(len(PACKETS[0])))


def test_noise_comes_before_the_reply_and_differs() -> None:
    out = [parts[0][1] for parts in sent(line(fault("noise", bytes=5)))]
    assert [data[5:] for data in out] == PACKETS
    assert len({data[:5] for data in out}) > 390


def test_a_share_of_the_replies_is_hit_and_the_seed_says_which() -> None:
    whole = [[(0, packet)] for packet in PACKETS]
    hit = sent(line(fault("lost", share=0.25)))
    assert 70 < hit.count([]) < 130
    assert all(each in ([], before) for each, before in zip(hit, whole, strict=True))
    assert hit == sent(line(fault("lost", share=0.25)))
    assert hit != sent(line(fault("lost", share=0.25), seed=1))


def test_a_fault_of_one_servo_leaves_the_others_alone_and_spoils_a_fast_read() -> None:
    spoil = line(fault("lost", servo=4))
    silent = [packet for packet in PACKETS if not spoil(packet[4], packet, 0)]
    assert silent == [packet for packet in PACKETS if packet[4] == 4]
    assert spoil(BROADCAST_ID, b"fast", 0) == []


def test_faults_at_the_same_time_add_up() -> None:
    both = line(
        fault("duplicated"),
        fault("late", delay_ms=1.0),
        fault("late", delay_ms=2.0),
        fault("truncated", bytes=1),
    )
    assert both(1, PACKETS[0], 0) == [(3_000_000, PACKETS[0][:-1])] * 2
