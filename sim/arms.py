"""Joins servos to what they move: followers to the MuJoCo scene, leaders to a person's hands.

A shoulder or elbow has two servos on one actuator of the scene: each with torque gives its half of
the force, and the first of them says where to.

A follower's gripper servo acts on its fingers by a constant force per current, not by the angle of
its crank: `GRIPPER_N_PER_A` stands for gear, crank and friction alike.

Not simulated: the two motors of a pair fighting each other, the leaders' own dynamics (they follow
the hand, or their goal at a bounded speed), gravity on a leader that nobody holds.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from sim.config import JOINT_STOP_RAD
from sim.linkage import angle_from_finger, finger_from_angle, finger_slope
from sim.servos.motor import MOTORS
from sim.servos.servo import Servo
from teleop.joints import ARM_DOF, JOINT_SERVO_IDS, JOINTS_PER_ARM, SERVOS_PER_ARM, Side

Vector = npt.NDArray[np.float64]

JOINT_OF_SERVO: Final = (0, 1, 1, 2, 2, 3, 4, 5, 6)
"""Joint index of servo IDs 1 ... 9."""
SERVOS_OF_JOINT: Final = tuple(JOINT_OF_SERVO.count(joint) for joint in range(JOINTS_PER_ARM))
_ARM_MOTOR, _WRIST_MOTOR = MOTORS[1120], MOTORS[1020]
GRIPPER_N_PER_A: Final = 12 / 0.540
"""The scene's gripper force stands for the 540 mA that ALOHA lets a gripper draw."""
FORCE_PER_A: Final = np.multiply(
    [*[_ARM_MOTOR.nm_per_a] * 5, _WRIST_MOTOR.nm_per_a, GRIPPER_N_PER_A],
    SERVOS_OF_JOINT,
)
"""Of a joint with all its servos, Nm/A and N/A, per ampere in each of them."""
_FULL_SHARE: Final = np.array([1.0] * ARM_DOF + [_WRIST_MOTOR.stall_current_ma / 540])
"""The scene's force limits are an arm's at stall but a gripper's at 540 mA: full in their terms."""
LEADER_SPEED_RAD_S: Final = 3.0
LEADER_LAG_S: Final = 0.05


class FollowerScene(Protocol):
    """What this module needs of `sim.scenes.scene.Scene`; each array is the caller's own."""

    def joint_positions(self, side: Side) -> Vector: ...
    def joint_velocities(self, side: Side) -> Vector: ...
    def joint_forces(self, side: Side) -> Vector: ...
    def set_targets(self, side: Side, targets: Vector) -> None: ...
    def set_torque(self, side: Side, on: Sequence[bool]) -> None: ...
    def set_force_limits(self, side: Side, share: Sequence[float]) -> None: ...
    def set_stiffness(self, side: Side, share: Sequence[float]) -> None: ...


class FollowerArm:
    """Nine servos on one arm of the scene."""

    def __init__(self, scene: FollowerScene, side: Side, servos: Sequence[Servo]) -> None:
        self._scene = scene
        self._side: Side = side
        self._servos = servos
        self._joints = [
            [servos[index] for index, of in enumerate(JOINT_OF_SERVO) if of == joint]
            for joint in range(JOINTS_PER_ARM)
        ]
        self._powers: list[tuple[bool, float, float]] = []
        self._adopt([(False, 1.0, 1.0)] * SERVOS_PER_ARM)
        self.sense()

    def drive(self, now_ns: int, heard_ns: int) -> None:
        """Let the servos drive the actuators from `now_ns` on: call before a step.

        `heard_ns`: when the bus last carried an instruction.
        """
        for servo in self._servos:
            servo.advance(now_ns, heard_ns)
        powers = [(servo.torque_on, servo.torque_share, servo.stiffness) for servo in self._servos]
        if powers != self._powers:
            self._adopt(powers)
        goals = np.array([servo.setpoint_rad for servo in self._drivers])
        goals[ARM_DOF] = finger_from_angle(goals[ARM_DOF])
        self._scene.set_targets(self._side, goals)
        self._scene.set_torque(self._side, self._torque)
        self._scene.set_force_limits(self._side, self._force_shares)
        self._scene.set_stiffness(self._side, self._stiffness)

    def sense(self) -> None:
        """Put joint positions, speeds and currents into the servos: call after a step."""
        position = self._scene.joint_positions(self._side)
        velocity = self._scene.joint_velocities(self._side)
        current_ma = 1000.0 * self._scene.joint_forces(self._side) / FORCE_PER_A
        angle = angle_from_finger(position[ARM_DOF])
        position[ARM_DOF] = angle
        velocity[ARM_DOF] /= finger_slope(angle)
        of_joint = list(JOINT_OF_SERVO)
        readings = zip(
            self._servos,
            position[of_joint].tolist(),
            velocity[of_joint].tolist(),
            (current_ma[of_joint] * self._load_share).tolist(),
            strict=True,
        )
        for servo, position_rad, velocity_rad_s, effort_ma in readings:
            servo.sense(position_rad, velocity_rad_s, effort_ma)

    def _adopt(self, powers: list[tuple[bool, float, float]]) -> None:
        """Works out what the actuators get: torque, force and stiffness of each joint's servos."""
        self._powers = powers
        on, share, stiffness = np.array(powers, dtype=np.float64).T
        bearing = np.bincount(JOINT_OF_SERVO, on)
        self._torque = (bearing > 0).tolist()
        self._force_shares = (_of_joints(on, share) * _FULL_SHARE).tolist()
        self._stiffness = _of_joints(on, stiffness).tolist()
        self._load_share = on * (SERVOS_OF_JOINT / np.maximum(bearing, 1))[list(JOINT_OF_SERVO)]
        self._drivers = [
            next((servo for servo in servos if servo.torque_on), servos[0])
            for servos in self._joints
        ]


def _of_joints(on: Vector, share: Vector) -> Vector:
    """(7,) means over the servos of a joint, a limp one counting as 0; 1 where all are limp."""
    limp = np.bincount(JOINT_OF_SERVO, on) == 0
    return np.where(limp, 1.0, np.bincount(JOINT_OF_SERVO, on * share) / SERVOS_OF_JOINT)


class LeaderArm:
    """Nine servos that a hand moves while they are limp, and that hold or ramp while they are not.

    Args:
        position_rad: (7,) joints where the arm stands at start, the gripper as its servo's angle.
    """

    def __init__(self, servos: Sequence[Servo], position_rad: Vector) -> None:
        self._servos = servos
        self._primaries = [servos[servo_id - 1] for servo_id in JOINT_SERVO_IDS]
        self._position = position_rad.astype(np.float64)
        self._velocity = np.zeros(JOINTS_PER_ARM)
        self._sense()

    @property
    def limp(self) -> bool:
        """No servo of the arm has torque: the hand can move it."""
        return not any(servo.torque_on for servo in self._servos)

    def settle(self) -> None:
        """Be exactly where the servos hold, at rest: part of a reset."""
        for joint, servo in enumerate(self._primaries):
            if servo.torque_on:
                self._position[joint] = servo.setpoint_rad
        self._velocity[:] = 0.0
        self._sense()

    def advance(self, period_s: float, hand_rad: Vector | None, now_ns: int, heard_ns: int) -> None:
        """Move for one tick.

        Args:
            hand_rad: (7,) where the hand puts the joints, or None if nobody holds the arm.
            now_ns: the servos' time.
            heard_ns: when the bus last carried an instruction.
        """
        for servo in self._servos:
            servo.advance(now_ns, heard_ns)
        share = 1.0 - np.exp(-period_s / LEADER_LAG_S)
        bound = LEADER_SPEED_RAD_S * period_s
        target = self._position.copy() if hand_rad is None else hand_rad.copy()
        for joint, servo in enumerate(self._primaries):
            if servo.torque_on:
                reach = share * (servo.setpoint_rad - self._position[joint])
                target[joint] = self._position[joint] + np.clip(reach, -bound, bound)
        target = np.clip(target, -JOINT_STOP_RAD, JOINT_STOP_RAD)
        self._velocity = (target - self._position) / period_s
        self._position = target
        self._sense()

    def _sense(self) -> None:
        for index in range(SERVOS_PER_ARM):
            joint = JOINT_OF_SERVO[index]
            self._servos[index].sense(
                float(self._position[joint]), float(self._velocity[joint]), 0.0
            )
