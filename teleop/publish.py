"""Control's two rings: one record a tick, and events in words."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from teleop.clock import Clock
from teleop.rig import Observation, Rig
from teleop.ring import Record, RingWriter
from teleop.safety import Flags
from teleop.states import Flow
from teleop.tick import (
    EVENT_DTYPE,
    EVENT_RING,
    EVENT_RING_SLOTS,
    TICK_DTYPE,
    TICK_RING,
    TICK_RING_SLOTS,
    State,
    empty_tick,
)
from teleop.units import Floats

TEXT_BYTES: Final = EVENT_DTYPE["text"].itemsize
OBSERVED: Final = ("leader", "qpos", "qvel", "effort", "bus_read_ns", "bus_ok", "held")


class Publisher:
    """Writer of the tick ring and the event ring.

    Args:
        wake_fds: eventfds to which 1 is written after every tick; never blocks.
    """

    def __init__(self, runtime_dir: Path, wake_fds: Sequence[int] = ()) -> None:
        self._ticks = RingWriter(runtime_dir / TICK_RING, TICK_DTYPE, TICK_RING_SLOTS)
        self._events = RingWriter(runtime_dir / EVENT_RING, EVENT_DTYPE, EVENT_RING_SLOTS)
        self._wake_fds = tuple(wake_fds)
        self._last = empty_tick()
        for fd in self._wake_fds:
            os.set_blocking(fd, False)

    def say(self, text: str, t_ns: int = 0) -> None:
        """Publish an event; empty text is none."""
        if not text:
            return
        event = self._events.begin()
        event["t_ns"], event["tick"] = t_ns, self._last["number"]
        event["text"] = text.encode()[:TEXT_BYTES].decode(errors="ignore").encode()
        self._events.commit()

    def bare(self, state: State, flow: Flow, t_ns: int) -> None:
        """Publish a tick without a new observation: checking, or the last word."""
        _put_flow(self._last, flow)
        self._last["state"] = state
        self._last["t_ns"] = self._last["deadline_ns"] = t_ns
        self._last["bus_ok"] = False
        self._last["held"] = True
        self._commit()

    def tick(
        self,
        clock: Clock,
        t_ns: int,
        flow: Flow,
        rig: Rig,
        observation: Observation,
        command: Floats,
        limited: Flags,
        stage_ns: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    ) -> None:
        """Publish a tick; arguments as the fields of `TICK_DTYPE` say."""
        tick = self._last
        tick["number"], tick["missed"] = clock.number, clock.missed
        tick["t_ns"], tick["deadline_ns"] = t_ns, clock.deadline_ns
        tick["state"] = flow.state
        _put_flow(tick, flow)
        for field in (*OBSERVED, "servo_error"):
            tick[field] = getattr(observation, field)
        tick["action"], tick["limited"] = command, limited
        tick["lost"], tick["retries"] = rig.lost, rig.retries
        tick["stage_ns"] = stage_ns
        tick["temperature_degc"], tick["voltage_v"] = rig.temperature_degc, rig.voltage_v
        tick["hardware_error"] = rig.hardware_error
        self._commit()

    def close(self) -> None:
        """Let go of the rings; the files stay for their readers."""
        self._ticks.close()
        self._events.close()

    def _commit(self) -> None:
        self._ticks.append(self._last)
        for fd in self._wake_fds:
            try:
                os.eventfd_write(fd, 1)
            except OSError:  # full, or the reader is gone: the ring has the tick all the same
                continue


def _put_flow(tick: Record, flow: Flow) -> None:
    tick["episode"], tick["step"] = flow.episode, flow.step
    tick["last_episode"], tick["outcome"] = flow.last_episode, flow.outcome
