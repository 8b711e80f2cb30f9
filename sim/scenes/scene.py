"""The physics of one task: two follower arms, the objects, and how far the task has come.

What follows the servo registers (profiles, torque enable, currents in mA) belongs to the emulated
servos; a scene knows joints, position goals and forces. What the arms and objects leave out is
said in `arm_mjcf` and the tasks' modules.
"""

from collections.abc import Sequence
from typing import Final

import mujoco
import numpy as np

from sim.config import TICK_S
from sim.errors import SceneError
from sim.scenes.arm_mjcf import FINGER_MIN_M
from sim.scenes.geometry import Array, Pose
from sim.scenes.table_mjcf import TIMESTEP_S, rig_mjcf
from sim.scenes.task import Placement, load_task
from teleop.joints import ARM_JOINTS, GRIPPER, JOINTS_PER_ARM, SIDES, Side
from teleop.rig_config import PoseConfig

START_RAD: Final = np.array(PoseConfig().start_rad)

_SUBSTEPS: Final = round(TICK_S / TIMESTEP_S)
_SETTLE_STEPS: Final = 400
_STATE: Final = (
    mujoco.mjtState.mjSTATE_FULLPHYSICS
    | mujoco.mjtState.mjSTATE_CTRL
    | mujoco.mjtState.mjSTATE_WARMSTART
)
_ALL_ON: Final = (True,) * JOINTS_PER_ARM


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
        self._torque = np.ones(self.model.nu)
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

    def reset(self, seed: int) -> None:
        """Arms in the start pose, grippers closed, objects at rest where the seed puts them.

        A fixed function of the seed, to the bit, whatever happened before.
        """
        mujoco.mj_resetData(self.model, self.data)
        for side in SIDES:
            self.set_torque(side, _ALL_ON)
        self._pose_arms()
        for placement in self._task.place(np.random.default_rng(seed)):
            self._put(placement)
        mujoco.mj_step(self.model, self.data, nstep=_SETTLE_STEPS)
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

    def _put(self, placement: Placement) -> None:
        address = self.model.joint(placement.joint).qposadr[0]
        half = placement.heading / 2
        turn = (np.cos(half), 0.0, 0.0, np.sin(half))
        self.data.qpos[address : address + 7] = (*placement.position, *turn)

    def _still(self) -> None:
        self.data.time = 0.0
        self.data.qvel[:] = 0.0
        self.data.qacc_warmstart[:] = 0.0

    def _begin_stages(self) -> None:
        self._stages = self._task.stages(self.model)
        self.best_stage = 0

    def step(self) -> None:
        """Advances by one tick of 20 ms."""
        mujoco.mj_step(self.model, self.data, nstep=_SUBSTEPS)
        mujoco.mj_fwdPosition(self.model, self.data)  # poses and contacts of the state reached

    def stage(self) -> int:
        """The stage reached now, an index of `stage_names`. Call it exactly once per step."""
        now = self._stages.update(self.data)
        self.best_stage = max(self.best_stage, now)
        return now

    def state(self) -> Array:
        """Everything that `restore` needs to go on bit for bit: float64, 1-D, fixed length.

        Physics, goals, solver warm start, and which joints have torque.
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

    def _load(self, state: Array) -> None:
        state = np.ascontiguousarray(state, dtype=np.float64)
        if state.shape != (self.state_size,):
            raise SceneError(
                f"A state of task '{self.task}' has {self.state_size} numbers, this one has shape "
                f"{state.shape}: it was stored by another scene or another version."
            )
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
