"""Whose time a session runs on: the wall clock, the simulated world's, or a test's."""

import select
import socket
import time
from collections.abc import Callable
from typing import Final, Protocol

from teleop import lockstep
from teleop.errors import ClockLostError

POLL_MS: Final = 200
STOP_PATIENCE_S: Final = 5.0
"""How long a paused world may stay paused once control was asked to stop."""


class Clock(Protocol):
    """What the loop needs of time.

    Attributes:
        now_ns: the session's clock.
        deadline_ns: when the newest tick should have begun.
        number: of the newest tick; skipped slots count, the first is 1.
        missed: slots skipped since the start.
        period_s: length of a tick.
        gap_s: between the beginnings of the newest two ticks, in the servos' time: what the machine
            slept through counts.
    """

    @property
    def now_ns(self) -> int: ...
    @property
    def deadline_ns(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def period_s(self) -> float: ...
    @property
    def gap_s(self) -> float: ...

    def wait_for_tick(self, *, recording: bool, idle: bool) -> int:
        """Block until the next tick begins; returns the session's clock then.

        Args:
            recording: the tick belongs to an episode: a simulated world renders its cameras.
            idle: nothing is going on: there is no hurry.

        Raises:
            ClockLostError: the next tick will never come.
        """
        ...


class RealTimeClock:
    """CLOCK_MONOTONIC with absolute deadlines start + k * period. What is missed is not made up.

    It starts with the first wait.
    """

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.number = 0
        self.missed = 0
        self.deadline_ns = 0
        self.gap_s = period_s
        self._start_ns: int | None = None
        self._began_ns: int | None = None
        self._period_ns = round(period_s * 1e9)

    @property
    def now_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def wait_for_tick(self, *, recording: bool, idle: bool) -> int:
        """Sleep until the next slot that has not begun yet; slots passed by count as missed."""
        if self._start_ns is None:
            self._start_ns = self.now_ns
        self.number, skipped = next_slot(self.number, self.now_ns - self._start_ns, self._period_ns)
        self.missed += skipped
        self.deadline_ns = self._start_ns + self.number * self._period_ns
        time.sleep(max(0, self.deadline_ns - self.now_ns) / 1e9)
        self._note_gap(time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        return self.now_ns

    def _note_gap(self, began_ns: int) -> None:
        """CLOCK_MONOTONIC stands still while the machine is suspended; the servos do not."""
        if self._began_ns is not None:
            self.gap_s = (began_ns - self._began_ns) / 1e9
        self._began_ns = began_ns


def next_slot(number: int, elapsed_ns: int, period_ns: int) -> tuple[int, int]:
    """The slot after `number` whose time has not come at `elapsed_ns`, and how many are skipped."""
    due = max(number + 1, -(-elapsed_ns // period_ns))
    return due, due - number - 1


class LockstepClock:
    """The simulated world's time: each tick asks it to advance by one period.

    Between ticks time stands still, so no tick is ever late or missed. While idle it does not run
    faster than real time: waiting should cost no more than it must.

    Args:
        connection: to the world, introduced as control.
        watch_divider: outside episodes the cameras are rendered every so many ticks.
        stop_requested: true once control was asked to stop; a paused world is then waited for only
            so long.
    """

    def __init__(
        self,
        connection: socket.socket,
        period_s: float,
        watch_divider: int,
        stop_requested: Callable[[], bool],
    ) -> None:
        self.period_s = self.gap_s = period_s
        self.number = 0
        self.missed = 0
        self.now_ns = 0
        self._connection = connection
        self._watch_divider = watch_divider
        self._stop_requested = stop_requested
        self._last_s = 0.0
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    @property
    def deadline_ns(self) -> int:
        """In lock-step every tick begins when it should."""
        return self.now_ns

    def wait_for_tick(self, *, recording: bool, idle: bool) -> int:
        """Have the world advance by one period, however long that takes."""
        if idle:
            time.sleep(max(0.0, self._last_s + self.period_s - time.monotonic()))
        self.number += 1
        frames = recording or self.number % self._watch_divider == 0
        try:
            lockstep.send(self._connection, {"op": "advance", "frames": frames})
            self._wait_for_answer()
            answer = lockstep.receive(self._connection)
        except (OSError, lockstep.LockstepError) as error:
            raise ClockLostError(f"The simulated world is lost: {error}") from error
        if "t_ns" not in answer:
            raise ClockLostError(f"The simulated world cannot advance: {answer}.")
        self.now_ns = int(answer["t_ns"])
        self._last_s = time.monotonic()
        return self.now_ns

    def _wait_for_answer(self) -> None:
        patience_s = STOP_PATIENCE_S
        while not self._poll.poll(POLL_MS):
            if self._stop_requested():
                patience_s -= POLL_MS / 1000
            if patience_s <= 0:
                raise ClockLostError(
                    "The simulated world is paused, and control was asked to stop."
                )


class FakeClock:
    """Time that passes only when told: for tests of whatever runs on a clock.

    It waits for nobody and renders nothing. `ends_after` ticks it is lost, as a world would be.
    """

    def __init__(self, period_s: float = 0.02, ends_after: int | None = None) -> None:
        self.period_s = self.gap_s = period_s
        self.number = 0
        self.missed = 0
        self.now_ns = 0
        self.recorded: list[bool] = []
        self._ends_after = ends_after

    @property
    def deadline_ns(self) -> int:
        """When the newest tick should have begun."""
        return self.number * round(self.period_s * 1e9)

    def pass_time(self, duration_s: float) -> None:
        """Let time go by, as work within a tick would."""
        self.now_ns += round(duration_s * 1e9)

    def wait_for_tick(self, *, recording: bool, idle: bool) -> int:
        """Jump to the next slot, skipping those that `pass_time` has passed by."""
        if self._ends_after is not None and self.number >= self._ends_after:
            raise ClockLostError("The fake clock has ended.")
        period_ns = round(self.period_s * 1e9)
        before_ns = self.deadline_ns
        self.number, skipped = next_slot(self.number, self.now_ns, period_ns)
        self.missed += skipped
        self.recorded.append(recording)
        self.now_ns = self.deadline_ns
        self.gap_s = (self.now_ns - before_ns) / 1e9
        return self.now_ns
