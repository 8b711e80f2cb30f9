"""How the operator puts the battery into the remote.

The left hand holds the remote. The right hand grasps the cell, carries it over the slot, lowers its
minus end against the spring, tips it down, lets go and pushes it home with closed fingertips. Both
look whether they got what they closed on, and try again where they did not.

Known traps: closing off-centre kicks the cell away (so it looks again before closing), and
pulling a nearly seated cell out for another attempt (so it retries only when clearly beside).
"""

from typing import Final

import numpy as np

from sim.operators.hand import CLOSED, WIDE, Hand, Motion
from sim.scenes import battery_mjcf as parts
from sim.scenes.geometry import Array, Pose, pointing, raised
from sim.scenes.scene import Scene

_GRASP_REMOTE: Final = (-0.052, 0.0, 0.0035)  # in the remote's frame
_LEFT_DOWN_RAD: Final = 1.1
_RIGHT_DOWN_RAD: Final = 1.26
_PRESS_DOWN_RAD: Final = 1.35
_TILT_RAD: Final = 0.21  # of the cell while its minus end goes in first
_CELL_OPENING: Final = 0.62
_RELEASE_OPENING: Final = 0.40
_ATTEMPTS: Final = 4  # to grasp something, to insert the cell
_PRESSES: Final = 2
_LIFT_M: Final = 0.055
_AT_CELL_M: Final = 0.0012  # fingertips over the middle of the cell they close on
_IN_HAND_M: Final = 0.02  # a cell farther from the fingertips was left behind, or fell
_NEAR_X_M: Final = 0.16  # to the right arm, which comes from the right
_TOO_HIGH_M: Final = (0.015, 0.019)  # deliberate misses: fingers that close over the cell,
_TOO_SHORT_M: Final = (0.035, 0.040)  # or before its near end; neither touches it

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


def script(scene: Scene, left: Hand, right: Hand, misses: bool) -> tuple[Motion, Motion]:
    """The motions of both hands; if it `misses`, the right hand does so at the cell at first."""
    task = _BatteryScript(scene, left, right, misses)
    return task.left_motion(), task.right_motion()


def _nearest_heading(heading: float, wanted: float) -> float:
    """The heading equivalent to `heading` by half turns that is nearest to `wanted`, rad."""
    return (heading - wanted + np.pi / 2) % np.pi - np.pi / 2 + wanted


class _BatteryScript:
    def __init__(self, scene: Scene, left: Hand, right: Hand, misses: bool) -> None:
        self._scene, self._left, self._right = scene, left, right
        self._misses = misses
        self._remote_held = self._right_done = False

    @property
    def _remote(self) -> Pose:
        return self._scene.object_pose("remote")

    @property
    def _cell(self) -> Pose:
        return self._scene.object_pose("battery")

    # Left hand

    def left_motion(self) -> Motion:
        """Grasps the remote and holds it still until the cell is in."""
        hand = self._left
        yield from hand.pause()
        for attempt in range(_ATTEMPTS):
            hand.retries += attempt > 0
            yield from self._grasp_remote()
            if hand.grips:
                break
        hand.freeze()
        self._remote_held = True
        while not self._right_done:
            yield
        yield from hand.pause()

    def _grasp_remote(self) -> Motion:
        hand, remote = self._left, self._remote
        grasp = remote.point(_GRASP_REMOTE)
        rotation = pointing(_nearest_heading(remote.heading, 0.0), _LEFT_DOWN_RAD)
        above = raised(grasp, 0.08) - 0.03 * rotation[:, 0]
        yield from hand.move(above, rotation, 0.9, opening=WIDE, scatter_m=hand.habits.scatter_m)
        yield from hand.move(raised(grasp, 0.03), rotation, 0.45, scatter_m=0.0005, within_m=0.004)
        yield from hand.move(grasp, rotation, 0.45, scatter_m=0.0005, within_m=0.002)
        yield from hand.grip(CLOSED, 0.4)

    # Right hand

    def right_motion(self) -> Motion:
        """Grasps the cell, inserts it, pushes it home and moves away."""
        yield from self._right.pause()
        yield from self._take_cell()
        while not self._remote_held:
            yield
        yield from self._insert()
        yield from self._let_go()
        yield from self._press_home()
        self._right_done = True
        yield from self._right.pause()
        yield from self._right.wait(0.2)

    def _take_cell(self) -> Motion:
        """Grasps and lifts the cell; sees when it has stayed behind and goes for it again."""
        hand = self._right
        for attempt in range(_ATTEMPTS):
            hand.retries += attempt > 0
            beside = self._misjudged() if self._misses else np.zeros(3)
            self._misses = False
            yield from self._grasp_cell(beside, quick=attempt > 0)
            yield from hand.move(
                raised(hand.intent.position, _LIFT_M),
                hand.intent.rotation,
                0.45,
                scatter_m=hand.habits.scatter_m / 2,
            )
            if self._cell_in_hand():
                return
            yield from hand.pause()

    def _misjudged(self) -> Array:
        """Where fingers close that miss the cell, (3,) m from where they ought to.

        A cell that lies far is reached short of, one that lies near is closed on too early.
        """
        rng = self._right.rng
        if self._cell.position[0] > _NEAR_X_M:
            return np.array([0.0, 0.0, rng.uniform(*_TOO_HIGH_M)])
        _, rotation = self._cell_grasp(0.0)
        ahead = rotation[:, 0] * (1, 1, 0)
        return np.asarray(-ahead / np.linalg.norm(ahead) * rng.uniform(*_TOO_SHORT_M))

    def _cell_in_hand(self) -> bool:
        away = self._right.seen.position - self._cell.position
        return bool(np.linalg.norm(away) < _IN_HAND_M)

    def _cell_grasp(self, height: float) -> tuple[Array, Array]:
        """Fingertip position and rotation at `height` over the cell where it lies now."""
        cell = self._cell
        heading = _nearest_heading(cell.heading, np.pi)
        return raised(cell.position, height), pointing(heading, _RIGHT_DOWN_RAD)

    def _grasp_cell(self, beside: Array, quick: bool) -> Motion:
        """Opens, comes down and closes, `beside` (3,) m from the cell: zero but for a miss."""
        hand = self._right
        position, rotation = self._cell_grasp(0.07)
        yield from hand.move(
            position + beside,
            rotation,
            0.6 if quick else 0.9,
            opening=_CELL_OPENING,
            scatter_m=hand.habits.scatter_m,
        )
        position, rotation = self._cell_grasp(0.03)
        yield from hand.move(position + beside, rotation, 0.4, scatter_m=0.0003)
        for look in range(3):  # look again before closing
            position, rotation = self._cell_grasp(_AT_CELL_M)
            yield from hand.move(
                position + beside,
                rotation,
                0.45 if look == 0 else 0.3,
                scatter_m=0.0003,
                within_m=0.001,
                patience_s=0.35,
            )
            miss = hand.seen.position - self._cell.position - beside - (0, 0, _AT_CELL_M)
            if np.linalg.norm(miss[:2]) < 0.0015 and abs(miss[2]) < 0.002:
                break
        yield from hand.grip(CLOSED, 0.4)

    def _insert(self) -> Motion:
        """Minus end first against the spring, then down; again if it did not go in, or fell."""
        for attempt in range(_ATTEMPTS):
            lost = not self._cell_in_hand()
            self._right.retries += lost or attempt > 0
            if lost:
                yield from self._right.pause()
                yield from self._take_cell()
            yield from self._while_in_hand(self._bring_in(first=attempt == 0))
            if self._is_nearly_seated():
                return

    def _while_in_hand(self, motion: Motion) -> Motion:
        """Breaks a motion off when it is seen that the cell has slipped from the hand."""
        for _ in motion:
            if not self._cell_in_hand():
                return
            yield

    def _bring_in(self, first: bool) -> Motion:
        yield from self._carry_over_slot(first)
        yield from self._lower_minus_end()
        if self._minus_end_is_in():
            yield from self._tip_down()

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
                within_m=0.0010,
                patience_s=0.3,
            )
            centre, axis = self._cell_in_remote()
            if abs(centre[1]) < 0.0006 and abs(axis[1]) < 0.02:
                break

    def _lower_minus_end(self) -> Motion:
        yield from self._right.move(
            *self._hand_for_cell(_ENTRY_X_M, _ENTRY_Z_M, _TILT_RAD),
            0.45,
            within_m=0.001,
            patience_s=0.24,
        )

    def _minus_end_is_in(self) -> bool:
        centre, _ = self._cell_in_remote()
        return bool(centre[2] < _ENTRY_Z_M + 0.003 and abs(centre[1]) < 0.002)

    def _tip_down(self) -> Motion:
        """Back against the spring, then down in front of the plus contact."""
        hand, x, z = self._right, parts.SEAT_X_M, parts.SEAT_Z_M
        back = self._hand_for_cell(_ENTRY_X_M - 0.005, _ENTRY_Z_M - 0.0012, _TILT_RAD)
        yield from hand.move(*back, 0.45, within_m=0.0012, patience_s=0.24)
        tip = self._hand_for_cell(x - 0.0026, z + 0.0005, 0.02)
        yield from hand.move(*tip, 0.5, within_m=0.0015, patience_s=0.4)
        down = self._hand_for_cell(x - 0.0020, z - 0.002, 0.0)
        yield from hand.move(*down, 0.3, within_m=0.0015, patience_s=0.2)

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
        for press in range(_PRESSES):
            hand.retries += press > 0
            yield from hand.move(
                self._over_plus_end(0.0035), rotation, 0.4, within_m=0.0012, patience_s=0.2
            )
            yield from hand.move(self._over_plus_end(-0.003), rotation, 0.3)
            yield from hand.wait(0.16)
            yield from hand.move(self._over_plus_end(0.06), rotation, 0.5)
            if self._is_seated():
                break

    def _is_seated(self) -> bool:
        centre, _ = self._cell_in_remote()
        return bool(abs(centre[2] - parts.SEAT_Z_M) < 0.0015)

    def _over_plus_end(self, height: float) -> Array:
        """A point above the top of a seated cell's plus half."""
        top = parts.SLOT_FLOOR_M + 2 * parts.CELL_RADIUS_M
        return self._remote.point((parts.SEAT_X_M + 0.012, 0, top + height))
