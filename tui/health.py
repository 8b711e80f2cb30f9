"""How the arms are doing: the last second of ticks in numbers, for the line that `mirror` shows."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from teleop.joints import BUS_NAMES, JOINT_NAMES
from teleop.ring import Record, RingError, RingReader
from teleop.tick import Limited

WINDOW_NS: Final = 1_000_000_000
WINDOW_TICKS: Final = 200


@dataclass(frozen=True, slots=True)
class Health:
    """Of the last second.

    Attributes:
        late_ms: 99th percentile of how late ticks began.
        missed, lost, again: ticks left out, replies lost, replies asked for again, since the start.
        limited: joints whose command a limit has changed, and which limits.
        hottest: servo and its temperature, degC; None while none is known.
    """

    rate_hz: float
    late_ms: float
    missed: int
    lost: int
    again: int
    limited: tuple[str, ...]
    hottest: tuple[str, int] | None


def health_of(ring: RingReader) -> Health | None:
    """The health of the last second; None while there are too few ticks."""
    ticks = _last_second(ring)
    if len(ticks) < 2:
        return None
    newest, oldest = ticks[-1], ticks[0]
    elapsed_s = (int(newest["t_ns"]) - int(oldest["t_ns"])) * 1e-9
    late_ns = [int(tick["t_ns"]) - int(tick["deadline_ns"]) for tick in ticks]
    return Health(
        rate_hz=(len(ticks) - 1) / elapsed_s,
        late_ms=float(np.percentile(late_ns, 99)) * 1e-6,
        missed=int(newest["missed"]),
        lost=int(newest["lost"].sum()),
        again=int(newest["retries"].sum()),
        limited=_limited(ticks),
        hottest=_hottest(newest),
    )


def health_line(health: Health) -> str:
    """The numbers in a row, the calm ones too: they are what one looks for."""
    parts = [
        f"{health.rate_hz:.1f} Hz",
        f"late {health.late_ms:.2f} ms",
        f"missed {health.missed}",
        f"lost {health.lost}, asked again {health.again}",
    ]
    if health.limited:
        parts.append(f"limited: {', '.join(health.limited)}")
    if health.hottest is not None:
        parts.append(f"hottest {health.hottest[0]} {health.hottest[1]} °C")
    return " | ".join(parts)


def _last_second(ring: RingReader) -> list[Record]:
    """Ticks in order of time."""
    ticks: list[Record] = []
    for index in reversed(range(max(ring.oldest(), len(ring) - WINDOW_TICKS), len(ring))):
        try:
            tick = ring.read(index)
        except RingError:
            break
        if ticks and not 0 < int(ticks[0]["t_ns"]) - int(tick["t_ns"]) < WINDOW_NS:
            break
        if ticks and int(ticks[-1]["t_ns"]) - int(tick["t_ns"]) > WINDOW_NS:
            break
        ticks.insert(0, tick)
    return ticks


def _limited(ticks: list[Record]) -> tuple[str, ...]:
    flags = np.bitwise_or.reduce([tick["limited"] for tick in ticks])
    return tuple(
        f"{name} ({_words(Limited(int(flag)))})"
        for name, flag in zip(JOINT_NAMES, flags, strict=True)
        if flag
    )


def _words(limits: Limited) -> str:
    return "+".join(str(each.name).lower() for each in limits)


def _hottest(tick: Record) -> tuple[str, int] | None:
    degc = tick["temperature_degc"]
    if not degc.max():
        return None
    bus, index = np.unravel_index(int(np.argmax(degc)), degc.shape)
    return f"{BUS_NAMES[bus]} {int(index) + 1}", int(degc[bus, index])
