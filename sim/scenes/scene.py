"""The physics of one task: two follower arms, the objects, and how far the task has come.

What follows the servo registers (profiles, torque enable, currents in mA) belongs to the emulated
servos; a scene knows joints, position goals and forces. What the arms and objects leave out is
said in `arm_mjcf` and the tasks' modules.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import mujoco
import numpy as np

from sim.config import TICK_S, StartRange
from sim.errors import SceneError
from sim.scenes.arm_mjcf import FINGER_MIN_M
from sim.scenes.geometry import Array, Pose
from sim.scenes.table_mjcf import TIMESTEP_S, rig_mjcf
from sim.scenes.task import Movable, load_task
from teleop.config import nearest
from teleop.joints import ARM_JOINTS, GRIPPER, JOINTS_PER_ARM, SIDES, Side
from teleop.rig_config import PoseConfig

START_RAD: Final = np.array(PoseConfig().start_rad)

LARGEST: Final = 1e6
"""What no number of a state comes near: metres, radians, seconds, and their derivatives."""
_SUBSTEPS: Final = round(TICK_S / TIMESTEP_S)
_SETTLE_STEPS: Final = 40
_SETTLE_PARTS: Final = 10
_STATE: Final = (
    mujoco.mjtState.mjSTATE_FULLPHYSICS
    | mujoco.mjtState.mjSTATE_CTRL
    | mujoco.mjtState.mjSTATE_WARMSTART
)
_ALL_ON: Final = (True,) * JOINTS_PER_ARM
_FULL: Final = [1.0] * JOINTS_PER_ARM
_NOWHERE: Final[Mapping[str, StartRange]] = {}


class Scene:
    """One task's physics: two follower arms and the task's objects. Not thread safe.

    Vectors of an arm are (7,): the six joints in rad, then the finger's slide in m. After every
    method that changes the state, positions and contacts in `data` belong to that state; forces do
    so after `reset` and `restore`, while `step` leaves those of its last 2 ms.

    Raises:
        SceneError: no such task; names the nearest known one.
    """

    def __init__(self, task: str, image_height: int = 480, image_width: int = 640) -> None:
        self.task = task
        self._task = load_task(task)
        self.stage_names = self._task.stage_names
        self.image_height, self.image_width = image_height, image_width
        self.model = mujoco.MjModel.from_xml_string(
            rig_mjcf(task, self._task.objects, self._task.materials, image_height, image_width)
        )
        self.data = mujoco.MjData(self.model)
        self._index_arms()
        self._gain = self.model.actuator_gainprm.copy()
        self._bias = self.model.actuator_biasprm.copy()
        self._physics_size = mujoco.mj_stateSize(self.model, _STATE)
        self._force_range = self.model.actuator_forcerange.copy()
        self._kp = self._gain[:, 0].copy()
        self._torque = np.ones(self.model.nu)
        self._force_shares: dict[Side, Sequence[float]] = {}
        self._stiffness: dict[Side, Sequence[float]] = {}
        self._past_warnings = 0
        self.reset(0)

    def _index_arms(self) -> None:
        def joint_names(side: Side) -> list[str]:
            return [f"{side}/{name}" for name in (*ARM_JOINTS, "left_finger")]

        model = self.model
        self._qpos = {
            side: np.array([model.joint(name).qposadr[0] for name in joint_names(side)])
            for side in SIDES
        }
        self._dof = {
            side: np.array([model.joint(name).dofadr[0] for name in joint_names(side)])
            for side in SIDES
        }
        self._actuators = {
            side: np.array([model.actuator(f"{side}/{n}").id for n in (*ARM_JOINTS, GRIPPER)])
            for side in SIDES
        }
        self._pinch = {side: model.site(f"{side}/pinch").id for side in SIDES}

    def check_start(self, start: Mapping[str, StartRange]) -> None:
        """That the scene has the objects that a task file places.

        Raises:
            SceneError: it has not; names the nearest one.
        """
        for name in start:
            if name not in self._task.movables:
                raise SceneError(
                    f"Scene {self.task!r} has no object {name!r} to place. "
                    f"{nearest(name, self._task.movables)}."
                )

    def reset(
        self,
        seed: int,
        start: Mapping[str, StartRange] = _NOWHERE,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        """Arms in the start pose, grippers closed, objects at rest where the seed puts them.

        An object that `start` does not name lies where the scene has it by itself. A fixed function
        of both arguments, to the bit, whatever happened before. It takes about 10 ms, in which
        `meanwhile` is called every 1 ms.

        Raises:
            SceneError: `start` names an object that the scene does not have.
        """
        self.check_start(start)
        self._past_warnings = self.warnings
        mujoco.mj_resetData(self.model, self.data)
        for side in SIDES:
            self.set_torque(side, _ALL_ON)
            self.set_force_limits(side, _FULL)
            self.set_stiffness(side, _FULL)
        self._pose_arms()
        rng = np.random.default_rng(seed)
        for name, movable in self._task.movables.items():
            self._put(movable, start.get(name), rng)
        for _ in range(_SETTLE_PARTS):
            mujoco.mj_step(self.model, self.data, nstep=_SETTLE_STEPS)
            meanwhile()
        self._still()
        self._pose_arms()
        mujoco.mj_forward(self.model, self.data)
        self._begin_stages()

    def _pose_arms(self) -> None:
        start = np.append(START_RAD, FINGER_MIN_M)
        for side in SIDES:
            self.data.qpos[self._qpos[side]] = start
            self.data.qpos[self.model.joint(f"{side}/right_finger").qposadr[0]] = FINGER_MIN_M
            self.data.ctrl[self._actuators[side]] = start

    def _put(self, movable: Movable, where: StartRange | None, rng: np.random.Generator) -> None:
        x_share, y_share, turn_share = rng.uniform(size=3)  # drawn always: objects do not depend
        x_m, y_m, heading = movable.x_m, movable.y_m, 0.0
        if where is not None:
            x_m, y_m = _within(where.x_m, x_share), _within(where.y_m, y_share)
            heading = math.radians(_within(where.heading_deg, turn_share))
        address = self.model.joint(movable.joint).qposadr[0]
        turn = (np.cos(heading / 2), 0.0, 0.0, np.sin(heading / 2))
        self.data.qpos[address : address + 7] = (x_m, y_m, movable.height_m, *turn)

    def _still(self) -> None:
        self.data.time = 0.0
        self.data.qvel[:] = 0.0
        self.data.qacc_warmstart[:] = 0.0

    def _begin_stages(self) -> None:
        self._stages = self._task.stages(self.model)
        self.best_stage = 0

    def step(self, slices: int = 1) -> None:
        """Advances by one tick of 20 ms, or by one of so many equal slices of it."""
        mujoco.mj_step(self.model, self.data, nstep=_SUBSTEPS // slices)
        mujoco.mj_fwdPosition(self.model, self.data)  # poses and contacts of the state reached

    def stage(self) -> int:
        """The stage reached now, an index of `stage_names`. Call it exactly once per tick."""
        now = self._stages.update(self.data)
        self.best_stage = max(self.best_stage, now)
        return now

    @property
    def warnings(self) -> int:
        """How often MuJoCo has warned since the scene was made: a sign of unsound physics."""
        return self._past_warnings + sum(int(warning.number) for warning in self.data.warning)

    def state(self) -> Array:
        """Everything that `restore` needs to go on bit for bit: float64, 1-D, fixed length.

        Physics, goals, solver warm start, and which joints have torque; force limits and stiffness
        are not in it, which whoever drives the joints sets anew before each step.
        """
        state = np.empty(self.state_size)
        mujoco.mj_getState(self.model, self.data, state[: self._physics_size], _STATE)
        state[self._physics_size :] = self._torque
        return state

    @property
    def state_size(self) -> int:
        """Length of `state`."""
        return int(self._physics_size + self.model.nu)

    def restore(self, state: Array) -> None:
        """Puts a stored state back; judging the stages starts afresh.

        Raises:
            SceneError: the state is not one of this scene.
        """
        self._load(state)
        self._begin_stages()

    def check_state(self, state: Array) -> None:
        """That a stored state can be put back.

        Raises:
            SceneError: it is not one of this scene, or its numbers are none.
        """
        if state.shape != (self.state_size,):
            raise SceneError(
                f"A state of task '{self.task}' has {self.state_size} numbers, this one has shape "
                f"{state.shape}: it was stored by another scene or another version."
            )
        if not (np.abs(state) < LARGEST).all():  # nor NaN
            raise SceneError(f"This state of task '{self.task}' is none: its numbers cannot be.")

    def _load(self, state: Array) -> None:
        state = np.ascontiguousarray(state, dtype=np.float64)
        self.check_state(state)
        physics = state[: self._physics_size]
        for side in SIDES:
            on = state[self._physics_size + self._actuators[side]] > 0.5
            self.set_torque(side, [bool(flag) for flag in on])
        mujoco.mj_setState(self.model, self.data, physics, _STATE)
        mujoco.mj_forward(self.model, self.data)
        mujoco.mj_setState(self.model, self.data, physics, _STATE)  # forward moved the warm start

    def joint_positions(self, side: Side) -> Array:
        """(7,) rad and m."""
        return np.array(self.data.qpos[self._qpos[side]])

    def joint_velocities(self, side: Side) -> Array:
        """(7,) rad/s and m/s."""
        return np.array(self.data.qvel[self._dof[side]])

    def joint_forces(self, side: Side) -> Array:
        """(7,) Nm and N: what the actuators give."""
        return np.array(self.data.actuator_force[self._actuators[side]])

    def set_targets(self, side: Side, targets: Array) -> None:
        """Position goals of the servos, (7,) rad and m; beyond the joint's range they are cut."""
        self.data.ctrl[self._actuators[side]] = targets

    def set_torque(self, side: Side, on: Sequence[bool]) -> None:
        """Switches servos on or off, seven flags; off is limp: only friction and inertia stay."""
        actuators = self._actuators[side]
        factor = np.array(on, dtype=float)
        if np.array_equal(factor, self._torque[actuators]):
            return  # asked every tick, changes a few times a session
        self._torque[actuators] = factor
        self.model.actuator_gainprm[actuators] = self._gain[actuators] * factor[:, None]
        self.model.actuator_biasprm[actuators] = self._bias[actuators] * factor[:, None]

    def set_force_limits(self, side: Side, share: Sequence[float]) -> None:
        """What the servos may push with, seven shares of the force limits in `arm_mjcf`."""
        if share == self._force_shares.get(side):
            return
        self._force_shares[side] = list(share)
        actuators = self._actuators[side]
        limits = self._force_range[actuators] * np.array(share)[:, None]
        self.model.actuator_forcerange[actuators] = limits

    def set_stiffness(self, side: Side, share: Sequence[float]) -> None:
        """How firmly the servos hold their goals, seven shares of the gains in `arm_mjcf`.

        Damping stays: it is mostly the motors' own.
        """
        if share == self._stiffness.get(side):
            return
        self._stiffness[side] = list(share)
        actuators = self._actuators[side]
        self._gain[actuators, 0] = self._kp[actuators] * share
        self._bias[actuators, 1] = -self._gain[actuators, 0]
        torque = self._torque[actuators, None]
        self.model.actuator_gainprm[actuators] = self._gain[actuators] * torque
        self.model.actuator_biasprm[actuators] = self._bias[actuators] * torque

    def hand_pose(self, side: Side) -> Pose:
        """The point between the fingertips; its x axis is where the fingers point."""
        site = self._pinch[side]
        return Pose(
            self.data.site_xpos[site].copy(), self.data.site_xmat[site].reshape(3, 3).copy()
        )

    def object_pose(self, name: str) -> Pose:
        """The pose of a body by name."""
        body = self.data.body(name)
        return Pose(body.xpos.copy(), body.xmat.reshape(3, 3).copy())


def _within(ends: tuple[float, ...], share: float) -> float:
    return ends[0] + share * (ends[1] - ends[0])


def stage_history(task: str, states: Array) -> np.ndarray:
    """Stages (T,) recomputed from a recording's states (T, n), one per tick, in order.

    Raises:
        SceneError: no such task, or the states are not this scene's.
    """
    scene = Scene(task)
    stages = np.empty(len(states), dtype=np.int64)
    for index, state in enumerate(states):
        scene._load(state)
        stages[index] = scene.stage()
    return stages
