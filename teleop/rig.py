"""The four arms as one rig: joints and units in, joints and units out."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from teleop.alarms import in_words, is_shutdown
from teleop.arm import Arm
from teleop.bus import PRESENT, NowNs, ServoBus, read_together
from teleop.errors import ServoError
from teleop.gripper import GRIPPERS
from teleop.joints import ARM_DOF, BUS_NAMES, JOINTS_PER_ARM, SIDES, Role
from teleop.port import SerialPort
from teleop.rig_config import RigConfig
from teleop.setup import ArmSetup
from teleop.units import Floats

REAL_TIMEOUT_S: Final = 0.008
"""Patience for one sync read on a real rig: 2.1 ms on the wire, 1 ms latency, and some scheduling;
asked twice it still fits a tick."""
LOCKSTEP_TIMEOUT_S: Final = 1.0
"""The same on the simulated rig, whose pauses cost no simulated time."""
REAL_MARGIN_S: Final = 0.02
FIRST_READS: Final = 3
HEALTH_PHASES: Final = 2 * len(BUS_NAMES)


@dataclass(frozen=True, slots=True)
class Observation:
    """What the arms reported, before the action of the same tick.

    Attributes:
        leader: (14,) raw leader joints, rad, the gripper as its servo's angle.
        qpos: (14,) followers, rad, gripper 0-1 from the finger position, not clipped.
        qvel: (14,) rad/s, gripper 1/s.
        effort: (14,) mA, or 0.1 % on servos that only estimate load.
        bus_read_ns: (4,) session time when each bus's reply was complete.
        bus_ok: (4,) every servo of the bus answered.
        held: (4, 9) no answer this time: the value is the last one known.
        servo_error: (4, 9) error byte of the newest status packet.
    """

    leader: Floats
    qpos: Floats
    qvel: Floats
    effort: Floats
    bus_read_ns: npt.NDArray[np.int64]
    bus_ok: npt.NDArray[np.bool_]
    held: npt.NDArray[np.bool_]
    servo_error: npt.NDArray[np.uint8]


class Rig:
    """Four arms, opened and set up; torque is as it was found. Use as a context manager.

    Args:
        now_ns: the session's clock, for the stamps of readings.
        timeout_s: patience for one sync read.

    Raises:
        PortError: a port cannot be opened.
        ServoError: a servo is missing, wrong, or refuses its set-up.
        UnpluggedError: a port went away meanwhile.
    """

    def __init__(self, config: RigConfig, now_ns: NowNs, timeout_s: float) -> None:
        self._config = config
        self._gripper = GRIPPERS[config.gripper]
        self._now_ns = now_ns
        self._timeout_s = timeout_s
        with contextlib.ExitStack() as opened:
            self.arms = [self._open(name, opened) for name in BUS_NAMES]
            self._buses = [arm.bus for arm in self.arms]
            self._first_observation()
            for arm in self.arms:
                arm.prepare()
                arm.take_voltage_temperature()
                arm.take_hardware_error()
            self._ports = opened.pop_all()

    def _open(self, name: str, opened: contextlib.ExitStack) -> Arm:
        arm = next(arm for arm in self._config.arms if arm.name == name)
        port = SerialPort(arm.port, arm.baud)
        opened.callback(port.close)
        bus = ServoBus(name, port)
        margin_s = max(self._timeout_s, REAL_MARGIN_S)
        servos = ArmSetup(bus, arm.role, self._config.gripper_current_ma, margin_s).run()
        return Arm(bus, servos, self._timeout_s, self._now_ns)

    def _first_observation(self) -> None:
        for _ in range(FIRST_READS):
            if self.observe().bus_ok.all():
                return
        raise ServoError(f"{self.silent_servos()} answered the set-up, but not a sync read.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the ports; torque stays as it is."""
        self._ports.close()

    def inventory(self) -> dict[str, dict[str, str]]:
        """Model and firmware of every servo by bus and ID, as found at start."""
        return {arm.name: arm.inventory() for arm in self.arms}

    # ---- reading ------------------------------------------------------------------------------

    def observe(self) -> Observation:
        """Read all four arms at once. Blocks for one overlapped sync read.

        Raises:
            UnpluggedError: a port is gone.
        """
        readings = read_together(self._buses, PRESENT, self._timeout_s, self._now_ns)
        for arm, reading in zip(self.arms, readings, strict=True):
            arm.take(reading)
        followers = self._of("follower")
        position = np.array([arm.position_rad for arm in followers])
        velocity = np.array([arm.velocity_rad_s for arm in followers])
        joint, speed = position[:, ARM_DOF], velocity[:, ARM_DOF]
        velocity[:, ARM_DOF] = self._gripper.qvel(joint, speed)
        position[:, ARM_DOF] = self._gripper.qpos(joint)
        return Observation(
            leader=np.concatenate([arm.position_rad for arm in self._of("leader")]),
            qpos=position.reshape(-1),
            qvel=velocity.reshape(-1),
            effort=np.concatenate([arm.effort for arm in followers]),
            bus_read_ns=np.array([arm.read_ns for arm in self.arms]),
            bus_ok=np.array([arm.ok for arm in self.arms]),
            held=np.array([arm.held for arm in self.arms]),
            servo_error=np.array([arm.error for arm in self.arms]),
        )

    def refresh_health(self, tick: int) -> None:
        """Read temperature and voltage, or the hardware errors, of one bus now and then.

        Called once a tick it refreshes everything about once a second.
        """
        every = max(1, self._config.rate_hz // HEALTH_PHASES)
        if tick % every:
            return
        bus, errors = divmod(tick // every % HEALTH_PHASES, 2)
        arm = self.arms[bus]
        if errors:
            arm.take_hardware_error()
        else:
            arm.take_voltage_temperature()

    def silent_servos(self) -> str:
        """Who did not answer the newest read: ``follower_left: 4 (elbow), 5 (elbow_shadow)``."""
        return "; ".join(
            f"{arm.name}: " + ", ".join(f"{s.servo_id} ({s.joint})" for s in arm.silent())
            for arm in self.arms
            if arm.silent()
        )

    def alarms(self, alerts: npt.NDArray[np.bool_]) -> tuple[str, bool]:
        """Ask the servos (4, 9) that show an alert why. Blocks for one read of each such bus.

        Returns:
            What is wrong, as a sentence; whether any of them must be taken for shut down.
        """
        said, shut_down = [], False
        for arm, alert in zip(self.arms, alerts, strict=True):
            if alert.any():
                arm.take_hardware_error()
            for index in np.flatnonzero(alert).tolist():
                error = int(arm.hardware_error[index])
                said.append(f"{arm.name}: {arm.spec(index)} {in_words(error)}")
                shut_down |= is_shutdown(error)
        return "; ".join(said), shut_down

    @property
    def lost(self) -> list[int]:
        """Replies lost since the start, a bus."""
        return [bus.lost for bus in self._buses]

    @property
    def retries(self) -> list[int]:
        """Times missing servos were asked again since the start, a bus."""
        return [bus.retries for bus in self._buses]

    @property
    def temperature_degc(self) -> npt.NDArray[np.uint8]:
        """(4, 9), about a second old at most."""
        return np.array([arm.temperature_degc for arm in self.arms])

    @property
    def voltage_v(self) -> npt.NDArray[np.float32]:
        """(4, 9), about a second old at most."""
        return np.array([arm.voltage_v for arm in self.arms])

    @property
    def hardware_error(self) -> npt.NDArray[np.uint8]:
        """(4, 9) register 70, about a second old at most."""
        return np.array([arm.hardware_error for arm in self.arms])

    # ---- driving ------------------------------------------------------------------------------

    def command(self, action: Floats) -> Floats:
        """Send the followers' goals (14,): rad, grippers 0-1; all finite.

        Returns:
            What was really sent (14,): rounded to servo ticks, clipped to the servos' own limits.
        """
        for arm, goal in zip(self._of("follower"), self._per_arm(action), strict=True):
            goal[ARM_DOF] = self._gripper.follower_rad(goal[ARM_DOF])
            arm.command(goal)
        return self._goals("follower")

    def lead(self, pose: Floats) -> None:
        """Send the leaders' goals (14,): rad, grippers 0-1; they move only while they hold."""
        for arm, goal in zip(self._of("leader"), self._per_arm(pose), strict=True):
            goal[ARM_DOF] = self._gripper.leader_rad(goal[ARM_DOF])
            arm.command(goal)

    def hold(self, role: Role) -> tuple[Floats, str]:
        """Torque on, each servo where it is (see `Arm.hold`).

        Returns:
            The pose held (14,), in the units of `command` or `lead`; what did not work, or "".
        """
        problems = [arm.hold() for arm in self._of(role)]
        return self._goals(role), " ".join(filter(None, problems))

    def let_go(self, role: Role) -> str:
        """Torque off on both arms; returns what did not work, or ""."""
        return " ".join(filter(None, [arm.let_go() for arm in self._of(role)]))

    def _goals(self, role: Role) -> Floats:
        """The goals last written (14,): rad, grippers 0-1."""
        pose = np.array([arm.goal_rad for arm in self._of(role)])
        to_share = self._gripper.action if role == "leader" else self._gripper.action_of_follower
        pose[:, ARM_DOF] = to_share(pose[:, ARM_DOF])
        return pose.reshape(-1)

    def _of(self, role: Role) -> list[Arm]:
        first = 0 if role == "leader" else len(SIDES)
        return self.arms[first : first + len(SIDES)]

    @staticmethod
    def _per_arm(vector: Floats) -> Iterator[Floats]:
        return iter(vector.reshape(-1, JOINTS_PER_ARM).copy())
