"""Ctrl-C, SIGTERM or a lost terminal: a training ends after its step, with a checkpoint."""

import signal
from types import FrameType, TracebackType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Tells, within its block, whether somebody wants the end. A second Ctrl-C does not wait.

    Attributes:
        number: of the signal; 0: nobody does.
    """

    number: int = 0

    def __enter__(self) -> "Stop":
        self._before = {each: signal.getsignal(each) for each in SIGNALS}
        for each, before in self._before.items():
            if before is not signal.SIG_IGN:  # as nohup does, and a script's background
                signal.signal(each, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)

    @property
    def exit_code(self) -> int:
        """As of a process that ended of the signal."""
        return 128 + self.number

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.number == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = self.number or number
