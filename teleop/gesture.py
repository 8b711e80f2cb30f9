"""The start gesture: both leader grippers opened, then closed. Pure.

The operator has both hands on the leaders; nothing else is free to press a key.
"""

from dataclasses import dataclass
from typing import Final

from teleop.units import Floats

OPEN: Final = 0.7
CLOSED: Final = 0.3
"""Shares of a leader gripper's way. Between them nothing counts, so that a hand that trembles at a
threshold does not start twice."""


@dataclass(slots=True)
class GripperGesture:
    """Watches the leaders' grippers while the arms wait."""

    opened: bool = False

    def update(self, grippers: Floats) -> bool:
        """Take a look (one share 0-1 an arm); True: the gesture is complete, once.

        A gripper that cannot be read (NaN) completes nothing.
        """
        if (grippers >= OPEN).all():
            self.opened = True
        elif self.opened and (grippers <= CLOSED).all():
            self.opened = False
            return True
        return False
