"""How the operator hands the cube over from the right hand to the left.

The right hand fetches the cube and holds it out in the middle; the left hand, one finger above the
other, takes it from the other side; the right hand lets go and draws back. If the cube falls, it
is fetched again.
"""

from typing import Final

import numpy as np

from sim.operators.hand import CLOSED, WIDE, Hand, Motion
from sim.operators.picking import Grasp, fetch
from sim.scenes.geometry import Array, Pose, pointing
from sim.scenes.scene import Scene

_DOWN_RAD: Final = 1.2
_GRASP: Final = Grasp("cube", (0.0, 0.0, 0.004), heading=np.pi, turn=np.pi / 2, down=_DOWN_RAD)
_FAR_X_M: Final = 0.09  # a cube left of this is far for the right hand
_TOO_HIGH_M: Final = (0.030, 0.038)  # deliberate misses: fingers that close over the cube,
_TOO_SHORT_M: Final = (0.046, 0.054)  # or in front of it; neither touches it
_ATTEMPTS: Final = 3

_OFFERING: Final = pointing(np.pi, _DOWN_RAD)  # as it was grasped, so that the cube stays level
_TAKING: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Level, the two fingers one above the other."""
_OFFERED_M: Final = np.array([0.02, 0.5, 0.25])
_RIGHT_AWAY_M: Final = np.array([0.15, 0.5, 0.26])
_LEFT_READY_M: Final = np.array([-0.15, 0.5, 0.25])
_LEFT_AWAY_M: Final = np.array([-0.15, 0.5, 0.24])
_BEFORE_M: Final = np.array([-0.055, 0.0, 0.0])  # from the cube's centre
_ON_CUBE_M: Final = np.array([-0.004, 0.0, 0.0])
_HELD_OUT_M: Final = 0.15  # a cube below this height is not held out any more


def script(scene: Scene, left: Hand, right: Hand, misses: bool) -> tuple[Motion, Motion]:
    """The motions of both hands; if it `misses`, the right hand does so at the cube at first."""
    task = _TransferScript(scene, left, right, misses)
    return task.left_motion(), task.right_motion()


class _TransferScript:
    def __init__(self, scene: Scene, left: Hand, right: Hand, misses: bool) -> None:
        self._scene, self._left, self._right = scene, left, right
        self._miss = self._misjudged() if misses else None
        self._offered = self._taken = self._handed_over = False

    @property
    def _cube(self) -> Pose:
        return self._scene.object_pose("cube")

    # Right hand

    def right_motion(self) -> Motion:
        """Fetches the cube, holds it out, lets go when the left hand has it."""
        hand = self._right
        yield from hand.pause()
        for attempt in range(_ATTEMPTS):
            hand.retries += attempt > 0
            yield from fetch(hand, _GRASP, (_OFFERED_M, _OFFERING), self._miss)
            self._miss, self._offered = None, True
            while not self._taken:
                yield
            yield from hand.pause()
            yield from hand.grip(WIDE, 0.35)
            self._offered = False
            yield from hand.move(_RIGHT_AWAY_M, _OFFERING, 0.7, scatter_m=hand.habits.scatter_m)
            if self._is_held_out():
                break
        self._handed_over = True

    def _misjudged(self) -> Array:
        """Where fingers close that miss the cube, (3,) m from where they ought to.

        A cube that lies far is reached short of, one that lies near is closed on too early.
        """
        rng = self._right.rng
        if self._cube.position[0] < _FAR_X_M:
            return np.array([rng.uniform(*_TOO_SHORT_M), 0.0, 0.0])
        return np.array([0.0, 0.0, rng.uniform(*_TOO_HIGH_M)])

    def _is_held_out(self) -> bool:
        return bool(self._cube.position[2] > _HELD_OUT_M)

    # Left hand

    def left_motion(self) -> Motion:
        """Waits beside the meeting place, takes the cube, draws back with it."""
        hand = self._left
        yield from hand.pause()
        yield from hand.move(
            _LEFT_READY_M, _TAKING, 1.4, opening=WIDE, scatter_m=hand.habits.scatter_m
        )
        while not self._handed_over:
            if self._offered:
                yield from self._take()
            yield
        yield from hand.wait(0.2)

    def _take(self) -> Motion:
        """Takes what the right hand offers, waits until that has let go, and draws back."""
        hand = self._left
        yield from hand.pause()
        for attempt in range(_ATTEMPTS):
            if not self._is_held_out():
                break
            hand.retries += attempt > 0
            yield from hand.move(
                self._cube.position + _BEFORE_M, _TAKING, 0.6, opening=WIDE, scatter_m=0.001
            )
            yield from hand.move(
                self._cube.position + _ON_CUBE_M, _TAKING, 0.5, scatter_m=0.0005, within_m=0.003
            )
            yield from hand.grip(CLOSED, 0.35)
            if hand.grips:
                break
        self._taken = True
        while self._offered:
            yield
        self._taken = False
        yield from hand.move(_LEFT_AWAY_M, _TAKING, 0.7, scatter_m=hand.habits.scatter_m)
