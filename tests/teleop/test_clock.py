import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.clock import FakeClock, LockstepClock, RealTimeClock, next_slot
from teleop.errors import ClockLostError
from teleop.lockstep import receive, send


@given(st.integers(0, 1000), st.integers(0, 10**12))
def test_a_slot_passed_by_is_skipped_never_caught_up(number: Any, elapsed_ns: Any) -> None:
    due, skipped = next_slot(number, elapsed_ns, 20_000_000)
    assert due > number
    assert due * 20_000_000 >= elapsed_ns  # it has not begun
    assert skipped == due - number - 1
    assert skipped == 0 or (due - 1) * 20_000_000 < elapsed_ns  # nothing is skipped without need


def test_missed_ticks_are_counted() -> None:
    clock = FakeClock(period_s=0.02)
    assert clock.wait_for_tick(recording=False, idle=False) == 20_000_000
    clock.pass_time(0.005)
    assert clock.wait_for_tick(recording=True, idle=False) == 40_000_000
    clock.pass_time(0.045)
    assert clock.wait_for_tick(recording=False, idle=False) == 100_000_000
    assert (clock.number, clock.missed, clock.recorded) == (5, 2, [False, True, False])


def test_the_gap_between_ticks_counts_what_was_skipped() -> None:
    clock = FakeClock(period_s=0.02)
    gaps = []
    for worked_s in (0.0, 0.005, 0.05, 0.0):
        clock.pass_time(worked_s)
        clock.wait_for_tick(recording=False, idle=False)
        gaps.append(round(clock.gap_s, 6))
    assert gaps == [0.02, 0.02, 0.06, 0.02]


def test_the_wall_clocks_gap_is_what_went_by_between_ticks() -> None:
    """Late or not, it is measured, not the period."""
    clock = RealTimeClock(period_s=0.001)
    clock.wait_for_tick(recording=False, idle=False)
    threading.Event().wait(0.02)
    clock.wait_for_tick(recording=False, idle=False)
    assert clock.gap_s >= 0.02
    assert clock.missed >= 18


def test_the_wall_clock_starts_with_its_first_tick() -> None:
    clock = RealTimeClock(period_s=0.001)
    before = clock.now_ns
    t_ns = clock.wait_for_tick(recording=False, idle=False)
    assert t_ns >= clock.deadline_ns > before
    assert clock.missed == 0


def world(connection: Any, answers: Any) -> Any:
    def serve() -> None:
        for answer in answers:
            asked.append(receive(connection))
            send(connection, answer)
        connection.close()

    asked = []
    thread = threading.Thread(target=serve)
    thread.start()
    return asked, thread


def test_lockstep_asks_for_frames_when_somebody_looks() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked, thread = world(theirs, [{"t_ns": n * 20_000_000} for n in range(1, 6)])
    with ours:
        clock = LockstepClock(ours, 0.02, 2, lambda: False)
        stamps = [clock.wait_for_tick(recording=n == 3, idle=False) for n in range(1, 6)]
        thread.join()
        assert stamps == [n * 20_000_000 for n in range(1, 6)]
        assert [message["frames"] for message in asked] == [False, True, True, True, False]
        with pytest.raises(ClockLostError, match="lost"):
            clock.wait_for_tick(recording=False, idle=True)


def test_an_error_from_the_world_is_told() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    _, thread = world(theirs, [{"error": "no such thing"}])
    with ours, pytest.raises(ClockLostError, match="no such thing"):
        LockstepClock(ours, 0.02, 2, lambda: False).wait_for_tick(recording=False, idle=False)
    thread.join()


def test_a_paused_world_does_not_keep_control_from_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("teleop.clock.STOP_PATIENCE_S", 0.3)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    clock = LockstepClock(ours, 0.02, 2, lambda: True)
    with ours, theirs, pytest.raises(ClockLostError, match="paused"):
        clock.wait_for_tick(recording=False, idle=False)
