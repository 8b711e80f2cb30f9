"""What the operator says with the leaders: both hands are on them, none is free for a key. Pure.

Start: both grippers opened, then closed, while the arms wait. End: both closed for a second with
both arms back near their start pose, while the followers follow; grippers are closed for long in
many tasks, but not there.
"""

from dataclasses import dataclass
from typing import Final

from teleop.units import Floats

OPEN: Final = 0.7
CLOSED: Final = 0.3
"""Shares of a leader gripper's way. Between them nothing counts, so that a hand that trembles at a
threshold does not start twice."""
NEAR_RAD: Final = 0.2
"""No joint of an arm that is back at its start pose is farther from it."""
END_S: Final = 1.0


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


@dataclass(slots=True)
class EndGesture:
    """Watches the leaders while they are followed.

    It counts only after the arms have been away from their start pose: an episode begins there,
    and with grippers that the start gesture has just closed.

    Attributes:
        left: they have been away.
        closed_s: for how long everything has been as it should be.
    """

    left: bool = False
    closed_s: float = 0.0

    def update(self, grippers: Floats, away_rad: Floats, elapsed_s: float) -> bool:
        """Take a look; True: the gesture is complete, once.

        Args:
            grippers: a share 0-1 an arm.
            away_rad: how far every joint of the leaders is from its start pose.
            elapsed_s: since the last look.

        What cannot be read (NaN) completes nothing.
        """
        near = bool(len(away_rad)) and bool((abs(away_rad) <= NEAR_RAD).all())
        self.left = self.left or bool((abs(away_rad) > NEAR_RAD).any())
        if not (self.left and near and (grippers <= CLOSED).all()):
            self.closed_s = 0.0
            return False
        self.closed_s += elapsed_s
        if self.closed_s < END_S - elapsed_s / 2:  # to the nearest look
            return False
        self.left, self.closed_s = False, 0.0
        return True
