"""What the session has asked of the recorder about episodes, until it is done.

A recorder may die over an edit: what it has not told of is asked of its successor again.
"""

from collections.abc import Callable
from dataclasses import replace

from recorder.edits import Edit


class Edits:
    """Numbers edits from 1 and keeps those not done yet.

    Args:
        send: to the recorder; false: it cannot take it just now.
    """

    def __init__(self, send: Callable[[Edit], bool]) -> None:
        self._send = send
        self._count = 0
        self._asked: dict[int, Edit] = {}
        self._unsent: list[Edit] = []

    @property
    def undone(self) -> list[Edit]:
        """Asked for, and neither done nor refused."""
        return list(self._asked.values())

    def ask(self, edit: Edit) -> None:
        """Have this done. Whatever its serial is, it gets the next."""
        self._count += 1
        numbered = replace(edit, serial=self._count)
        self._asked[self._count] = numbered
        self._unsent.append(numbered)
        self.flush()

    def flush(self) -> None:
        """Send what could not be sent before, in order. Never waits."""
        while self._unsent and self._send(self._unsent[0]):
            self._unsent.pop(0)

    def settle(self, serial: int) -> Edit | None:
        """The recorder has done or refused this one; None: it was not asked, or is settled."""
        return self._asked.pop(serial, None)

    def ask_again(self) -> None:
        """There is another recorder: all that is not done yet is for that one."""
        self._unsent = self.undone
