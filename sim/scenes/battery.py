"""The battery task: placing the cell and the remote, and judging the stages.

The right hand lifts the cell and puts it into the slot against the spring, the left hand holds
the remote. Stages as in the ALOHA paper's slot-battery task, "seated" judged by position.
"""

from typing import Final

import mujoco
import numpy as np

from sim.scenes import battery_mjcf as parts
from sim.scenes.contacts import Touch
from sim.scenes.geometry import Pose
from sim.scenes.task import Movable, SceneTask

STAGE_NAMES: Final = ("none", "touched", "lifted", "in slot", "seated")
NONE, TOUCHED, LIFTED, IN_SLOT, SEATED = range(len(STAGE_NAMES))

SEATED_TICKS: Final = 10
"""How long the cell must lie seated and untouched before it counts."""

_SEAT_TOLERANCE_M: Final = np.array([0.0015, 0.0012, 0.0012])
_SEAT_COSINE: Final = 0.998
_SLOT_TOLERANCE_M: Final = np.array([0.012, 0.004])


class BatteryStages:
    """Judges one episode; "seated" needs `SEATED_TICKS` updates in a row."""

    def __init__(self, model: mujoco.MjModel) -> None:
        touch = Touch(model)
        remote = touch.group("remote_body", "remote_floor")
        cell = touch.group("battery")
        right_pads = touch.group("right/left_pad", "right/right_pad")
        self._touch = touch
        self._left_hold = [
            (touch.group(f"left/{finger}_pad"), remote) for finger in ("left", "right")
        ]
        self._right_on_cell = (right_pads, cell)
        self._cell_on_table = (cell, touch.group("table"))
        self._cell_in_slot = (cell, touch.group(*parts.SLOT_GEOMS))
        self._remote_id, self._cell_id = model.body("remote").id, model.body("battery").id
        self._seated_ticks = 0

    def update(self, data: mujoco.MjData) -> int:
        """The stage of the present state."""
        pairs = self._touch.pairs(data)
        held = all(self._touch.between(pairs, *pair) for pair in self._left_hold)
        touched = self._touch.between(pairs, *self._right_on_cell)
        lifted = not self._touch.between(pairs, *self._cell_on_table)
        offset, cosine = self._cell_in_remote(data)
        seated = bool(np.all(np.abs(offset) < _SEAT_TOLERANCE_M)) and cosine > _SEAT_COSINE
        self._seated_ticks = self._seated_ticks + 1 if seated and not touched else 0
        if self._seated_ticks >= SEATED_TICKS:
            return SEATED
        if lifted and self._over_slot(offset) and self._touch.between(pairs, *self._cell_in_slot):
            return IN_SLOT
        if held and touched:
            return LIFTED if lifted else TOUCHED
        return NONE

    def _cell_in_remote(self, data: mujoco.MjData) -> tuple[np.ndarray, float]:
        """The cell's offset from its seat, (3,) m, and the cosine between the two x axes."""
        remote = Pose(data.xpos[self._remote_id], data.xmat[self._remote_id].reshape(3, 3))
        offset = remote.local(data.xpos[self._cell_id]) - (parts.SEAT_X_M, 0.0, parts.SEAT_Z_M)
        axis = data.xmat[self._cell_id].reshape(3, 3)[:, 0]
        return offset, float(remote.rotation[:, 0] @ axis)

    @staticmethod
    def _over_slot(offset: np.ndarray) -> bool:
        return bool(np.all(np.abs(offset[:2]) < _SLOT_TOLERANCE_M))


TASK: Final = SceneTask(
    objects=parts.objects(),
    materials=parts.MATERIALS,
    movables={
        "remote": Movable("remote_joint", -0.065, 0.5, parts.TOP_M + 0.0002),
        "battery": Movable("battery_joint", 0.16, 0.5, parts.CELL_RADIUS_M + 0.0003),
    },
    stage_names=STAGE_NAMES,
    stages=BatteryStages,
)
