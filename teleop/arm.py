"""One arm in radians: nine servos on one bus. Ticks end here."""

import math
import operator
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.bus import (
    CONDITION,
    GOAL_POSITION,
    PRESENT,
    SERVO_IDS,
    TORQUE_ENABLE,
    VOLTAGE_TEMPERATURE,
    WATCHDOG,
    Block,
    BusReading,
    NowNs,
    ServoBus,
    read_together,
)
from teleop.errors import ServoError
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM, Role
from teleop.readings import Mask, Readings
from teleop.servos import ServoSpec
from teleop.setup import Servo
from teleop.units import (
    angles_rad,
    effort_unit,
    goal_ticks,
    velocity_unit_rad_s,
    voltage_v,
)

JOINT_INDEX: Final = [servo_id - 1 for servo_id in JOINT_SERVO_IDS]
"""Where the seven joints lie among the nine servos."""
GRIPPER_ID: Final = JOINT_SERVO_IDS[-1]
WRITE_ATTEMPTS: Final = 3
WATCHDOG_COUNTS: Final = 10
"""200 ms, in the register's unit of 20 ms: a follower whose host falls silent stops by itself."""
WATCHDOG_OFF: Final = 0

_joints: Final = operator.itemgetter(*JOINT_INDEX)
_PROFILE: Final = Block(108, 8)
_GOAL_CURRENT: Final = Block(102, 2)


class Arm:
    """Nine servos, read and driven in joint units.

    Attributes:
        goal_rad: (7,) goals last written, as the servos understood them.
        temperature_degc, voltage_v, hardware_error: (9,) as last read.
        torque_wanted: (9,) torque was switched on and is to stay on.
        lapsed: (9,) torque or watchdog are not as they were set, as last read: it restarted, or
            its watchdog has tripped.
        looks: times that something of it was read that is not read in every tick.
        driven: goals are sent to it; not while it is being brought back.
        at_rest: it has been let go in its rest pose, and is not to be held again by itself.

    Args:
        readings: where its newest readings are kept, in row `row`.
    """

    def __init__(
        self,
        bus: ServoBus,
        role: Role,
        servos: tuple[Servo, ...],
        timeout_s: float,
        now_ns: NowNs,
        readings: Readings,
        row: int = 0,
    ) -> None:
        self.name = bus.name
        self.role: Role = role
        self.bus = bus
        self.goal_rad = [math.nan] * len(JOINT_SERVO_IDS)
        self.temperature_degc = readings.temperature_degc[row]  # views: written here, seen there
        self.voltage_v = readings.voltage_v[row]
        self.hardware_error = readings.hardware_error[row]
        self.torque_wanted: Mask = np.zeros(SERVOS_PER_ARM, np.bool_)
        self.lapsed: Mask = np.zeros(SERVOS_PER_ARM, np.bool_)
        self.looks = 0
        self.driven = True
        self.at_rest = False
        self._readings = readings
        self._row = row
        self._timeout_s = timeout_s
        self._now_ns = now_ns
        self._watched = False
        self.adopt_servos(servos)

    def adopt_servos(self, servos: tuple[Servo, ...]) -> None:
        """These are its servos now, and their next readings are believed whatever they say."""
        self._servos = servos
        table, row = self._readings, self._row
        table.expected[row] = [servo.present for servo in servos]
        self._velocity_units = [velocity_unit_rad_s(servos[i].model) for i in JOINT_INDEX]
        self._effort_units = [effort_unit(servos[i].model) for i in JOINT_INDEX]
        limits = [servos[index].goal_limits_ticks for index in JOINT_INDEX]
        self._lowest_ticks, self._highest_ticks = zip(*limits, strict=True)
        self.believe()

    # ---- reading ------------------------------------------------------------------------------

    def take(self, reading: BusReading) -> None:
        """Take a `PRESENT` reading; what is not there, or cannot be true, keeps its value."""
        self._readings.take([reading], self._row)

    def believe(self) -> None:
        """Whatever the servos say next is where they are."""
        self._readings.believe(self._row)

    @property
    def held(self) -> Mask:
        """(9,) no answer to the newest read, or none that can be true: the last value stands."""
        return np.asarray(self._readings.held[self._row])

    @property
    def returned(self) -> Mask:
        """(9,) answered again after it had not; until somebody has looked into it."""
        return np.asarray(self._readings.returned[self._row])

    @property
    def error(self) -> npt.NDArray[np.uint8]:
        """(9,) error byte of each servo's newest status packet."""
        return np.asarray(self._readings.error[self._row])

    @property
    def rejected(self) -> int:
        """Readings so far that could not be true."""
        return int(self._readings.rejected[self._row])

    @property
    def ok(self) -> bool:
        """Every servo that was there at start answered the newest read, and is believed."""
        return bool(self._readings.ok[self._row])

    @property
    def impossible(self) -> Mask:
        """(9,) the servo answers, but what it says cannot be true."""
        return np.asarray(self._readings.heard[self._row] & self.held)

    @property
    def silent(self) -> Mask:
        """(9,) no answer to the newest read, of those that were there at start."""
        return np.asarray(~self._readings.heard[self._row] & self._readings.expected[self._row])

    @property
    def pair_gap_rad(self) -> float:
        """How far apart the two servos of shoulder or elbow are, the worse of the two."""
        return self._readings.pair_gap_rad(self._row)

    @property
    def position_rad(self) -> list[float]:
        """(7,) joint angles, the gripper as its servo's angle; NaN where none was ever read."""
        return list(_joints(self._readings.angle_rad[self._row]))

    @property
    def velocity_rad_s(self) -> list[float]:
        """(7,) joint speeds."""
        counts = _joints(self._readings.velocity_counts[self._row])
        return list(map(operator.mul, counts, self._velocity_units))

    @property
    def effort(self) -> list[float]:
        """(7,) mA, or 0.1 % on servos that only estimate load."""
        counts = _joints(self._readings.effort_counts[self._row])
        return list(map(operator.mul, counts, self._effort_units))

    def take_voltage_temperature(self) -> None:
        """Read supply voltage and temperature of every servo. Blocks for one read."""
        self.looks += 1
        for servo_id, data in self._read(VOLTAGE_TEMPERATURE).items():
            counts, degc = struct.unpack("<HB", data)
            self.voltage_v[servo_id - 1] = voltage_v(counts)
            self.temperature_degc[servo_id - 1] = degc

    def take_condition(self) -> None:
        """Read torque and hardware error status of every servo. Blocks for one read."""
        self.looks += 1
        for servo_id, data in self._read(CONDITION).items():
            index = servo_id - 1
            self.hardware_error[index] = data[-1]
            self.lapsed[index] = self.torque_wanted[index] and not data[0]

    def take_watchdog(self) -> None:
        """Read the followers' watchdogs: armed, tripped, or off after a restart. Blocks for one
        read."""
        if not self._watched:
            return
        self.looks += 1
        for servo_id, data in self._read(WATCHDOG).items():
            index = servo_id - 1
            if self.torque_wanted[index] and data[0] != WATCHDOG_COUNTS:
                self.lapsed[index] = True

    def inventory(self) -> dict[str, str]:
        """What answers on the bus: model and firmware by servo ID, as found at start."""
        return {
            str(servo.spec.servo_id): f"{servo.model.name} firmware {servo.firmware}"
            for servo in self._servos
        }

    def called(self, index: int) -> str:
        """How the servo of this row is called: its ID and joint."""
        spec = self._servos[index].spec
        return f"{spec.servo_id} ({spec.joint})"

    def named(self, servos: Mask) -> str:
        """These servos (9,) in words: ``4 (elbow), 5 (elbow_shadow)``."""
        return ", ".join(self.called(index) for index in np.flatnonzero(servos).tolist())

    @property
    def specs(self) -> list[ServoSpec]:
        """What its servos are for, by row."""
        return [servo.spec for servo in self._servos]

    @property
    def model_names(self) -> list[str]:
        """Model of the servo of each of the seven joints."""
        return [self._servos[index].model.name for index in JOINT_INDEX]

    # ---- driving ------------------------------------------------------------------------------

    def command(self, goal_rad: Sequence[float]) -> None:
        """Send goals (7,), clipped to what the servos accept: they would refuse others.

        `goal_rad` becomes what was sent, to the servo tick.

        Raises:
            ValueError: a goal is not finite. No register value stands for that.
        """
        if not all(map(math.isfinite, goal_rad)):
            raise ValueError(f"Goals of {self.name} must be finite, not {goal_rad}.")
        ticks = list(map(goal_ticks, goal_rad, self._lowest_ticks, self._highest_ticks))
        self.bus.write_goals(ticks)
        self.goal_rad = angles_rad(ticks)

    def prepare(self) -> None:
        """RAM registers that the arm relies on: no motion profile, no watchdog, gripper current.

        Raises:
            ServoError: a servo does not keep them.
        """
        self._watched = False
        self._write_or_fail("profile", _PROFILE, self._for_all(0))
        self._write_or_fail("bus watchdog", WATCHDOG, self._for_all(WATCHDOG_OFF))
        currents = {
            servo.spec.servo_id: servo.gripper_current
            for servo in self._servos
            if servo.gripper_current is not None and servo.present
        }
        if currents:
            self._write_or_fail("goal current", _GOAL_CURRENT, currents)

    def hold(self, *, where_it_is: bool = False) -> str:
        """Hold every servo; `goal_rad` becomes what is held.

        A servo whose torque is off gets its present position as goal, confirmed, before its torque
        goes on; one that holds already keeps its goal, unless `where_it_is`. A servo that does not
        answer is left alone, and so is the shadow of one. Followers' watchdogs are armed.

        Returns:
            What did not work, as a sentence; empty if all nine hold.
        """
        if not self.bus.connected:
            return ""  # whoever lost it has said so
        self.at_rest = False
        self.unwatch()  # a tripped watchdog refuses goals
        self.take(read_together([self.bus], PRESENT, self._timeout_s, self._now_ns)[0])
        torque = {i for i, data in self._read(TORQUE_ENABLE).items() if data[0]}
        goals = self._goals_to_hold(set() if where_it_is else torque)
        failed = self._write_verified(GOAL_POSITION, goals)
        answering = {i for i in SERVO_IDS if not self.held[i - 1]}
        follows = {s.spec.servo_id: s.spec.secondary_id for s in self._servos if s.spec.shadow}
        able = {i for i in answering if follows.get(i, i) in answering - failed} - failed
        failed |= self._write_verified(TORQUE_ENABLE, dict.fromkeys(sorted(able), 1))
        self._want_torque(able - failed)
        if self.role == "follower":
            failed |= self._write_verified(
                WATCHDOG, dict.fromkeys(sorted(able - failed), WATCHDOG_COUNTS)
            )
            self._watched = True
        return self._complaint("cannot be held", failed | (set(SERVO_IDS) - able))

    def restore(self) -> str:
        """After a restart: what the arm relies on, then hold it where it is.

        Returns:
            What did not work; empty if all nine hold.
        """
        self.believe()
        try:
            self.prepare()
        except ServoError as error:
            return str(error)
        return self.hold(where_it_is=True)

    def let_go(self) -> str:
        """Torque off on every servo. Returns what did not work; empty if all are limp."""
        if not self.bus.connected:
            return ""
        self.unwatch()
        self._want_torque(set())
        failed = self._write_verified(TORQUE_ENABLE, self._for_all(0))
        return self._complaint("cannot be released", failed)

    def rest(self) -> str:
        """Let go in the rest pose. Returns what did not work."""
        problem = self.let_go()
        self.at_rest = not problem
        return problem

    def let_go_gripper(self) -> str:
        """Torque off on the gripper alone. Returns what did not work."""
        self.torque_wanted[GRIPPER_ID - 1] = False
        failed = self._write_verified(TORQUE_ENABLE, {GRIPPER_ID: 0}) if self.bus.connected else ()
        return self._complaint("cannot be released", failed)

    def unwatch(self) -> None:
        """Watchdogs off: nobody will talk to the servos for a while, and they are to hold."""
        self._watched = False
        self._write_verified(WATCHDOG, self._for_all(WATCHDOG_OFF))

    # ---- inside -------------------------------------------------------------------------------

    def _for_all(self, value: int) -> dict[int, int]:
        """The same value for every servo that was there at start, by ID."""
        return {s.spec.servo_id: value for s in self._servos if s.present}

    def _want_torque(self, servo_ids: set[int]) -> None:
        self.torque_wanted = np.array([i in servo_ids for i in SERVO_IDS])
        self.lapsed = np.zeros(SERVOS_PER_ARM, np.bool_)

    def _goals_to_hold(self, holding: set[int]) -> dict[int, int]:
        """Goals of the answering primaries by ID; sets `goal_rad` for all seven."""
        registers = {
            i: int.from_bytes(data, "little", signed=True)
            for i, data in self._read(GOAL_POSITION).items()
            if i in holding
        }
        here = np.nan_to_num(self.position_rad).tolist()
        present = map(goal_ticks, here, self._lowest_ticks, self._highest_ticks)
        ticks = [registers.get(i, now) for i, now in zip(JOINT_SERVO_IDS, present, strict=True)]
        silent = [bool(self.held[index]) for index in JOINT_INDEX]
        held = zip(self.goal_rad, angles_rad(ticks), silent, strict=True)
        self.goal_rad = [
            goal if is_silent and math.isfinite(goal) else now for goal, now, is_silent in held
        ]
        goals = zip(JOINT_SERVO_IDS, ticks, silent, strict=True)
        return {i: goal for i, goal, is_silent in goals if not is_silent}

    def _read(self, block: Block) -> dict[int, bytes]:
        """Data by servo ID of those that answered."""
        (reading,) = read_together([self.bus], block, self._timeout_s, self._now_ns)
        return {i: status.data for i, status in reading.replies.items() if status.data}

    def _write_verified(self, block: Block, values: Mapping[int, int]) -> set[int]:
        """Write and read back; returns the IDs that do not hold their value after some attempts."""
        failed = set(values)
        for _ in range(WRITE_ATTEMPTS):
            if not failed:
                break
            self.bus.write(block.address, block.size, {i: values[i] for i in sorted(failed)})
            held = self._read(block)
            failed = {
                i
                for i in failed
                if i not in held or int.from_bytes(held[i], "little", signed=True) != values[i]
            }
        return failed

    def _write_or_fail(self, what: str, block: Block, values: Mapping[int, int]) -> None:
        failed = self._write_verified(block, values)
        if failed:
            raise ServoError(self._complaint(f"did not accept its {what}", failed))

    def _complaint(self, what: str, servo_ids: Iterable[int]) -> str:
        named = ", ".join(
            f"{servo_id} ({self._servos[servo_id - 1].spec.joint})"
            for servo_id in sorted(servo_ids)
        )
        return f"Servo {named} of {self.name} {what}: check its cable and power." if named else ""
