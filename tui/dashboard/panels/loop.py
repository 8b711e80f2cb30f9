"""The loop: how well control keeps its time, and what the buses lose."""

from bisect import bisect_left
from typing import Final

from tui.dashboard.drawing.bars import axis, histogram
from tui.dashboard.drawing.rows import Row, fit, title, width_of
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import BusFacts, LoopFacts, SessionFacts
from tui.facts.loop import LATE_EDGES_MS

LATE_MS: Final = 5.0
"""A quarter of the usual period: from there on a tick counts as late."""
SLOW: Final = 0.99
SILENT_S: Final = 0.5
LOW_V: Final = 11.0
"""Of 12 V: a supply that gives way under load."""
SPELT_OUT: Final = 36
"""Columns from which on a bus is called more than by a letter."""
MARKS_MS: Final = (0.0, 0.1, 1.0, LATE_MS, 20.0, 100.0)


def loop_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """Rate, lateness, its histogram in what room there is, lost packets and voltages."""
    loop = scene.facts.loop
    if loop is None:
        return [title("LOOP", "no tick yet", width)]
    buses = bus_rows(loop.buses, width, height - (1 if loop.lockstep else 4))
    room = height - 2 - len(buses)
    if loop.lockstep:
        return [
            _lockstep_title(scene.facts.session, width),
            fit([(" time waits: no tick can be late", "dim")], width),
            *buses,
        ]
    return [
        title("LOOP", _rate(loop), width, _in_trouble(loop)),
        fit(_lateness(loop, width), width),
        *_lateness_histogram(loop, width, room),
        *buses,
    ]


def bus_rows(buses: tuple[BusFacts, ...], width: int, height: int) -> list[Row]:
    """A row per bus where there is room, else two rows for all of them."""
    if height >= len(buses) + 1:
        return [_bus_row(bus, width) for bus in buses]
    lost: Row = [(" lost", "dim")]
    volt: Row = [(" volt", "dim")]
    letters = 4 if width >= SPELT_OUT else 1
    role = ""
    for bus in buses:
        if _role(bus) != role:
            role = _role(bus)
            lost.append((f" {role[:letters]}", "dim"))
            volt.append((f" {role[:letters]}", "dim"))
        gone, lately = not bus.connected, bus.lost_lately > 0
        text = "gone" if gone else str(bus.lost)
        lost.append((f"{text:>5}", "severe" if gone else "warn" if lately else "ink"))
        volt.append((f"{_volts(bus):>5}", "warn" if _is_low(bus) else "ink"))
    alarms = [f"{_short(bus)}: {bus.errors}" for bus in buses if bus.errors]
    if alarms:
        volt = [(f" ! {', '.join(alarms)}", "alarm")]
    return [fit(lost, width), fit(volt, width)]


def _bus_row(bus: BusFacts, width: int) -> Row:
    row: Row = [(f" {bus.name.replace('_', ' '):<15}", "ink")]
    if not bus.connected:
        return fit([*row, (" ! GONE: plug it in ", "severe")], width)
    row.append((f"{_volts(bus):>5} V", "warn" if _is_low(bus) else "ink"))
    row.append((f"  lost {bus.lost}", "ink" if bus.lost else "dim"))
    if bus.lost_lately:
        row.append((f" ! {bus.lost_lately} now", "warn"))
    if bus.errors:
        return fit([*row, (f" ! {bus.errors} ", "alarm")], width)
    again: Row = [(f"  again {bus.again}", "dim")] if bus.again else []
    return fit(row + again if width_of(row + again) < width else row, width)


def _rate(loop: LoopFacts) -> str:
    if loop.silent_s is not None and loop.silent_s > SILENT_S:
        return f"no tick for {loop.silent_s:.1f} s"
    if loop.late_ms >= LATE_MS:
        return f"late {loop.late_ms:.1f} ms, {loop.rate_hz:.1f} Hz"
    return f"{loop.rate_hz:.1f} of {loop.wanted_hz:g} Hz"


def _in_trouble(loop: LoopFacts) -> bool:
    silent = loop.silent_s is not None and loop.silent_s > SILENT_S
    return silent or loop.late_ms >= LATE_MS or loop.rate_hz < SLOW * loop.wanted_hz


def _lockstep_title(session: SessionFacts, width: int) -> Row:
    pace = "" if session.pace is None else f"{session.pace:.2f}x real time"
    return title("LOCK-STEP", pace, width)


def _lateness(loop: LoopFacts, width: int) -> Row:
    row: Row = [
        (" late", "dim"),
        (f" {loop.late_ms:.1f}", "warn" if loop.late_ms >= LATE_MS else "strong"),
        (" max", "dim"),
        (f" {loop.late_max_ms:.1f}", "warn" if loop.late_max_ms >= LATE_MS else "strong"),
        (" ms", "dim"),
        ("  missed", "dim"),
        (f" {loop.missed}", "warn" if loop.missed_lately else "ink"),
    ]
    granted: Row = [(f"  {loop.realtime}", "dim")]
    return row + granted if width_of(row) + width_of(granted) <= width else row


def _lateness_histogram(loop: LoopFacts, width: int, height: int) -> list[Row]:
    if height < 1:
        return []
    late_from = bisect_left(LATE_EDGES_MS, LATE_MS)
    labelled = height >= 3
    rows = histogram(loop.histogram, width - 2, height - labelled, late_from)
    rows = [fit([(" ", "ink"), *row], width) for row in rows]
    if labelled:
        rows.append(fit([(f" {axis(LATE_EDGES_MS, MARKS_MS, width - 2)}", "dim")], width))
    return rows


def _role(bus: BusFacts) -> str:
    return bus.name.partition("_")[0]


def _short(bus: BusFacts) -> str:
    role, _, side = bus.name.partition("_")
    return f"{role} {side}".strip()


def _volts(bus: BusFacts) -> str:
    return "?" if bus.voltage_v is None else f"{bus.voltage_v:.1f}"


def _is_low(bus: BusFacts) -> bool:
    return bus.voltage_v is not None and bus.voltage_v < LOW_V
