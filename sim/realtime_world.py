"""The simulated rig in real time: the wall clock moves it, in slices of 10 ms.

In between the buses are answered at once, or when their wire says so. A slice that is late by a
whole slice is left out, and counted: the rig then falls behind the clock for good, but never moves
in bursts. Pictures are rendered by processes of their own (`sim.cameras.process`).
"""

import time
from typing import Final

from sim.callers import LINGER_S, Callers, checked, reset_of, reset_rig, serve
from sim.cameras.renderers import Renderers
from sim.cameras.rings import SceneRing
from sim.errors import RenderError
from sim.rig import TICK_NS, SimulatedRig
from sim.schedule import Schedule
from sim.status import WorldBoard, score
from teleop.lockstep import Message

SLICES: Final = 2
"""Of a tick."""
SLICE_NS: Final = TICK_NS // SLICES
QUIET_NS: Final = 1_000_000_000
"""Nobody has talked on a bus for so long: control has let go of the arms."""


class RealTimeWorld:
    """Everything that happens in the world process in real time; one thread."""

    def __init__(
        self,
        rig: SimulatedRig,
        renderers: Renderers,
        states: SceneRing,
        callers: Callers,
        board: WorldBoard,
        fifo: bool,
    ) -> None:
        self._rig = rig
        self._renderers = renderers
        self._states = states
        self._callers = callers
        self._board = board
        self._fifo = fifo
        self._schedule = Schedule(time.monotonic_ns(), SLICE_NS)
        self._slices = 0
        self._told = False
        self._leave_at_ns: int | None = None

    def run(self) -> int:
        """Serve until told to stop and nobody talks any more; returns the exit status.

        Raises:
            RenderError: a renderer has died.
        """
        start_ns = time.monotonic_ns()
        self._schedule = Schedule(start_ns, SLICE_NS)  # anew: to get here took its time
        self._rig.start(start_ns)
        while not self._may_leave():
            while (now_ns := time.monotonic_ns()) < self._schedule.due_ns:
                self._serve(now_ns)
            self._schedule.take(now_ns)
            self._step(now_ns)
            self._check_renderers()
        return 0

    def leave(self) -> None:
        """Stop once control has let go of the arms, or after a while."""
        if self._leave_at_ns is None:
            self._leave_at_ns = time.monotonic_ns() + round(1e9 * LINGER_S)

    def _may_leave(self) -> bool:
        if self._leave_at_ns is None:
            return False
        now_ns = time.monotonic_ns()
        heard_ns = max(bus.heard_ns for bus in self._rig.buses.values())
        return now_ns > min(self._leave_at_ns, heard_ns + QUIET_NS)

    def _serve(self, now_ns: int) -> None:
        """Answer who asks, until the next slice or the next bytes on a wire are due."""
        buses = self._rig.buses
        due = [bus.due_ns for bus in buses.values() if bus.due_ns is not None]
        until_ns = min([self._schedule.due_ns, *due])
        serve(buses, self._callers, self, time.monotonic_ns, max(0, until_ns - now_ns) / 1e9)
        if due:
            self._flush()

    def _flush(self) -> None:
        """Send what has had its time on the wire, and answer what has arrived meanwhile."""
        now_ns = time.monotonic_ns()
        for bus in self._rig.buses.values():
            if bus.due_ns is not None and bus.due_ns <= now_ns:
                bus.service(now_ns, drain=False)

    def _step(self, now_ns: int) -> None:
        rig = self._rig
        rig.advance(now_ns)
        self._slices += 1
        self._states.publish(rig.t_ns, rig.stage)
        if rig.finished and not self._told:
            self._told = True
            self._callers.tell("session", {"event": "finished"})
        self._board.publish(
            rig,
            realtime=True,
            fifo=self._fifo,
            slices=self._slices,
            skipped_slices=self._schedule.skipped,
        )

    def _check_renderers(self) -> None:
        """Without its pictures this is no rig to record on; said here, too, where control may be
        the first to be seen dead."""
        try:
            self._renderers.check()
        except RenderError as error:
            self._board.say(str(error), time.monotonic_ns())
            raise

    # -- what callers ask

    def joined(self, role: str) -> None:
        """Nothing to do: nobody is waited for."""

    def left(self, role: str) -> None:
        """Nothing to do: nobody is waited for."""

    def obey(self, role: str, message: Message) -> Message | None:
        """See `sim.callers.Host`."""
        match message.get("op"):
            case "reset" if role == "session":
                self._reset(message)
                return {"ok": True}
            case "resume":
                return None  # time has never stopped
            case "score":
                return score(self._rig)
            case other:
                return {"error": f"Unknown request {other!r} from {role!r} in real time."}

    def _reset(self, message: Message) -> None:
        reset = checked(reset_of(message), self._rig)
        self._told = False
        reset_rig(self._rig, reset, self._answer_buses)

    def _answer_buses(self) -> None:
        for bus in self._rig.buses.values():
            bus.service(time.monotonic_ns(), drain=False)
