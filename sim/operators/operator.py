"""The scripted operator: two hands that go through a task's script on the leader arms."""

import numpy as np

from sim.config import OperatorConfig
from sim.operators.hand import Hand, Motion
from sim.operators.script import load_script
from sim.scenes.geometry import Array
from sim.scenes.scene import Scene
from teleop.joints import SIDES

_FAULTLESS = OperatorConfig()
_STREAM = 1  # keeps the operator's randomness apart from the scene's, which takes the bare seed
_GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it lie evenly in 0-1: the misses of a short session too are as many as asked for."""


class Operator:
    """Moves the two leader arms as a person would; the same seed moves to the bit the same.

    It begins with the first `tick`, with leaders and followers in the start pose, and observes
    only what a person sees: the objects and the followers' hands. It does not know what the
    product does with its movements, and does not start over after a failed attempt for ever.

    `misses`: this time the first grasp misses, and is mended.
    """

    def __init__(self, scene: Scene, seed: int, config: OperatorConfig = _FAULTLESS) -> None:
        self.misses = (seed + 0.5) * _GOLDEN % 1.0 < config.miss_share
        left, right = (
            Hand(scene, side, np.random.default_rng((seed, _STREAM, index)))
            for index, side in enumerate(SIDES)
        )
        self._hands = (left, right)
        self._motions: list[Motion] = list(load_script(scene)(scene, left, right, self.misses))
        self._busy = [True] * len(self._hands)

    def tick(self) -> Array:
        """(14,) leader readings for the next 20 ms: each arm's joints in rad, opening 0-1.

        The opening is normalised as ALOHA's follower finger; the left arm comes first.
        """
        for index, motion in enumerate(self._motions):
            if self._busy[index]:
                self._busy[index] = next(motion, _DONE) is not _DONE
        return np.concatenate([hand.reading() for hand in self._hands])

    @property
    def finished(self) -> bool:
        """The demonstration is over: both hands are idle."""
        return not any(self._busy)

    @property
    def retries(self) -> int:
        """How often a hand has tried something again because it had not worked."""
        return sum(hand.retries for hand in self._hands)


_DONE = object()
