"""The cube task: a red cube, and judging how far it has gone from the right hand to the left.

Size, range and stages as in the ACT simulation. That one calls the cube transferred as soon as the
left hand touches it in the air, though the right hand may never let go of it; here the left hand
must hold it alone, and for a while.
"""

from typing import Final

import mujoco

from sim.scenes.contacts import Touch
from sim.scenes.task import Movable, SceneTask

STAGE_NAMES: Final = ("none", "touched", "lifted", "attempted transfer", "transferred")
NONE, TOUCHED, LIFTED, ATTEMPTED, TRANSFERRED = range(len(STAGE_NAMES))

HELD_TICKS: Final = 10
"""How long the left hand must hold the cube alone before it counts."""

HALF_M: Final = 0.020
"""Half an edge of the cube."""

_MASS_KG: Final = 0.05

MATERIALS: Final = """
<material name="cube" rgba=".84 .10 .09 1" specular=".3" shininess=".4"/>
"""

_CUBE: Final = f"""
<body name="cube"><freejoint name="cube_joint"/>
 <geom name="cube" class="object" type="box" size="{HALF_M} {HALF_M} {HALF_M}" mass="{_MASS_KG}"
  material="cube"/>
</body>
"""


class CubeStages:
    """Judges one episode; "transferred" needs `HELD_TICKS` updates in a row."""

    def __init__(self, model: mujoco.MjModel) -> None:
        touch = Touch(model)
        cube = touch.group("cube")
        self._touch = touch
        self._left = [(touch.group(f"left/{finger}_pad"), cube) for finger in ("left", "right")]
        self._right = (touch.group("right/left_pad", "right/right_pad"), cube)
        self._table = (touch.group("table"), cube)
        self._held_ticks = 0

    def update(self, data: mujoco.MjData) -> int:
        """The stage of the present state."""
        pairs = self._touch.pairs(data)
        left = [self._touch.between(pairs, *pad) for pad in self._left]
        right = self._touch.between(pairs, *self._right)
        lifted = not self._touch.between(pairs, *self._table)
        alone = all(left) and lifted and not right
        self._held_ticks = self._held_ticks + 1 if alone else 0
        if self._held_ticks >= HELD_TICKS:
            return TRANSFERRED
        if any(left):
            return ATTEMPTED
        if right:
            return LIFTED if lifted else TOUCHED
        return NONE


TASK: Final = SceneTask(
    objects=_CUBE,
    materials=MATERIALS,
    movables={"cube": Movable("cube_joint", 0.10, 0.5, HALF_M + 0.0002)},
    stage_names=STAGE_NAMES,
    stages=CubeStages,
)
