"""What the line and the USB adapter cost, in counted nanoseconds."""

from collections.abc import Callable, Iterator

import pytest
from bus_host import IDS, Host, sync_read
from hypothesis import given
from hypothesis import strategies as st

from sim.config import WireConfig
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.packets import build_packet
from sim.servos.wire import Wire

MS = 1_000_000
OBSERVATION = sync_read(126, 10, IDS)
NINE_GOALS = build_packet(
    0xFE, b"\x83\x74\x00\x04\x00" + b"".join(bytes((i, 0, 8, 0, 0)) for i in IDS)
)

Start = Callable[[WireConfig], Host]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a follower's bus with what the wire costs."""
    hosts = []

    def started(config: WireConfig) -> Host:
        hosts.append(Host(ServoBus(aloha_servos("follower"), wire=config)))
        return hosts[-1]

    yield started
    for host in hosts:
        host.close()


def arrivals(host: Host, request: bytes, at_ns: int = 0) -> list[tuple[int, int]]:
    """(time in us, bytes) of everything that comes after `request`, asked at `at_ns`."""
    found = [(at_ns, len(host.send(request, at_ns)))]
    while (due_ns := host.bus.due_ns) is not None:
        host.bus.service(due_ns - 1)
        assert host.receive() == b""
        host.bus.service(due_ns)
        found.append((due_ns, len(host.receive())))
    return [(at // 1000, size) for at, size in found if size]


def test_without_options_everything_is_there_at_once(start: Start) -> None:
    host = start(WireConfig())
    assert arrivals(host, OBSERVATION, 7000) == [(7, 189)]


def test_a_sync_read_takes_its_bytes_at_line_speed(start: Start) -> None:
    host = start(WireConfig(wire_time=True))
    observed = arrivals(host, OBSERVATION)
    assert observed == [(230 + 210 * turn, 21) for turn in range(1, 10)]
    assert observed[-1][0] == 2120


def test_a_fast_sync_read_is_quicker(start: Start) -> None:
    host = start(WireConfig(wire_time=True))
    assert arrivals(host, sync_read(126, 10, IDS, fast=True)) == [(1570, 134)]


def test_a_faster_line_is_quicker(start: Start) -> None:
    host = start(WireConfig(wire_time=True))
    for servo in host.bus.servos:
        servo.set("baud_rate", 5)
    host.set_baud(3_000_000)
    assert arrivals(host, OBSERVATION)[-1][0] == pytest.approx(2120 / 3, abs=1)


def test_the_factory_return_delay_comes_before_every_reply(start: Start) -> None:
    host = start(WireConfig(wire_time=True))
    for servo in host.bus.servos:
        servo.set("return_delay_time", 250)
    assert arrivals(host, OBSERVATION)[-1] == (2120 + 9 * 500, 21)
    assert arrivals(host, sync_read(126, 10, IDS, fast=True), 20 * MS)[-1][0] == 20_000 + 2070


def test_a_request_waits_for_the_one_before(start: Start) -> None:
    host = start(WireConfig(wire_time=True))
    assert host.send(NINE_GOALS) == b""
    assert len(NINE_GOALS) == 59
    assert arrivals(host, OBSERVATION)[-1] == (590 + 2120, 21)
    assert arrivals(host, OBSERVATION, 20 * MS)[-1] == (20_000 + 2120, 21)


@pytest.mark.parametrize("latency_ms", [1.0, 16.0])
def test_the_adapter_hands_on_full_packets_at_once_and_the_rest_late(
    start: Start, latency_ms: float
) -> None:
    host = start(WireConfig(wire_time=True, usb_latency_ms=latency_ms))
    last_us = 230 + 187 * 10 + round(latency_ms * 1000)
    expected = [(230 + 620, 62), (230 + 1240, 62), (230 + 1860, 62), (last_us, 3)]
    assert arrivals(host, OBSERVATION) == expected


def test_the_latency_timer_also_works_without_wire_time(start: Start) -> None:
    host = start(WireConfig(usb_latency_ms=2.0))
    assert arrivals(host, OBSERVATION, 5 * MS) == [(5000, 186), (7000, 3)]


def test_unplugging_loses_what_was_under_way(start: Start) -> None:
    host = start(WireConfig(wire_time=True))
    host.send(OBSERVATION)
    assert host.bus.due_ns is not None
    host.bus.unplug()
    assert host.bus.due_ns is None


def test_a_late_part_holds_up_its_answer_but_not_the_next() -> None:
    wire = Wire(WireConfig())
    wire.hear(1, 1_000_000, 0)
    wire.send([(0, [(0, b"a")]), (0, [(5, b"b"), (2, b"c")]), (0, [(0, b"d")])])
    assert (wire.due_ns, wire.take(0)) == (0, b"a")
    wire.hear(1, 1_000_000, 1)
    wire.send([(0, [(0, b"next")])])
    assert (wire.due_ns, wire.take(1)) == (1, b"next")
    assert (wire.due_ns, wire.take(5)) == (5, b"b")
    assert (wire.due_ns, wire.take(7)) == (7, b"cd")
    assert (wire.due_ns, wire.waiting_bytes) == (None, 0)


@given(
    latency_us=st.sampled_from([0, 250, 1000, 16_000]),
    baud=st.sampled_from([57_600, 1_000_000, 4_500_000]),
    requests=st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.lists(st.tuples(st.integers(0, 500), st.integers(1, 90)), max_size=9),
        ),
        max_size=6,
    ),
)
def test_every_byte_comes_in_order_and_within_the_latency(
    latency_us: int, baud: int, requests: list[tuple[int, list[tuple[int, int]]]]
) -> None:
    """`requests`: (us since the one before, answers as (return delay in us, bytes))."""
    wire = Wire(WireConfig(wire_time=True, usb_latency_ms=latency_us / 1000))
    byte_ns = round(1e10 / baud)
    free_ns = now_ns = 0
    due: list[
        tuple[int, int]
    ] = []  # per byte: when it was on the line, and handed on at the latest
    for gap_us, answers in requests:
        now_ns += gap_us * 1000
        wire.hear(10, baud, now_ns)
        wire.send([(delay_us * 1000, [(0, bytes(size))]) for delay_us, size in answers])
        free_ns = max(free_ns, now_ns) + 10 * byte_ns
        for delay_us, size in answers:
            free_ns += delay_us * 1000
            ends_ns = free_ns + size * byte_ns
            for _ in range(size):
                free_ns += byte_ns
                due.append((free_ns, free_ns + latency_us * 1000 if latency_us else ends_ns))
    assert wire.waiting_bytes == len(due)
    taken = 0
    while (due_ns := wire.due_ns) is not None:
        assert wire.take(due_ns - 1) == b""
        size = len(wire.take(due_ns))
        assert size > 0
        for earliest, latest in due[taken : taken + size]:
            assert earliest <= due_ns <= latest
        taken += size
    assert taken == len(due)
    assert wire.waiting_bytes == 0
