"""Joins servos to what they move: followers to the MuJoCo scene, leaders to a person's hands.

Not simulated: the two motors of a shoulder or elbow fighting each other (a pair is one actuator,
driven by its primary), the leaders' own dynamics (they follow the hand, or their goal at a bounded
speed), gravity on a leader that nobody holds.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from sim.linkage import angle_from_finger, finger_from_angle, finger_slope
from sim.servos.servo import Servo
from teleop.joints import ARM_DOF, JOINT_SERVO_IDS, JOINTS_PER_ARM, SERVOS_PER_ARM, Side

Vector = npt.NDArray[np.float64]

JOINT_OF_SERVO: Final = (0, 1, 1, 2, 2, 3, 4, 5, 6)
"""Joint index of servo IDs 1 ... 9."""
SERVOS_OF_JOINT: Final = tuple(JOINT_OF_SERVO.count(joint) for joint in range(JOINTS_PER_ARM))
XM540_W270_NM_PER_A: Final = 10.6 / 4.4
XM430_W350_NM_PER_A: Final = 4.1 / 2.3
"""Stall torque over stall current at 12 V (Robotis' data sheets)."""
NM_PER_A: Final = (*[XM540_W270_NM_PER_A] * 5, *[XM430_W350_NM_PER_A] * 2)
LEADER_SPEED_RAD_S: Final = 3.0
LEADER_LAG_S: Final = 0.05


class FollowerScene(Protocol):
    """What this module needs of `sim.scenes.scene.Scene`; each array is the caller's own."""

    def joint_positions(self, side: Side) -> Vector: ...
    def joint_velocities(self, side: Side) -> Vector: ...
    def joint_forces(self, side: Side) -> Vector: ...
    def set_targets(self, side: Side, targets: Vector) -> None: ...
    def set_torque(self, side: Side, on: Sequence[bool]) -> None: ...


class FollowerArm:
    """Nine servos on one arm of the scene."""

    def __init__(self, scene: FollowerScene, side: Side, servos: Sequence[Servo]) -> None:
        self._scene = scene
        self._side = side
        self._servos = servos
        self._primaries = [servos[servo_id - 1] for servo_id in JOINT_SERVO_IDS]
        self.sense()

    def drive(self) -> None:
        """Hand the servos' goals and torque to the actuators: call before a step."""
        goals = np.array([servo.goal_rad for servo in self._primaries])
        goals[ARM_DOF] = finger_from_angle(goals[ARM_DOF])
        self._scene.set_targets(self._side, goals)
        self._scene.set_torque(self._side, [servo.torque_on for servo in self._primaries])

    def sense(self) -> None:
        """Put joint positions, speeds and currents into the servos: call after a step."""
        position = self._scene.joint_positions(self._side)
        velocity = self._scene.joint_velocities(self._side)
        torque = self._scene.joint_forces(self._side)
        angle = angle_from_finger(position[ARM_DOF])
        slope = finger_slope(angle)
        position[ARM_DOF] = angle
        velocity[ARM_DOF] /= slope
        torque[ARM_DOF] *= slope
        current_ma = 1000.0 * torque / np.multiply(NM_PER_A, SERVOS_OF_JOINT)
        for index in range(SERVOS_PER_ARM):
            joint = JOINT_OF_SERVO[index]
            self._servos[index].sense(
                float(position[joint]), float(velocity[joint]), float(current_ma[joint])
            )


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
                self._position[joint] = servo.goal_rad
        self._velocity[:] = 0.0
        self._sense()

    def advance(self, period_s: float, hand_rad: Vector | None) -> None:
        """Move for one tick.

        Args:
            hand_rad: (7,) where the hand puts the joints, or None if nobody holds the arm.
        """
        share = 1.0 - np.exp(-period_s / LEADER_LAG_S)
        bound = LEADER_SPEED_RAD_S * period_s
        target = self._position.copy() if hand_rad is None else hand_rad.copy()
        for joint, servo in enumerate(self._primaries):
            if servo.torque_on:
                reach = share * (servo.goal_rad - self._position[joint])
                target[joint] = self._position[joint] + np.clip(reach, -bound, bound)
        self._velocity = (target - self._position) / period_s
        self._position = target
        self._sense()

    def _sense(self) -> None:
        for index in range(SERVOS_PER_ARM):
            joint = JOINT_OF_SERVO[index]
            self._servos[index].sense(
                float(self._position[joint]), float(self._velocity[joint]), 0.0
            )
