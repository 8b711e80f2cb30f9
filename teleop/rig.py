"""The arms as one rig: joints and units in, joints and units out.

A rig has one pair of arms or two. Every vector and table has room for all four arms, in the order
of `BUS_NAMES`; what belongs to an arm that is not there is NaN, or false.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from teleop.arm import Arm
from teleop.bus import (
    CONDITION,
    PRESENT,
    VOLTAGE_TEMPERATURE,
    WATCHDOG,
    Block,
    NowNs,
    ServoBus,
    read_together,
)
from teleop.errors import PortError, ServoError
from teleop.gripper import GRIPPERS
from teleop.joints import ARM_DOF, BUS_NAMES, JOINTS_PER_ARM, ROLES, SIDES, Role
from teleop.port import SerialPort
from teleop.readings import Mask, Readings
from teleop.rig_config import ControlConfig
from teleop.sensing import Said, said
from teleop.setup import ArmSetup
from teleop.units import Floats

REAL_TIMEOUT_S: Final = 0.008
"""Patience for one sync read on a real rig: 2.1 ms on the wire, 1 ms latency, and some scheduling;
asked twice it still fits a tick."""
LOCKSTEP_TIMEOUT_S: Final = 1.0
"""The same on the simulated rig, whose pauses cost no simulated time."""
REAL_MARGIN_S: Final = 0.02
FIRST_READS: Final = 3
_EVERY_ARM: Final = tuple((role, side) for role in ROLES for side in SIDES)
_NOTHING: Final = [math.nan] * JOINTS_PER_ARM
LOOKS: Final = (
    (VOLTAGE_TEMPERATURE, Arm.note_supply),
    (CONDITION, Arm.note_condition),
    (WATCHDOG, Arm.note_watchdog),
)
"""What is read once a second, each of all arms at once."""
FIRST_ROW: Final[dict[Role, int]] = {"leader": 0, "follower": len(SIDES)}
"""Of a role's arms in everything that has a row an arm."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the arms reported, before the action of the same tick. Valid until the next one.

    Attributes:
        leader: (14,) raw leader joints, rad, the gripper as its servo's angle.
        qpos: (14,) followers, rad, gripper 0-1 from the finger position, not clipped.
        qvel: (14,) rad/s, gripper 1/s.
        effort: (14,) mA, or 0.1 % on servos that only estimate load.
        bus_read_ns: (4,) session time when each bus's reply was complete.
        bus_ok: (4,) every servo of the bus answered.
        held: (4, 9) no believable answer this time: the value is the last one known.
        servo_error: (4, 9) error byte of the newest status packet.
    """

    leader: Floats
    qpos: Floats
    qvel: Floats
    effort: Floats
    bus_read_ns: list[int]
    bus_ok: Mask
    held: Mask
    servo_error: npt.NDArray[np.uint8]


class Rig:
    """The arms, opened and set up; torque is as it was found. Use as a context manager.

    Attributes:
        arms: those there are, in the order of `BUS_NAMES`.
        readings: what their servos last said, by arm of `arms`.
        absent: which arms could not be opened, where that is tolerated (`ControlConfig.mend` off).
        rows: where each of them stands in tables of all four.

    Args:
        now_ns: the session's clock, for the stamps of readings.
        timeout_s: patience for one sync read.

    Raises:
        PortError: a port cannot be opened.
        ServoError: a servo is missing, wrong, or refuses its set-up.
        UnpluggedError: a port went away meanwhile.
    """

    def __init__(self, control: ControlConfig, now_ns: NowNs, timeout_s: float) -> None:
        self._control = control
        self._config = control.rig
        self._gripper = GRIPPERS[self._config.gripper]
        self._now_ns = now_ns
        self._timeout_s = timeout_s
        self.absent: list[str] = []
        with contextlib.ExitStack() as opened:
            ports = self._open_ports(opened)
            self.rows = [row for row, name in enumerate(BUS_NAMES) if name in ports]
            self.readings = Readings(len(ports), self._config.safety.reading_jump_rad)
            self.arms = [self._arm(name, port) for name, port in ports.items()]
            self._buses = [arm.bus for arm in self.arms]
            self._places = {_EVERY_ARM[row]: a for row, a in zip(self.rows, self.arms, strict=True)}
            self._first_observation()
            for arm in self.arms:
                arm.prepare()
                arm.take_condition()
            self._look_at(VOLTAGE_TEMPERATURE, Arm.note_supply)
            opened.pop_all()
        self._health: tuple[bytes | float, ...] = ()
        self._health_looks = -1
        self._ticks = 0

    def _open_ports(self, opened: contextlib.ExitStack) -> dict[str, SerialPort]:
        """The port of every arm by bus name; one that cannot be opened is told in `absent` where
        that is tolerated."""
        ports: dict[str, SerialPort] = {}
        configs = {arm.name: arm for arm in self._config.arms}
        for name in self._config.bus_names:
            try:
                ports[name] = SerialPort(configs[name].port, configs[name].baud)
                opened.callback(ports[name].close)
            except PortError as error:
                if self._control.mend:
                    raise
                self.absent.append(f"{name} is not at rest and left as it is: {error}")
        if not ports:
            raise PortError(" ".join(self.absent))
        return ports

    def _arm(self, name: str, port: SerialPort) -> Arm:
        bus = ServoBus(name, port)
        role: Role = "leader" if name.startswith("leader") else "follower"
        servos = self.setup(bus, role).run()
        bus.timed = self._control.world_socket is None
        row = self.rows.index(BUS_NAMES.index(name))
        return Arm(bus, role, servos, self._timeout_s, self._now_ns, self.readings, row)

    def setup(self, bus: ServoBus, role: Role) -> ArmSetup:
        """The set-up of one arm, at start or after its bus was gone."""
        return ArmSetup(
            bus,
            role,
            self._config.servos(role),
            self._config.gripper_current_ma,
            max(self._timeout_s, REAL_MARGIN_S),
            self._control.calibration,
            self._control.mend,
        )

    def _first_observation(self) -> None:
        for _ in range(FIRST_READS):
            self.observe()
            if all(arm.ok for arm in self.arms):
                return
        if self._control.mend:
            raise ServoError(f"{self.unheard()} answered the set-up, but not a sync read.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the ports; torque stays as it is."""
        for bus in self._buses:
            bus.port.close()

    def inventory(self) -> dict[str, dict[str, str]]:
        """Model and firmware of every servo by bus and ID, as found at start."""
        return {arm.name: arm.inventory() for arm in self.arms}

    # ---- reading ------------------------------------------------------------------------------

    def observe(self) -> Observation:
        """Read all arms at once. Blocks for one overlapped sync read."""
        self.readings.take(read_together(self._buses, PRESENT, self._timeout_s, self._now_ns))
        leader, qpos, qvel, effort = [], [], [], []
        for role, side in _EVERY_ARM:
            arm = self._places.get((role, side))
            position = arm.position_rad if arm else _NOTHING
            if role == "leader":
                leader += position
                continue
            velocity = arm.velocity_rad_s if arm else _NOTHING
            joint_rad, joint_rad_s = position[ARM_DOF], velocity[ARM_DOF]
            qpos += [*position[:ARM_DOF], self._gripper.qpos(joint_rad)]
            qvel += [*velocity[:ARM_DOF], self._gripper.qvel(joint_rad, joint_rad_s)]
            effort += arm.effort if arm else _NOTHING
        seen = self.readings
        joints = np.array([leader, qpos, qvel, effort])
        return Observation(
            leader=joints[0],
            qpos=joints[1],
            qvel=joints[2],
            effort=joints[3],
            bus_read_ns=self._read_ns(),
            bus_ok=self._all(seen.ok),
            held=self._all(seen.held),
            servo_error=self._all(seen.error),
        )

    def rejected(self) -> list[int]:
        """(4,) readings so far that could not be true."""
        rejected: list[int] = self._all(self.readings.rejected).tolist()
        return rejected

    def health(self) -> tuple[bytes | float, ...]:
        """What `refresh_health` keeps, of all four buses, as a tick has it at its end: temperatures
        in degC as bytes, 36 voltages in V, hardware errors as bytes."""
        looks = sum(arm.looks for arm in self.arms)
        if looks != self._health_looks:
            seen, self._health_looks = self.readings, looks
            voltage_v = self._all(seen.voltage_v).ravel().tolist()
            temperature, errors = self._all(seen.temperature_degc), self._all(seen.hardware_error)
            self._health = (temperature.tobytes(), *voltage_v, errors.tobytes())
        return self._health

    def refresh_health(self) -> None:
        """Read temperatures and voltages, torque and errors, or watchdogs, now and then.

        Called once a tick it refreshes everything about once a second. An arm with a servo that
        answers again after it had not is looked into at once: it may have restarted.
        """
        if not self.readings.all_well and self.readings.returned.any():
            arm = self.arms[int(np.argmax(self.readings.returned.any(axis=1)))]
            arm.returned[:] = False
            arm.take_condition()
            return
        every = max(1, self._config.rate_hz // len(LOOKS))
        self._ticks += 1  # not the clock's: it skips slots, and what they were for
        if self._ticks % every == 0:
            self._look_at(*LOOKS[self._ticks // every % len(LOOKS)])

    def _look_at(self, block: Block, note: Callable[[Arm, Said], None]) -> None:
        """Read it of all arms at once; for watchdogs: of the followers."""
        arms = self.of("follower") if block is WATCHDOG else self.arms
        buses = [arm.bus for arm in arms]
        readings = read_together(buses, block, self._timeout_s, self._now_ns)
        for arm, reading in zip(arms, readings, strict=True):
            note(arm, said(reading))

    def look_at_watchdogs(self) -> None:
        """Read the followers' watchdogs now: control was late enough for them to trip."""
        for arm in self.arms:
            arm.take_watchdog()

    def unheard(self) -> str:
        """Who gave no believable answer: ``follower_left: 4 (elbow), 5 (elbow_shadow)``."""
        return "; ".join(
            f"{arm.name}: {arm.named(arm.silent | arm.impossible)}"
            for arm in self.arms
            if (arm.silent | arm.impossible).any()
        )

    # ---- driving ------------------------------------------------------------------------------

    def command(self, action: Floats) -> Floats:
        """Send the followers' goals (14,): rad, grippers 0-1; finite where there is an arm.

        Returns:
            What was really sent (14,): rounded to servo ticks, clipped to the servos' own limits.
        """
        self._drive("follower", action, self._gripper.follower_rad)
        return self.goals("follower")

    def lead(self, pose: Floats) -> None:
        """Send the leaders' goals (14,): rad, grippers 0-1; they move only while they hold."""
        self._drive("leader", pose, self._gripper.leader_rad)

    def hold(self, role: Role) -> str:
        """Torque on, each servo where it is (see `Arm.hold`); returns what did not work, or "".

        `goals` are then what is held.
        """
        return self._each(role, Arm.hold)

    def let_go(self, role: Role) -> str:
        """Torque off on both arms; returns what did not work, or ""."""
        return self._each(role, Arm.let_go)

    def let_go_grippers(self) -> str:
        """Torque off on the leaders' grippers; returns what did not work, or ""."""
        return self._each("leader", Arm.let_go_gripper)

    def goals(self, role: Role) -> Floats:
        """The goals last written (14,): rad, grippers 0-1."""
        to_share = self._gripper.action if role == "leader" else self._gripper.action_of_follower
        goals: list[float] = []
        for side in SIDES:
            arm = self._places.get((role, side))
            goal = arm.goal_rad if arm else _NOTHING
            goals += [*goal[:ARM_DOF], to_share(goal[ARM_DOF])]
        return np.array(goals)

    def of(self, role: Role) -> list[Arm]:
        """The arms of a role, left before right."""
        return [arm for arm in self.arms if arm.role == role]

    def present(self, role: Role) -> Mask:
        """(14,) the joint belongs to an arm that there is."""
        first, rows = FIRST_ROW[role], np.zeros(len(BUS_NAMES), np.bool_)
        rows[self.rows] = True
        return np.repeat(rows[first : first + len(SIDES)], JOINTS_PER_ARM)

    def _drive(self, role: Role, pose: Floats, to_rad: Callable[[float], float]) -> None:
        goals = pose.tolist()
        for first, side in zip((0, JOINTS_PER_ARM), SIDES, strict=True):
            arm = self._places.get((role, side))
            if arm and arm.driven and arm.bus.connected:
                gripper_rad = to_rad(goals[first + ARM_DOF])
                arm.command([*goals[first : first + ARM_DOF], gripper_rad])

    def _each(self, role: Role, do: Callable[[Arm], str]) -> str:
        """Do it to every arm of a role; the others hear something in between, for watchdogs."""
        problems = []
        for arm in self.of(role):
            problems.append(do(arm))
            read_together(self._buses, PRESENT, self._timeout_s, self._now_ns)
        return " ".join(filter(None, problems))

    def _read_ns(self) -> list[int]:
        read_ns = [0] * len(BUS_NAMES)
        for row, at_ns in zip(self.rows, self.readings.read_ns, strict=True):
            read_ns[row] = at_ns
        return read_ns

    def _all(self, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A table of our arms as one of all four, nothing in the rows of those not there."""
        if len(self.rows) == len(BUS_NAMES):
            return table
        full = np.zeros((len(BUS_NAMES), *table.shape[1:]), table.dtype)
        full[self.rows] = table
        return full
