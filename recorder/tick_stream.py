"""The ticks of control, as they come: what `for tick in ticks` runs over."""

import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from recorder.cameras.camera import Record
from teleop.ring import OverrunError, RingReader
from teleop.tick import TICK_RING

IDLE_S: Final = 0.1


class TickStream:
    """Follows the tick ring from its newest record on.

    Iterating blocks until there is a tick, at most IDLE_S: then it yields None, so that the reader
    can see to other things. It ends when control has ended, or `stopping()` is true, and every tick
    published by then has been yielded.

    Attributes:
        lost: ticks that were overwritten before they were read.

    Args:
        wake: an eventfd that control writes to after each tick.

    Raises:
        FileNotFoundError: control has not made the ring yet.
        ProcessLookupError: the control that made it is dead.
    """

    def __init__(self, runtime_dir: Path, wake: int, stopping: Callable[[], bool]) -> None:
        self.lost = 0
        self._ring = RingReader(runtime_dir / TICK_RING)
        self._control = os.pidfd_open(self._ring.writer_pid)
        self._wake = wake
        self._stopping = stopping
        self._next = len(self._ring)

    def close(self) -> None:
        """Let ring and process go."""
        self._ring.close()
        os.close(self._control)

    def lag(self) -> int:
        """Ticks published but not yielded yet."""
        return len(self._ring) - self._next

    def __iter__(self) -> Iterator[Record | None]:
        while True:
            last_round = self._stopping() or self._control_has_ended()
            for _ in range(self.lag()):
                if (tick := self._read()) is not None:
                    yield tick
            if last_round:
                return
            yield None
            self._wait()

    def _read(self) -> Record | None:
        if self.lag() <= 0:
            return None
        try:
            tick = self._ring.read(self._next)
        except OverrunError:
            oldest = max(self._ring.oldest(), self._next + 1)
            self.lost += oldest - self._next
            self._next = oldest
            return None
        self._next += 1
        return tick

    def _wait(self) -> None:
        readable, _, _ = select.select([self._wake, self._control], [], [], IDLE_S)
        if self._wake in readable:
            os.eventfd_read(self._wake)

    def _control_has_ended(self) -> bool:
        return bool(select.select([self._control], [], [], 0)[0])
