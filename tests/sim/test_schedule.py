"""Slots with absolute deadlines: late ones are taken, lost ones are skipped and counted."""

from hypothesis import given
from hypothesis import strategies as st

from sim.schedule import Schedule


def test_a_late_slot_is_taken_and_does_not_move_the_next() -> None:
    schedule = Schedule(start_ns=1000, period_ns=100)
    assert schedule.due_ns == 1000
    assert schedule.take(1099) == 0
    assert schedule.due_ns == 1100
    assert schedule.skipped == 0


def test_what_is_late_by_a_period_is_skipped() -> None:
    schedule = Schedule(start_ns=1000, period_ns=100)
    schedule.take(1000)
    assert schedule.take(1350) == 3
    assert schedule.skipped == 2
    assert schedule.due_ns == 1400


@given(st.integers(0, 10**18), st.integers(1, 10**9), st.lists(st.integers(0, 10**10)))
def test_slots_taken_and_skipped_are_all_there_were(
    start_ns: int, period_ns: int, late_ns: list[int]
) -> None:
    schedule = Schedule(start_ns, period_ns)
    taken = []
    for late in late_ns:
        now_ns = schedule.due_ns + late
        taken.append(schedule.take(now_ns))
        assert schedule.due_ns > now_ns
        assert start_ns + taken[-1] * period_ns <= now_ns
    assert taken == sorted(set(taken))
    assert len(taken) + schedule.skipped == (taken[-1] + 1 if taken else 0)
