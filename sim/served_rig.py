"""Emulated arms served in real time by one thread, without physics: buses, joints, hands, faults.

Commands are lines of JSON on standard input, each answered by one line of JSON; `COMMANDS` is what
the processes that serve arms say of them.
"""

from __future__ import annotations

import json
import select
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.errors import SimError
from sim.faults.faults import Faults
from sim.hands import Hands
from sim.lines import Lines, is_null
from sim.served_arm import ServedArm
from sim.servos.bus import ServoBus
from teleop.registers import RegisterError

FAULT_TICK_NS: Final = 20_000_000
"""What a script of faults calls a tick."""

_BAD_COMMAND: Final = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    RegisterError,
    SimError,
    TypeError,
    ValueError,
)
"""What comes of a command that is no JSON, unknown, or has wrong arguments."""


class ServedRig:
    """Arms by name, with the hands that lead them and the script of faults that breaks them.

    Args:
        step_ns: how often joints and servos move on.
        hands: None: nobody touches the leaders, unless a command does.
    """

    def __init__(
        self,
        arms: Mapping[str, ServedArm],
        step_ns: int,
        faults: Faults | None = None,
        hands: Hands | None = None,
    ) -> None:
        self.arms = dict(arms)
        self.buses = [arm.bus for arm in self.arms.values()]
        self._step_ns = step_ns
        self._faults = faults
        self._hands = hands
        self._stepped_ns = self._faulted_ns = time.monotonic_ns()
        if faults is not None:
            faults.rig_started(self._stepped_ns)

    # ---- time ---------------------------------------------------------------------------------

    def step(self, now_ns: int) -> None:
        """Moves joints, servos, hands and faults on to `now_ns`, where a step is due."""
        if now_ns - self._stepped_ns < self._step_ns:
            return
        if self._hands is not None:
            self._hands.step(now_ns)
        elapsed_s = (now_ns - self._stepped_ns) / 1e9
        for arm in self.arms.values():
            arm.step(now_ns, elapsed_s)
        if self._faults is not None and now_ns - self._faulted_ns >= FAULT_TICK_NS:
            self._faults.advance(now_ns)
            self._faulted_ns = now_ns
        self._stepped_ns = now_ns

    def due_s(self, now_ns: int) -> float:
        """How long there is nothing to do unless something arrives."""
        due_ns = self._stepped_ns + self._step_ns
        for bus in self.buses:
            if bus.due_ns is not None and bus.due_ns < due_ns:
                due_ns = bus.due_ns
        return max(0, due_ns - now_ns) / 1e9

    # ---- commands -----------------------------------------------------------------------------

    def command(self, line: bytes) -> dict[str, Any]:
        """Carries out one command line, or nothing of it; the answer to print."""
        try:
            command = json.loads(line)
            name = f"do_{command.pop('do')}"
            action: Callable[..., dict[str, Any]] = getattr(
                self if hasattr(self, name) else self._arm(command.pop("bus", None)), name
            )
            if name == "do_garble" and self._faults is not None:
                raise ValueError("the replies are spoilt by the script of --faults")
            return action(**command)
        except _BAD_COMMAND as error:
            return {"error": f"Cannot obey {line.decode(errors='replace')!r}: {error!r}"}

    def do_episode(self) -> dict[str, Any]:
        """An episode starts, as far as the script of faults is concerned."""
        if self._faults is None:
            raise ValueError("there is no script of --faults")
        self._faults.episode_started(time.monotonic_ns())
        return {}

    def do_gesture(self) -> dict[str, Any]:
        """Opens and closes the grippers of the leaders that are limp."""
        if self._hands is None:
            raise ValueError("nobody holds these arms")
        self._hands.gesture(time.monotonic_ns())
        return {}

    def _arm(self, name: str | None) -> ServedArm:
        """The arm of this name; with one arm only, none need be given."""
        if name is None and len(self.arms) == 1:
            return next(iter(self.arms.values()))
        if name not in self.arms:
            raise ValueError(f"bus must be one of {', '.join(self.arms)}")
        return self.arms[name]


def serve(rig: ServedRig, stopped: Callable[[], bool]) -> None:
    """Answers the buses, moves the joints and takes commands until stopped or abandoned.

    `select`, for it counts in microseconds where `poll` rounds up to milliseconds. A standard input
    that never had anybody (/dev/null, as in a script's background) is none that was closed.
    """
    commands = Lines(sys.stdin.fileno())
    heard: list[Lines | ServoBus] = [] if is_null(sys.stdin.fileno()) else [commands]
    while not stopped():
        plugged = [bus for bus in rig.buses if bus.fileno() >= 0]
        waiting = [*heard, *plugged]
        ready, _, _ = select.select(waiting, [], [], rig.due_s(time.monotonic_ns()))
        _answer(plugged, ready, time.monotonic_ns())
        rig.step(time.monotonic_ns())
        if commands in ready:
            lines = commands.read()
            if lines is None:
                return
            for line in lines:
                print_json(rig.command(line))


def _answer(buses: list[ServoBus], ready: list[Lines | ServoBus], now_ns: int) -> None:
    """Serves the buses on which something had arrived by `now_ns`, or was due for the host.

    Lines are independent: what has arrived on one was heard then, however long the others took.
    """
    for bus in buses:
        if bus in ready or (bus.due_ns is not None and bus.due_ns <= now_ns):
            bus.service(now_ns, drain=False)


def print_json(answer: Mapping[str, Any]) -> None:
    """Prints one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Tells whoever watches: a sentence on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
