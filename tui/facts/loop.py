"""How control keeps its time, and what the buses lose: the last ten seconds of ticks in numbers."""

from typing import Final

import numpy as np

from teleop.alarms import in_words
from teleop.joints import BUS_NAMES
from teleop.rig_config import RigConfig
from teleop.ring import Record
from teleop.tick import Realtime
from tui.facts.facts import BusFacts, LoopFacts
from tui.facts.ticks import Briefs, Ticks

LATE_EDGES_MS: Final = (0.0, *(float(f"{0.02 * 5000 ** (i / 30):.2g}") for i in range(31)))
"""Lower edges of the bins of `LoopFacts.histogram`: 0, then from 0.02 ms on by a third each to 100
ms, where the last one begins."""
_EDGES_NS: Final = np.array(LATE_EDGES_MS) * 1e6


def loop_of(ticks: Ticks, rig: RigConfig, lockstep: bool, now_s: float) -> LoopFacts | None:
    """The facts; None before the first tick.

    Args:
        lockstep: the session's time is the simulated world's.
        now_s: CLOCK_MONOTONIC.
    """
    tick = ticks.newest
    if tick is None:
        return None
    late_ns = ticks.briefs["late_ns"]
    silent_s = max(0.0, now_s - int(tick["t_ns"]) * 1e-9)
    return LoopFacts(
        rate_hz=_rate(ticks.last_second()),
        wanted_hz=float(rig.rate_hz),
        lockstep=lockstep,
        late_ms=float(np.percentile(late_ns, 99)) * 1e-6,
        late_max_ms=float(late_ns.max()) * 1e-6,
        histogram=_histogram(ticks.briefs),
        missed=int(tick["missed"]),
        silent_s=None if lockstep else silent_s,
        realtime=_granted(Realtime(int(tick["realtime"]))),
        buses=_buses(ticks.briefs, tick, rig),
        missed_lately=int(ticks.briefs["missed"][-1] - ticks.briefs["missed"][0]),
    )


def _rate(briefs: Briefs) -> float:
    if len(briefs) < 2:
        return 0.0
    elapsed_ns = int(briefs["t_ns"][-1]) - int(briefs["t_ns"][0])
    return (len(briefs) - 1) / (elapsed_ns * 1e-9) if elapsed_ns > 0 else 0.0


def _histogram(briefs: Briefs) -> tuple[int, ...]:
    bins = np.searchsorted(_EDGES_NS, briefs["late_ns"], side="right") - 1
    return tuple(np.bincount(bins, minlength=len(LATE_EDGES_MS)).tolist())


def _granted(realtime: Realtime) -> str:
    scheduled = "real time" if Realtime.FIFO in realtime else "ordinary"
    return scheduled + (", memory locked" if Realtime.MEMORY_LOCKED in realtime else "")


def _buses(briefs: Briefs, tick: Record, rig: RigConfig) -> tuple[BusFacts, ...]:
    lately = (briefs["lost"][-1] - briefs["lost"][0]).tolist()
    rows = [BUS_NAMES.index(name) for name in rig.bus_names]
    lost, again = tick["lost"].tolist(), tick["retries"].tolist()
    connected, volts = tick["connected"].tolist(), tick["voltage_v"].tolist()
    alarms = tick["hardware_error"].tolist()
    return tuple(
        BusFacts(
            name=BUS_NAMES[row],
            connected=connected[row],
            lost=lost[row],
            again=again[row],
            lost_lately=lately[row],
            voltage_v=min((volt for volt in volts[row] if volt > 0), default=None),
            errors=_errors(alarms[row]),
        )
        for row in rows
    )


def _errors(alarms: list[int]) -> str:
    return "; ".join(f"{i} {in_words(error)}" for i, error in enumerate(alarms, start=1) if error)
