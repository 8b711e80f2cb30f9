"""What a rig is, as far as the arms go: ports, poses, limits. Filled from `configs/rigs/*.toml`."""

import math
import os
from dataclasses import dataclass, field
from typing import Final, Literal

from teleop.calibration import ServoCalibration
from teleop.joints import ARM_DOF, ARM_JOINTS, BUS_NAMES, ROLES, SIDES, Role, Side
from teleop.servos import FOLLOWER, LEADER, ServoSpec, check_servos

SERVOS_FILE: Final = "servos.json"
"""Where control leaves what it found on the buses, in the runtime directory."""

GripperVariant = Literal["tonyzhaozh", "mobile", "interbotix"]
StartBy = Literal["grippers", "key"]
"""How the operator starts an episode: opens and closes both leader grippers, or presses a key.
(The key works either way.)"""

VIPERX_LOWER_RAD: Final = tuple(math.radians(d) for d in (-180, -106, -101, -180, -107, -180))
VIPERX_UPPER_RAD: Final = tuple(math.radians(d) for d in (180, 72, 92, 180, 128, 180))
"""Joint limits of the ViperX-300 6DOF, waist ... wrist_rotate (Interbotix' description)."""

MAX_PACE: Final = 100.0
"""Recorded steps a tick: twice as fast as recorded at 200 Hz, on a rig of 4 Hz."""

GRIPPER_CURRENT_MAX_MA: Final = 1500.0
"""ALOHA rigs use 540 or 810; the XM430 stalls at 2300 and overheats well below that."""


@dataclass(frozen=True, slots=True)
class ArmConfig:
    """One arm and the serial port it hangs on. The simulated rig fills `port` itself."""

    side: Side
    role: Role
    port: str = ""
    baud: int = 1_000_000

    @property
    def name(self) -> str:
        """The bus name, e.g. ``follower_left``."""
        return f"{self.role}_{self.side}"


@dataclass(frozen=True, slots=True)
class PoseConfig:
    """Poses of one arm, six joints in rad, and what the grippers do in the start pose (0-1)."""

    start_rad: tuple[float, ...] = (0.0, -0.96, 1.16, 0.0, -0.3, 0.0)
    start_gripper: float = 0.1
    leader_rest_rad: tuple[float, ...] = (0.0, -1.1, 1.24, 0.0, -0.24, 0.0)
    follower_rest_rad: tuple[float, ...] = (0.0, -1.7, 1.55, 0.12, 0.65, 0.0)

    def __post_init__(self) -> None:
        for name in ("start_rad", "leader_rest_rad", "follower_rest_rad"):
            if len(getattr(self, name)) != ARM_DOF:
                raise ValueError(f"{name} needs {ARM_DOF} joints.")


@dataclass(frozen=True, slots=True)
class SafetyConfig:
    """Limits that always apply, and how patient control is."""

    joint_lower_rad: tuple[float, ...] = VIPERX_LOWER_RAD
    joint_upper_rad: tuple[float, ...] = VIPERX_UPPER_RAD
    velocity_limit_rad_s: float = math.pi  # velocity register 131, as the ALOHA rigs set it
    gripper_velocity_limit_per_s: float = 5.0
    step_limit_rad: float = 0.08  # largest distance of a command from the last, whatever the period
    ramp_speed_rad_s: float = 0.8
    gripper_ramp_per_s: float = 1.0
    mismatch_limit_rad: float = 0.5  # leader against follower on entering `following`
    lost_ticks_to_hold: int = 10  # consecutive ticks without a full answer of a bus
    hold_timeout_s: float = 30.0  # without anybody watching, before ramping to rest
    reading_jump_rad: float = 0.5  # farther in one tick no joint gets: such a reading is not used
    pair_limit_rad: float = 0.15  # a shoulder's or elbow's two servos farther apart: hold
    effort_warning_s: float = 1.0  # near its current limit for so long a servo will soon shut down

    def __post_init__(self) -> None:
        for name in ("joint_lower_rad", "joint_upper_rad"):
            if len(getattr(self, name)) != ARM_DOF:
                raise ValueError(f"{name} needs {ARM_DOF} joints.")
        for lower, upper in zip(self.joint_lower_rad, self.joint_upper_rad, strict=True):
            if lower >= upper:
                raise ValueError(f"joint_lower_rad {lower:.3f} is not below {upper:.3f}.")
        for name in (
            "velocity_limit_rad_s",
            "gripper_velocity_limit_per_s",
            "step_limit_rad",
            "ramp_speed_rad_s",
            "gripper_ramp_per_s",
            "mismatch_limit_rad",
            "lost_ticks_to_hold",
            "hold_timeout_s",
            "reading_jump_rad",
            "pair_limit_rad",
            "effort_warning_s",
        ):
            if getattr(self, name) < 1e-3:
                raise ValueError(f"{name} must be positive, at least 0.001.")


@dataclass(frozen=True, slots=True)
class RigConfig:
    """The arms of a rig: one pair of leader and follower, or two.

    Attributes:
        start: how the operator starts an episode.
        leader_servos, follower_servos: the nine servos of an arm of that role, by ID.
    """

    name: str
    simulated: bool
    arms: tuple[ArmConfig, ...]
    rate_hz: int = 50
    start: StartBy = "key"
    gripper: GripperVariant = "tonyzhaozh"
    gripper_current_ma: float = 540.0  # what the followers' grippers may squeeze with
    poses: PoseConfig = field(default_factory=PoseConfig)
    safety: SafetyConfig = field(default_factory=SafetyConfig)
    leader_servos: tuple[ServoSpec, ...] = LEADER
    follower_servos: tuple[ServoSpec, ...] = FOLLOWER

    def __post_init__(self) -> None:
        self._check_arms()
        self._check_pose("start", self.poses.start_rad)
        self._check_pose("followers' rest", self.poses.follower_rest_rad)
        if not 1 <= self.rate_hz <= 200:
            raise ValueError(f"rate_hz must be 1-200, not {self.rate_hz}.")
        if not 0 < self.gripper_current_ma <= GRIPPER_CURRENT_MAX_MA:
            raise ValueError(
                f"gripper_current_ma must be above 0 and at most {GRIPPER_CURRENT_MAX_MA:g}, "
                f"not {self.gripper_current_ma:g}."
            )
        for role in ROLES:
            check_servos(role, self.servos(role))

    def _check_pose(self, name: str, pose_rad: tuple[float, ...]) -> None:
        safety = self.safety
        for joint, lower, angle, upper in zip(
            ARM_JOINTS, safety.joint_lower_rad, pose_rad, safety.joint_upper_rad, strict=True
        ):
            if not lower <= angle <= upper:
                raise ValueError(f"the {name} pose has {joint} at {angle:.3f}, outside its limits.")

    def _check_arms(self) -> None:
        names = sorted(arm.name for arm in self.arms)
        if self.simulated:
            if names != sorted(BUS_NAMES):
                raise ValueError(f"arms must be exactly {', '.join(BUS_NAMES)}, not {names}.")
            if self.start != "key":
                raise ValueError("start must be 'key': the simulated operator has no say in it.")
            return
        if not names or names != sorted(self.bus_names):
            raise ValueError(
                "arms must be one or two pairs, a leader and a follower on each side, not "
                f"{', '.join(arm.name for arm in self.arms) or 'none'}."
            )
        ports = [os.path.realpath(arm.port) for arm in self.arms]
        for arm in self.arms:
            if not arm.port:
                raise ValueError(f"{arm.name} has no port: write the serial port it hangs on.")
            if ports.count(os.path.realpath(arm.port)) > 1:
                raise ValueError(f"two arms have the port {arm.port}.")

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that have arms, left before right."""
        present = {arm.side for arm in self.arms}
        return tuple(side for side in SIDES if side in present)

    @property
    def bus_names(self) -> tuple[str, ...]:
        """The buses of its pairs, in the order of `BUS_NAMES`."""
        return tuple(f"{role}_{side}" for role in ROLES for side in self.sides)

    @property
    def period_s(self) -> float:
        """Length of a tick."""
        return 1.0 / self.rate_hz

    def arm(self, role: Role, side: Side) -> ArmConfig:
        """The arm with this role on this side."""
        return next(arm for arm in self.arms if (arm.role, arm.side) == (role, side))

    def servos(self, role: Role) -> tuple[ServoSpec, ...]:
        """The nine servos of an arm of this role, by ID."""
        return self.leader_servos if role == "leader" else self.follower_servos


@dataclass(frozen=True, slots=True)
class PlaybackConfig:
    """What leads in place of the leader arms.

    Attributes:
        track: file of the recorded commands (`teleop.track`).
        pace: recorded steps a tick.
        max_error_rad: the arms hold where a joint is farther than this from the recording.
    """

    track: str
    pace: float = 1.0
    max_error_rad: float = 0.35

    def __post_init__(self) -> None:
        if not 0 < self.pace <= MAX_PACE:
            raise ValueError(f"pace must be above 0 and at most {MAX_PACE:.0f}, not {self.pace}.")
        if not 0.01 <= self.max_error_rad <= math.pi:
            raise ValueError(f"max_error_rad must be 0.01-3.14, not {self.max_error_rad}.")


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """Everything the control process is started with, handed over as JSON."""

    rig: RigConfig
    runtime_dir: str
    world_socket: str | None = None
    """The simulated world to run in lock-step with; None: the wall clock."""
    watch_divider: int = 10
    """Outside episodes the simulated cameras are rendered every so many ticks."""
    calibration: tuple[ServoCalibration, ...] = ()
    """What the servos must still be; those that are not in it are not compared."""
    playback: PlaybackConfig | None = None
    """What is played back; None: the leader arms lead, or a policy."""
    policy: bool = False
    """A policy leads, whose targets are in the runtime directory (`teleop.targets`)."""
    mend: bool = True
    """Set the servos up and insist on all of them. False (`teleop rest`): missing servos are
    tolerated, EEPROM is not written."""
