"""Taking an object off the table with one hand and bringing it somewhere, until it comes along.

Fingers that come down beside an object push it away, so the hand stops over it to look, and looks
again before it closes; what stayed behind or fell is seen, and fetched again.

Known trap: flatter than about 1.1 rad down, the wrist is nearly straight over some of the table,
where turning the hand takes wild turns of the forearm and it swings about.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.operators.hand import CLOSED, WIDE, Hand, Motion
from sim.scenes.geometry import Array, Pose, pointing, raised

_ABOVE_M: Final = 0.09  # where a hand stops on its way down, to look
_LIFT_M: Final = 0.055
_CENTRED_M: Final = 0.005
_IN_HAND_M: Final = 0.018  # farther from the fingertips than this, it was left behind or fell
_LOOKS: Final = 3
_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Grasp:
    """How a hand takes an object: where, and from which side.

    `at` is the fingertips' place in the object's frame, m. The fingers point along `heading` seen
    from above, or as near to it as the object's sides allow, which look the same after each `turn`
    about the vertical, and down by `down`; all in rad.
    """

    name: str
    at: tuple[float, float, float]
    heading: float
    turn: float
    down: float

    def pose(self, thing: Pose) -> tuple[Array, Array]:
        """Fingertip position and rotation for the object where it is."""
        beside = (thing.heading - self.heading + self.turn / 2) % self.turn - self.turn / 2
        return thing.point(self.at), pointing(self.heading + beside, self.down)

    def seen(self, hand: Hand) -> tuple[Array, Array]:
        """The same for where the hand sees the object now."""
        return self.pose(hand.scene.object_pose(self.name))

    def off(self, hand: Hand) -> Array:
        """How far the fingertips are from it, (3,) m."""
        return np.asarray(hand.seen.position - self.seen(hand)[0])


def fetch(hand: Hand, grasp: Grasp, to: tuple[Array, Array], miss: Array | None = None) -> Motion:
    """Grasps the object and brings the hand to the pose `to`; tries again what did not come along.

    Args:
        miss: how far beside the object the first attempt closes, (3,) m.
    """
    for attempt in range(_ATTEMPTS):
        hand.retries += attempt > 0
        beside = np.zeros(3) if miss is None or attempt > 0 else miss
        yield from _reach(hand, grasp, beside)
        yield from hand.grip(CLOSED, 0.3)
        yield from hand.move(raised(hand.intent.position, _LIFT_M), hand.intent.rotation, 0.45)
        if in_hand(hand, grasp):
            yield from hand.move(*to, 0.9, scatter_m=hand.habits.scatter_m, within_m=0.008)
            if in_hand(hand, grasp):
                return
        yield from hand.pause()


def _reach(hand: Hand, grasp: Grasp, beside: Array) -> Motion:
    """Over the object, and down to it; a longer way takes longer."""
    position, rotation = grasp.seen(hand)
    above = raised(position, _ABOVE_M)
    yield from hand.move(
        above,
        rotation,
        0.5 + 2.2 * float(np.linalg.norm(above - hand.intent.position)),
        opening=WIDE,
        scatter_m=hand.habits.scatter_m,
        within_m=0.015,
    )
    for look in range(_LOOKS):
        position, rotation = grasp.seen(hand)
        yield from hand.move(
            position + beside,
            rotation,
            0.55 if look == 0 else 0.25,
            scatter_m=0.001,
            within_m=_CENTRED_M,
            patience_s=0.4,
        )
        if np.linalg.norm(grasp.off(hand) - beside) < _CENTRED_M:
            return


def in_hand(hand: Hand, grasp: Grasp) -> bool:
    """Whether the object is seen where the hand took it."""
    return bool(np.linalg.norm(grasp.off(hand)) < _IN_HAND_M)
