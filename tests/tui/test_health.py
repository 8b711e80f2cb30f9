"""The numbers of `teleop mirror`, from a real tick ring."""

from pathlib import Path

import pytest

from teleop.joints import BUS_NAMES, JOINT_NAMES
from teleop.ring import RingReader, RingWriter
from teleop.tick import TICK_DTYPE, Limited, empty_tick
from tui.health import health_line, health_of

PERIOD_NS = 20_000_000


def ring_of(path: Path, count: int) -> RingWriter:
    """Ticks 20 ms apart, each 2 ms late; a joint is limited in the first, and one in the last."""
    writer = RingWriter(path, TICK_DTYPE, 256)
    for number in range(count):
        tick = empty_tick()
        tick["number"], tick["deadline_ns"] = number, number * PERIOD_NS
        tick["t_ns"] = number * PERIOD_NS + 2_000_000
        tick["lost"][1], tick["retries"][:] = 3, 2
        tick["temperature_degc"][2, 3] = 41
        if number == 0:
            tick["limited"][JOINT_NAMES.index("left_waist")] = Limited.POSITION
        if number == count - 1:
            both = Limited.POSITION | Limited.VELOCITY
            tick["limited"][JOINT_NAMES.index("right_elbow")] = both
        writer.append(tick)
    return writer


def test_the_last_second(tmp_path: Path) -> None:
    writer = ring_of(tmp_path / "ticks", 300)
    with RingReader(tmp_path / "ticks") as reader:
        health = health_of(reader)
    writer.close()
    assert health is not None
    assert health.rate_hz == pytest.approx(50.0)
    assert health.late_ms == pytest.approx(2.0)
    assert (health.missed, health.lost, health.again) == (0, 3, 8)
    assert health.limited == ("right_elbow (position+velocity)",)
    assert health.hottest == (f"{BUS_NAMES[2]} 4", 41)
    assert health_line(health) == (
        "50.0 Hz | late 2.00 ms | missed 0 | lost 3, asked again 8 | "
        "limited: right_elbow (position+velocity) | hottest follower_left 4 41 °C"
    )


def test_ticks_left_out_show_as_a_lower_rate(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path / "ticks", TICK_DTYPE, 64)
    for number in (0, 2, 4, 6, 8):
        tick = empty_tick()
        tick["number"] = number
        tick["t_ns"] = tick["deadline_ns"] = number * PERIOD_NS
        writer.append(tick)
    with RingReader(tmp_path / "ticks") as reader:
        health = health_of(reader)
    writer.close()
    assert health is not None
    assert health.rate_hz == pytest.approx(25.0)


def test_too_few_ticks_have_no_health(tmp_path: Path) -> None:
    writer = ring_of(tmp_path / "ticks", 1)
    with RingReader(tmp_path / "ticks") as reader:
        assert health_of(reader) is None
    writer.close()
