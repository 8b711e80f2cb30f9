"""How the operator puts the peg into the socket.

Each hand fetches its part and brings it to the middle. The left hand then keeps the socket still;
the right hand brings the peg in line with its opening and pushes it in up to the pin. If it gets
stuck before, it draws the peg out and tries again.

Known trap: a peg that got stuck turns back in the fingers as it comes free, so the hand looks again
whether it is in line.
"""

from typing import Final

import numpy as np

from sim.operators.hand import Hand, Motion
from sim.operators.picking import Grasp, fetch, in_hand
from sim.scenes import insertion as parts
from sim.scenes.geometry import Array, Pose, pointing
from sim.scenes.scene import Scene

_DOWN_RAD: Final = 1.2
_PEG: Final = Grasp("peg", (0.02, 0.0, 0.002), heading=np.pi, turn=np.pi, down=_DOWN_RAD)
_SOCKET: Final = Grasp("socket", (-0.02, 0.0, 0.008), heading=0.0, turn=np.pi, down=_DOWN_RAD)
_TOO_HIGH_M: Final = {"peg": (0.024, 0.034), "socket": (0.028, 0.036)}  # deliberate misses

_PEG_TO: Final = (np.array([0.15, 0.5, 0.20]), pointing(np.pi, _DOWN_RAD))
_SOCKET_TO: Final = (np.array([-0.15, 0.5, 0.20]), pointing(0.0, _DOWN_RAD))
_BEFORE_M: Final = 0.02  # gap between peg and opening while the peg is brought in line
_AT_PIN_M: Final = parts.HALF_LENGTH_M - parts.PIN_HALF_LENGTH_M  # so deep in the socket
_PUSH_M: Final = 0.010  # how far beyond the pin the hand means to go
_SHORT_M: Final = 0.002  # a peg that stopped farther from the pin got stuck
_IN_LINE_M: Final = 0.004  # half of what the opening has to spare
_LOOKS: Final = 3
_ATTEMPTS: Final = 4


def script(scene: Scene, left: Hand, right: Hand, misses: bool) -> tuple[Motion, Motion]:
    """The motions of both hands; if it `misses`, one of them does so at its part at first."""
    task = _InsertionScript(scene, left, right, misses)
    return task.left_motion(), task.right_motion()


class _InsertionScript:
    def __init__(self, scene: Scene, left: Hand, right: Hand, misses: bool) -> None:
        self._scene, self._left, self._right = scene, left, right
        self._missed = str(right.rng.choice(("peg", "socket"))) if misses else None
        self._socket_held = self._inserted = False

    @property
    def _peg(self) -> Pose:
        return self._scene.object_pose("peg")

    @property
    def _socket(self) -> Pose:
        return self._scene.object_pose("socket")

    def left_motion(self) -> Motion:
        """Fetches the socket and holds it still until the peg is in."""
        hand = self._left
        yield from hand.pause()
        yield from fetch(hand, _SOCKET, _SOCKET_TO, self._miss(hand, "socket"))
        self._socket_held = True
        while not self._inserted:
            yield

    def right_motion(self) -> Motion:
        """Fetches the peg, brings it in line with the socket and pushes it in."""
        hand = self._right
        yield from hand.pause()
        yield from fetch(hand, _PEG, _PEG_TO, self._miss(hand, "peg"))
        while not self._socket_held:
            yield
        yield from hand.pause()
        for attempt in range(_ATTEMPTS):
            hand.retries += attempt > 0
            if not in_hand(hand, _PEG):
                yield from fetch(hand, _PEG, _PEG_TO)
            yield from self._push_in()
            if self._is_in():
                break
        yield from hand.wait(0.2)
        self._inserted = True

    def _miss(self, hand: Hand, name: str) -> Array | None:
        """How far above its part the hand closes at first, (3,) m."""
        if name != self._missed:
            return None
        return np.array([0.0, 0.0, hand.rng.uniform(*_TOO_HIGH_M[name])])

    def _push_in(self) -> Motion:
        hand = self._right
        for look in range(_LOOKS):
            yield from hand.move(
                *self._hand_for_peg(-_BEFORE_M),
                0.7 if look == 0 else 0.35,
                within_m=0.003,
                patience_s=0.5,
            )
            if self._is_in_line():
                break
        yield from hand.move(*self._hand_for_peg(_AT_PIN_M + _PUSH_M), 0.7)
        yield from hand.wait(0.2)

    def _hand_for_peg(self, depth_m: float) -> tuple[Array, Array]:
        """Where the hand must be for the peg to be in line with the socket, `depth_m` inside.

        The peg may have turned between the fingers, so what counts is how the hand holds it now.
        """
        socket, peg, hand = self._socket, self._peg, self._right.seen
        centre = socket.point((2 * parts.HALF_LENGTH_M - depth_m, 0.0, 0.0))
        goal = Pose(centre, socket.rotation)
        return goal.point(peg.local(hand.position)), goal.rotation @ peg.rotation.T @ hand.rotation

    def _front(self) -> Array:
        """The peg's front end in the socket's frame, (3,) m."""
        return self._socket.local(self._peg.point((-parts.HALF_LENGTH_M, 0.0, 0.0)))

    def _is_in_line(self) -> bool:
        """Whether the peg is seen before the opening, or in it."""
        return bool(np.abs(self._front()[1:]).max() < _IN_LINE_M)

    def _is_in(self) -> bool:
        depth = parts.HALF_LENGTH_M - self._front()[0]
        beside = np.abs(self._front()[1:]).max()
        return bool(depth > _AT_PIN_M - _SHORT_M and beside < parts.SOCKET_HALF_M)
