"""Rate, lateness and lost packets, from real tick rings."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from live_rings import PERIOD_NS, SECOND_NS, LiveRings

from session.config import SimulationMode, load_rig
from teleop.ring import RingReader
from teleop.tick import TICK_RING, Realtime
from tui.facts.loop import LATE_EDGES_MS, loop_of
from tui.facts.ticks import Ticks

RIG = load_rig("sim").rig


@pytest.fixture
def rings(tmp_path: Path) -> Iterator[LiveRings]:
    made = LiveRings(tmp_path, mode=SimulationMode(realtime=True))
    yield made
    made.close()


def looked(tmp_path: Path) -> Ticks:
    ticks = Ticks()
    ticks.look(RingReader(tmp_path / TICK_RING))
    return ticks


def test_ticks_that_are_all_two_milliseconds_late(rings: LiveRings, tmp_path: Path) -> None:
    lost = np.array([0, 3, 0, 0])
    end_ns = rings.run(300, late_ns=2_000_000, lost=lost, retries=2, connected=True, missed=4)
    loop = loop_of(looked(tmp_path), RIG, False, end_ns * 1e-9 + 1.0)
    assert loop is not None
    assert loop.rate_hz == pytest.approx(50.0)
    assert loop.wanted_hz == 50.0
    assert loop.late_ms == loop.late_max_ms == pytest.approx(2.0)
    assert (loop.missed, loop.missed_lately) == (4, 0)
    assert loop.silent_s == pytest.approx(1.0 + PERIOD_NS * 1e-9)
    assert loop.realtime == "ordinary"
    assert [bus.name for bus in loop.buses] == list(RIG.bus_names)
    assert [(bus.lost, bus.again, bus.lost_lately) for bus in loop.buses][1] == (3, 2, 0)
    (bin_of_all,) = np.flatnonzero(loop.histogram)
    assert loop.histogram[bin_of_all] == 300
    assert LATE_EDGES_MS[bin_of_all] <= 2.0 < LATE_EDGES_MS[bin_of_all + 1]


def test_the_bins_cover_everything_from_nothing_to_a_tenth_of_a_second() -> None:
    assert len(LATE_EDGES_MS) == 32
    assert list(LATE_EDGES_MS) == sorted(set(LATE_EDGES_MS))
    assert (LATE_EDGES_MS[0], LATE_EDGES_MS[-1]) == (0.0, 100.0)


def test_one_very_late_tick_shows_and_is_forgotten_after_ten_seconds(
    rings: LiveRings, tmp_path: Path
) -> None:
    rings.tick(0, late_ns=250_000_000)
    end_ns = rings.run(400, PERIOD_NS)
    ticks = looked(tmp_path)
    loop = loop_of(ticks, RIG, False, 0.0)
    assert loop is not None
    assert (loop.late_max_ms, loop.histogram[-1]) == (250.0, 1)
    assert loop.late_ms == 0.0
    rings.run(200, end_ns)
    ticks.look(RingReader(tmp_path / TICK_RING))
    later = loop_of(ticks, RIG, False, 0.0)
    assert later is not None
    assert later.late_max_ms == 0.0


def test_what_was_lost_lately_is_less_than_what_was_lost(rings: LiveRings, tmp_path: Path) -> None:
    rings.tick(0, lost=5)
    end_ns = rings.run(600, PERIOD_NS)
    rings.tick(end_ns, lost=np.array([5, 5, 7, 5]), retries=np.array([0, 0, 9, 0]))
    loop = loop_of(looked(tmp_path), RIG, False, 0.0)
    assert loop is not None
    assert [(bus.lost, bus.lost_lately) for bus in loop.buses] == [(5, 0), (5, 0), (7, 2), (5, 0)]


def test_deadlines_missed_lately_are_told_apart_from_those_of_the_whole_session(
    rings: LiveRings, tmp_path: Path
) -> None:
    rings.tick(0, missed=3)
    end_ns = rings.run(100, PERIOD_NS, missed=4)
    loop = loop_of(looked(tmp_path), RIG, False, 0.0)
    assert loop is not None
    assert (loop.missed, loop.missed_lately) == (4, 1)
    rings.run(600, end_ns, missed=4)
    later = loop_of(looked(tmp_path), RIG, False, 0.0)
    assert later is not None
    assert (later.missed, later.missed_lately) == (4, 0)


def test_ticks_left_out_show_as_a_lower_rate(rings: LiveRings, tmp_path: Path) -> None:
    for number in (0, 2, 4, 6, 8):
        rings.tick(number * PERIOD_NS)
    loop = loop_of(looked(tmp_path), RIG, False, 0.0)
    assert loop is not None
    assert loop.rate_hz == pytest.approx(25.0)


def test_lock_step_is_never_silent_and_voltage_and_alarms_have_words(
    rings: LiveRings, tmp_path: Path
) -> None:
    volts, alarms = np.full((4, 9), 12.0), np.zeros((4, 9), np.uint8)
    volts[2, 3], volts[1], alarms[2, 4] = 10.9, 0.0, 0x20
    realtime = Realtime.FIFO | Realtime.MEMORY_LOCKED
    rings.tick(0, voltage_v=volts, hardware_error=alarms, realtime=realtime)
    loop = loop_of(looked(tmp_path), RIG, True, 99.0)
    assert loop is not None
    assert (loop.silent_s, loop.rate_hz) == (None, 0.0)
    assert loop.realtime == "real time, memory locked"
    assert loop.buses[1].voltage_v is None
    assert loop.buses[2].voltage_v == pytest.approx(10.9)
    assert loop.buses[2].errors == "5 overloaded"
    assert not loop.buses[2].connected


def test_every_tick_is_read_once_and_a_new_ring_begins_anew(
    rings: LiveRings, tmp_path: Path
) -> None:
    ticks, reader = Ticks(), RingReader(tmp_path / TICK_RING)
    ticks.look(None)
    assert ticks.newest is None
    assert loop_of(ticks, RIG, False, 0.0) is None
    end_ns = rings.run(10)
    ticks.look(reader)
    ticks.look(reader)
    rings.run(5, end_ns)
    ticks.look(reader)
    assert len(ticks.briefs) == 15
    rings.new_ticks()
    successor = RingReader(tmp_path / TICK_RING)
    ticks.look(successor)  # nothing in it yet: what was seen last still holds
    assert len(ticks.briefs) == 15
    rings.run(3, 77 * SECOND_NS)
    ticks.look(successor)
    assert len(ticks.briefs) == 3


def test_who_was_away_for_a_whole_ring_goes_on_with_what_is_left(
    rings: LiveRings, tmp_path: Path
) -> None:
    rings.new_ticks(slots=64)
    ticks, reader = Ticks(), RingReader(tmp_path / TICK_RING)
    end_ns = rings.run(10)
    ticks.look(reader)
    rings.run(200, end_ns)
    ticks.look(reader)
    assert ticks.newest is not None
    assert int(ticks.newest["t_ns"]) == 209 * PERIOD_NS
    assert 0 < len(ticks.briefs) < 10 + 64
