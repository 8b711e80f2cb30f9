"""How the operator puts the battery into the remote.

The left hand holds the remote. The right hand grasps the cell, carries it over the slot, lowers its
minus end against the spring, tips it down, lets go and pushes it home with closed fingertips.

Known traps: closing off-centre kicks the cell away (so it looks again before closing), and
pulling a nearly seated cell out for another attempt (so it retries only when clearly beside).
"""

from typing import Final

import numpy as np

from sim.operators.hand import CLOSED, WIDE, Hand
from sim.scenes import battery_mjcf as parts
from sim.scenes.geometry import Array, Pose, pointing, raised
from sim.scenes.scene import Scene
from sim.scenes.task import Motion

_GRASP_REMOTE: Final = (-0.052, 0.0, 0.0035)  # in the remote's frame
_LEFT_DOWN_RAD: Final = 1.1
_RIGHT_DOWN_RAD: Final = 1.26
_PRESS_DOWN_RAD: Final = 1.35
_TILT_RAD: Final = 0.21  # of the cell while its minus end goes in first
_CELL_OPENING: Final = 0.62
_RELEASE_OPENING: Final = 0.40
_ATTEMPTS: Final = 4

_ENTRY_X_M: Final = (
    parts.SLOT_START_M
    + parts.SPRING_M
    + 0.001
    + parts.CELL_LENGTH_M / 2 * np.cos(_TILT_RAD)
    + parts.CELL_RADIUS_M * np.sin(_TILT_RAD)
)
_ENTRY_Z_M: Final = (
    parts.SLOT_FLOOR_M
    + 0.0015
    + parts.CELL_LENGTH_M / 2 * np.sin(_TILT_RAD)
    + parts.CELL_RADIUS_M * np.cos(_TILT_RAD)
)
"""Centre of the tilted cell, in the remote's frame, when its minus end just clears the spring."""


def script(scene: Scene, left: Hand, right: Hand) -> tuple[Motion, Motion]:
    """The motions of both hands."""
    task = _BatteryScript(scene, left, right)
    return task.left_motion(), task.right_motion()


def _nearest_heading(heading: float, wanted: float) -> float:
    """The heading equivalent to `heading` by half turns that is nearest to `wanted`, rad."""
    return (heading - wanted + np.pi / 2) % np.pi - np.pi / 2 + wanted


class _BatteryScript:
    def __init__(self, scene: Scene, left: Hand, right: Hand) -> None:
        self._scene, self._left, self._right = scene, left, right
        self._remote_held = self._pressed = False

    @property
    def _remote(self) -> Pose:
        return self._scene.object_pose("remote")

    @property
    def _cell(self) -> Pose:
        return self._scene.object_pose("battery")

    # Left hand

    def left_motion(self) -> Motion:
        """Grasps the remote and holds it still until the cell is in."""
        hand, remote = self._left, self._remote
        grasp = remote.point(_GRASP_REMOTE)
        rotation = pointing(_nearest_heading(remote.heading, 0.0), _LEFT_DOWN_RAD)
        above = raised(grasp, 0.08) - 0.03 * rotation[:, 0]
        yield from hand.pause()
        yield from hand.move(above, rotation, 0.9, opening=WIDE, scatter_m=hand.habits.scatter_m)
        yield from hand.move(raised(grasp, 0.03), rotation, 0.45, scatter_m=0.0005, within_m=0.004)
        yield from hand.move(grasp, rotation, 0.45, scatter_m=0.0005, within_m=0.002)
        yield from hand.grip(CLOSED, 0.4)
        hand.freeze()
        self._remote_held = True
        while not self._pressed:
            yield
        yield from hand.pause()

    # Right hand

    def right_motion(self) -> Motion:
        """Grasps the cell, inserts it, pushes it home and moves away."""
        yield from self._grasp_cell()
        yield from self._lift_cell()
        for attempt in range(_ATTEMPTS):
            yield from self._carry_over_slot(first=attempt == 0)
            yield from self._lower_minus_end()
            if not self._minus_end_is_in():
                continue
            yield from self._tip_down()
            if self._is_nearly_seated():
                break
        yield from self._let_go()
        yield from self._press_home()

    def _cell_grasp(self, height: float) -> tuple[Array, Array]:
        """Fingertip position and rotation at `height` over the cell where it lies now."""
        cell = self._cell
        heading = _nearest_heading(cell.heading, np.pi)
        return raised(cell.position, height), pointing(heading, _RIGHT_DOWN_RAD)

    def _grasp_cell(self) -> Motion:
        hand, at_cell = self._right, 0.0012
        yield from hand.pause()
        position, rotation = self._cell_grasp(0.07)
        yield from hand.move(
            position, rotation, 0.9, opening=_CELL_OPENING, scatter_m=hand.habits.scatter_m
        )
        yield from hand.move(*self._cell_grasp(0.03), 0.4, scatter_m=0.0003)
        for look in range(3):  # look again before closing
            yield from hand.move(
                *self._cell_grasp(at_cell),
                0.45 if look == 0 else 0.3,
                scatter_m=0.0003,
                within_m=0.001,
                patience_s=0.5,
            )
            miss = hand.seen.position - self._cell.position - (0, 0, at_cell)
            if np.linalg.norm(miss[:2]) < 0.0015 and abs(miss[2]) < 0.002:
                break
        yield from hand.grip(CLOSED, 0.4)

    def _lift_cell(self) -> Motion:
        hand = self._right
        yield from hand.move(
            raised(hand.intent.position, 0.08),
            hand.intent.rotation,
            0.5,
            scatter_m=hand.habits.scatter_m / 2,
        )
        while not self._remote_held:
            yield

    def _hand_for_cell(self, x: float, z: float, tilt: float) -> tuple[Array, Array]:
        """Where the hand must be for the cell to be at (x, 0, z) in the remote, minus end down.

        The cell is round, so only its axis counts: its turn about it stays as it was grasped.
        """
        cos, sin = np.cos(tilt), np.sin(tilt)
        tilted = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
        goal = Pose(self._remote.point((x, 0, z)), self._remote.rotation @ tilted)
        hand, cell = self._right.seen, self._cell
        along = cell.rotation[:, 0]
        level = np.cross((0, 0, 1), along)
        level /= np.linalg.norm(level)
        upright = Pose(cell.position, np.stack([along, level, np.cross(along, level)], axis=1))
        return goal.point(upright.local(hand.position)), goal.rotation @ (
            upright.rotation.T @ hand.rotation
        )

    def _cell_in_remote(self) -> tuple[Array, Array]:
        """The cell's centre (m) and axis in the remote's frame."""
        remote, cell = self._remote, self._cell
        return remote.local(cell.position), remote.rotation.T @ cell.rotation[:, 0]

    def _carry_over_slot(self, first: bool) -> Motion:
        hand = self._right
        clear = 0.045 if first else 0.02
        yield from hand.move(
            *self._hand_for_cell(_ENTRY_X_M, _ENTRY_Z_M + clear, _TILT_RAD),
            0.9 if first else 0.5,
            scatter_m=0.3 * hand.habits.scatter_m if first else 0.0,
        )
        yield from hand.pause()
        for _ in range(4):
            yield from hand.move(
                *self._hand_for_cell(_ENTRY_X_M, _ENTRY_Z_M + 0.012, _TILT_RAD),
                0.4,
                within_m=0.0007,
                patience_s=0.5,
            )
            centre, axis = self._cell_in_remote()
            if abs(centre[1]) < 0.0006 and abs(axis[1]) < 0.02:
                break

    def _lower_minus_end(self) -> Motion:
        yield from self._right.move(
            *self._hand_for_cell(_ENTRY_X_M, _ENTRY_Z_M, _TILT_RAD),
            0.45,
            within_m=0.001,
            patience_s=0.4,
        )

    def _minus_end_is_in(self) -> bool:
        centre, _ = self._cell_in_remote()
        return bool(centre[2] < _ENTRY_Z_M + 0.003 and abs(centre[1]) < 0.002)

    def _tip_down(self) -> Motion:
        """Back against the spring, then down in front of the plus contact."""
        hand, x, z = self._right, parts.SEAT_X_M, parts.SEAT_Z_M
        back = self._hand_for_cell(_ENTRY_X_M - 0.005, _ENTRY_Z_M - 0.0012, _TILT_RAD)
        yield from hand.move(*back, 0.45, within_m=0.0012, patience_s=0.4)
        tip = self._hand_for_cell(x - 0.0026, z + 0.0005, 0.02)
        yield from hand.move(*tip, 0.5, within_m=0.0015, patience_s=0.4)
        down = self._hand_for_cell(x - 0.0020, z - 0.002, 0.0)
        yield from hand.move(*down, 0.3, within_m=0.0015, patience_s=0.3)

    def _is_nearly_seated(self) -> bool:
        centre, _ = self._cell_in_remote()
        return bool(centre[2] - parts.SEAT_Z_M < 0.006 and abs(centre[1]) < 0.002)

    def _let_go(self) -> Motion:
        hand = self._right
        yield from hand.grip(_RELEASE_OPENING, 0.3)
        yield from hand.move(raised(hand.intent.position, 0.04), hand.intent.rotation, 0.4)

    def _press_home(self) -> Motion:
        """Down on the rear third of the cell with closed fingertips, then away."""
        hand = self._right
        heading = _nearest_heading(self._remote.heading, np.pi)
        rotation = pointing(heading, _PRESS_DOWN_RAD)
        yield from hand.move(self._over_plus_end(0.025), rotation, 0.5, opening=CLOSED)
        yield from hand.move(
            self._over_plus_end(0.0035), rotation, 0.4, within_m=0.0012, patience_s=0.3
        )
        yield from hand.move(self._over_plus_end(-0.003), rotation, 0.3)
        yield from hand.wait(0.16)
        yield from hand.move(self._over_plus_end(0.06), rotation, 0.5)
        self._pressed = True
        yield from hand.pause()
        yield from hand.wait(0.2)

    def _over_plus_end(self, height: float) -> Array:
        """A point above the top of a seated cell's plus half."""
        top = parts.SLOT_FLOOR_M + 2 * parts.CELL_RADIUS_M
        return self._remote.point((parts.SEAT_X_M + 0.012, 0, top + height))
