"""Control's two rings: one record a tick, and events in words."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from teleop.clock import Clock
from teleop.rig import Observation, Rig
from teleop.ring import Record, RingWriter
from teleop.states import Flow
from teleop.tick import (
    BUSES,
    EVENT_DTYPE,
    EVENT_RING,
    EVENT_RING_SLOTS,
    TICK_DTYPE,
    TICK_RING,
    TICK_RING_SLOTS,
    TICK_STRUCT,
    Led,
    Need,
    Realtime,
    State,
    empty_tick,
)
from teleop.units import Floats

TEXT_BYTES: Final = EVENT_DTYPE["text"].itemsize


class Publisher:
    """Writer of the tick ring and the event ring.

    Attributes:
        realtime: what the system granted this process; goes into every tick.

    Args:
        wake_fds: eventfds to which 1 is written after every tick; never blocks.
    """

    def __init__(self, runtime_dir: Path, wake_fds: Sequence[int] = ()) -> None:
        self._ticks = RingWriter(runtime_dir / TICK_RING, TICK_DTYPE, TICK_RING_SLOTS)
        self._events = RingWriter(runtime_dir / EVENT_RING, EVENT_DTYPE, EVENT_RING_SLOTS)
        self._wake_fds = tuple(wake_fds)
        self._bytes = bytearray(empty_tick().tobytes())
        self._last = np.frombuffer(self._bytes, TICK_DTYPE).reshape(())  # the same, by field
        self.realtime = Realtime(0)
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
        self._last["state"], self._last["led"] = state, Led.NOBODY
        self._last["t_ns"] = self._last["deadline_ns"] = t_ns
        self._last["bus_ok"] = self._last["connected"] = False
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
        limited: Sequence[int],
        stage_ns: Sequence[int],
        need: Need,
        gestures: int,
        led: Led = Led.NOBODY,
    ) -> None:
        """Publish a tick; arguments as the fields of `TICK_DTYPE` say, and in its order."""
        seen = observation
        lost, retries, connected = [0] * BUSES, [0] * BUSES, [False] * BUSES
        for row, arm in zip(rig.rows, rig.arms, strict=True):
            bus = arm.bus
            lost[row], retries[row], connected[row] = bus.lost, bus.retries, bus.connected
        TICK_STRUCT.pack_into(
            self._bytes,
            0,
            *(clock.number, t_ns, clock.deadline_ns, flow.state, led, flow.episode, flow.step),
            *(flow.last_episode, flow.outcome),
            *seen.leader.tolist(),
            *seen.qpos.tolist(),
            *seen.qvel.tolist(),
            *seen.effort.tolist(),
            *command.tolist(),
            bytes(limited),
            *seen.bus_read_ns,
            seen.bus_ok.tobytes(),
            seen.held.tobytes(),
            seen.servo_error.tobytes(),
            *lost,
            *retries,
            *rig.rejected(),
            bytes(connected),
            *(need, gestures, self.realtime, clock.missed),
            *stage_ns,
            *rig.health(),
        )
        self._commit()

    def close(self) -> None:
        """Let go of the rings; the files stay for their readers."""
        self._ticks.close()
        self._events.close()

    def _commit(self) -> None:
        self._ticks.append_bytes(self._bytes)
        for fd in self._wake_fds:
            try:
                os.eventfd_write(fd, 1)
            except OSError:  # full, or the reader is gone: the ring has the tick all the same
                continue


def _put_flow(tick: Record, flow: Flow) -> None:
    tick["episode"], tick["step"] = flow.episode, flow.step
    tick["last_episode"], tick["outcome"] = flow.last_episode, flow.outcome
