"""The lean path against emulated arms in their own processes."""

import os
import struct
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teleop.bus import GOAL_POSITION, PRESENT, Block, ServoBus, read_together
from teleop.errors import PortError
from teleop.packets import STATUS, packet
from teleop.port import SerialPort

PATIENT_S = 1.0
HASTY_S = 0.25


@pytest.fixture
def open_bus(arm_bus: Any) -> Any:
    opened = []

    def open_one(role: Any = "follower", *options: str) -> Any:
        arm = arm_bus(role, *options)
        opened.append(ServoBus(f"{role}_{len(opened)}", SerialPort(arm.port, 1_000_000)))
        return arm, opened[-1]

    yield open_one
    for bus in opened:
        bus.port.close()


def read(bus: Any, timeout_s: Any = PATIENT_S, block: Any = PRESENT) -> Any:
    return read_together([bus], block, timeout_s, time.monotonic_ns)[0].replies


def ticks(replies: Any) -> Any:
    return {i: struct.unpack("<hii", status.data)[2] for i, status in replies.items()}


def test_nine_servos_answer(open_bus: Any) -> None:
    arm, bus = open_bus()
    arm.move(1, 0.5)
    replies = read(bus)
    assert sorted(replies) == list(range(1, 10))
    assert ticks(replies)[1] == arm.register(1, "present_position") == 2048 + 326
    assert (bus.lost, bus.retries) == (0, 0)


def test_four_buses_answer_in_one_read(open_bus: Any) -> None:
    arms, buses = zip(*(open_bus() for _ in range(4)), strict=True)
    for number, arm in enumerate(arms):
        arm.move(1, 0.1 * number)
    readings = read_together(buses, PRESENT, PATIENT_S, time.monotonic_ns)
    for arm, reading in zip(arms, readings, strict=True):
        assert ticks(reading.replies)[1] == arm.register(1, "present_position")
        assert reading.complete_ns > 0


def test_a_stuffed_reply_is_read_right(open_bus: Any) -> None:
    """Velocity -1 and position 0x..FD put FF FF FF FF FD on the wire."""
    arm, bus = open_bus()
    arm.set_register(4, "present_velocity", -1)
    arm.set_register(4, "present_position", 0x7FD)
    assert struct.unpack("<hii", read(bus)[4].data)[1:] == (-1, 0x7FD)


def test_behind_a_silent_servo_the_others_are_asked_again_at_once(open_bus: Any) -> None:
    arm, bus = open_bus()
    arm.silence(4)
    assert sorted(read(bus, HASTY_S)) == [1, 2, 3, 5, 6, 7, 8, 9]
    assert (bus.lost, bus.retries) == (1, 6)  # 4, and the five that wait for it
    for _ in range(5):
        assert sorted(read(bus, HASTY_S)) == [1, 2, 3, 5, 6, 7, 8, 9]
    assert (bus.lost, bus.retries) == (6, 18)  # known to be silent: last, and not asked twice
    arm.silence(4, on=False)
    assert sorted(read(bus, HASTY_S)) == list(range(1, 10))
    arm.silence(2)
    assert sorted(read(bus, HASTY_S)) == [1, 3, 4, 5, 6, 7, 8, 9]


def test_two_silent_servos_leave_a_partial_result(open_bus: Any) -> None:
    arm, bus = open_bus()
    arm.silence(3)
    arm.silence(6)
    for _ in range(8):
        replies = read(bus, HASTY_S)
        assert {1, 2, 4, 5} <= set(replies)
        assert not {3, 6} & set(replies)
    assert sorted(replies) == [1, 2, 4, 5, 7, 8, 9]
    arm.silence(6, on=False)
    answers = [set(read(bus, HASTY_S)) for _ in range(3)]
    assert answers[-1] == {1, 2, 4, 5, 6, 7, 8, 9}


@pytest.mark.parametrize("how", ["flip", "cut", "junk", "drop"])
def test_spoilt_replies_cost_one_retry_and_never_wrong_data(open_bus: Any, how: Any) -> None:
    arm, bus = open_bus()
    expected = ticks(read(bus))
    arm.garble(how)
    assert ticks(read(bus, HASTY_S)) == expected
    assert bus.lost == 0
    assert bus.retries == (0 if how == "junk" else 9)  # all of them were spoilt


@pytest.mark.parametrize("late_by", [1, 2, 3, 9])
def test_late_replies_do_not_pass_for_new_ones(late_by: int) -> None:
    """Replies to a request that was given up arrive while a later one is under way."""
    master, slave = os.openpty()
    port = SerialPort(os.ttyname(slave), 1_000_000)
    bus = ServoBus("late", port)
    late = b""
    for tick in range(late_by):
        assert read(bus, 0.01) == {}
        asked = os.read(master, 100)  # nobody has answered it in time
        late = late or replies(size=asked[10], position=1)
        assert tick == 0 or asked[10] != late[5] - 4

    def answer_late() -> None:
        request = bytearray()
        while len(request) < 23:
            request += os.read(master, 23 - len(request))
        os.write(master, late + replies(request[10], position=2))

    thread = threading.Thread(target=answer_late)
    thread.start()
    assert ticks(read(bus)) == dict.fromkeys(range(1, 10), 2)
    thread.join()
    port.close()
    os.close(master)
    os.close(slave)


def replies(size: int, position: int) -> bytes:
    data = bytes(size - 4) + position.to_bytes(4, "little")
    return b"".join(packet(i, bytes((STATUS, 0)) + data) for i in range(1, 10))


def test_a_refused_read_keeps_its_error_byte(open_bus: Any) -> None:
    _, bus = open_bus()
    reply = read(bus, block=Block(60_000, 1))[3]
    assert reply.data == b""
    assert reply.error == 7  # access error


def test_the_alert_bit_comes_with_the_data(open_bus: Any) -> None:
    arm, bus = open_bus()
    arm.set_register(7, "hardware_error_status", 0x20)
    replies = read(bus)
    assert replies[7].error == 0x80
    assert len(replies[7].data) == 10


def test_goals_reach_the_primaries_and_their_shadows(open_bus: Any) -> None:
    _arm, bus = open_bus()
    goals = [2048, 1000, 1001, 0x7FD, 2000, 100, 4000]
    bus.write_goals(goals)
    written = {
        i: int.from_bytes(s.data, "little") for i, s in read(bus, block=GOAL_POSITION).items()
    }
    assert [written[i] for i in (1, 2, 4, 6, 7, 8, 9)] == goals
    assert (written[3], written[5]) == (1000, 1001)


def test_one_servo_silent_of_36_costs_only_its_own_data(open_bus: Any) -> None:
    """Tick by tick: not even in the first one does another servo go without an answer."""
    arms, buses = zip(*(open_bus() for _ in range(4)), strict=True)
    arms[2].silence(4)
    for tick in range(12):
        readings = read_together(buses, PRESENT, HASTY_S, time.monotonic_ns)
        heard = [sorted(reading.replies) for reading in readings]
        everybody = list(range(1, 10))
        without_it = [servo_id for servo_id in everybody if servo_id != 4]
        assert heard == [everybody, everybody, without_it, everybody], tick
    assert [bus.lost for bus in buses] == [0, 0, 12, 0]


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_whoever_is_silent_is_lost_and_counted_and_nobody_is_made_up(
    open_bus: Any, changes: Any
) -> None:
    """Servos drop out and come back as they like: replies are theirs, or counted as lost."""
    arm, bus = open_bus()
    silent = set()
    for servo_id, on in changes:
        arm.silence(servo_id, on)
        silent = silent | {servo_id} if on else silent - {servo_id}
        lost = bus.lost
        heard = set(read(bus, 0.05))
        assert not heard & silent
        assert bus.lost - lost == 9 - len(heard)


def test_every_reply_that_did_not_come_intact_is_counted(open_bus: Any, tmp_path: Path) -> None:
    """By the emulator's own count: what it swallowed was asked for again, and then may be lost."""
    (tmp_path / "faults.toml").write_text(
        """
        seed = 3
        [[faults]]
        kind = "lost"
        bus = "follower_left"
        since = "start"
        share = 0.1
        """
    )
    arm, bus = open_bus("follower", "--faults", str(tmp_path / "faults.toml"))
    for _ in range(30):
        read(bus, 0.5)
    assert bus.retries + bus.lost == arm.counters()["lost_replies"] > 10


def test_a_pulled_adapter_takes_its_own_bus_out_only(open_bus: Any, tmp_path: Path) -> None:
    link = tmp_path / "pulled"
    pulled, other = open_bus("follower", "--link", str(link)), open_bus("leader")
    arms, buses = zip(pulled, other, strict=True)
    read_together(buses, PRESENT, PATIENT_S, time.monotonic_ns)
    arms[0].unplug()
    for _ in range(3):
        gone, there = read_together(buses, PRESENT, PATIENT_S, time.monotonic_ns)
        assert gone.replies == {}
        assert sorted(there.replies) == list(range(1, 10))
        assert [bus.connected for bus in buses] == [False, True]
        buses[0].write_goals([2048] * 7)  # goes nowhere
        buses[0].write(64, 1, {1: 1})
        buses[0].reboot(1)
    with pytest.raises(PortError, match="does not exist"):
        buses[0].reconnect()
    assert not buses[0].connected
    arms[0].plug()
    buses[0].reconnect()
    readings = read_together(buses, PRESENT, PATIENT_S, time.monotonic_ns)
    assert [sorted(reading.replies) for reading in readings] == [list(range(1, 10))] * 2
    assert arms[0].register(1, "goal_position") == 2048
    assert arms[0].register(1, "torque_enable") == 0


def test_unplugged_while_it_is_written_to(open_bus: Any) -> None:
    arm, bus = open_bus()
    arm.unplug()
    bus.write_goals([2000] * 7)
    assert not bus.connected
    assert read(bus) == {}
