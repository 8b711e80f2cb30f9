"""One arm in radians: nine servos on one bus. Ticks end here."""

import struct
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from teleop.bus import (
    GOAL_POSITION,
    HARDWARE_ERROR,
    PRESENT,
    SERVO_IDS,
    TORQUE_ENABLE,
    VOLTAGE_TEMPERATURE,
    Block,
    BusReading,
    NowNs,
    ServoBus,
    read_together,
)
from teleop.errors import ServoError
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM
from teleop.servos import ServoSpec
from teleop.setup import Servo
from teleop.units import (
    Floats,
    effort_unit,
    position_rad,
    position_ticks,
    velocity_unit_rad_s,
    voltage_v,
)

JOINT_INDEX: Final = [servo_id - 1 for servo_id in JOINT_SERVO_IDS]
"""Where the seven joints lie among the nine servos."""
WRITE_ATTEMPTS: Final = 3

_PRESENT_DTYPE: Final = np.dtype([("effort", "<i2"), ("velocity", "<i4"), ("position", "<i4")])
_PROFILE: Final = Block(108, 8)
_BUS_WATCHDOG: Final = Block(98, 1)
_GOAL_CURRENT: Final = Block(102, 2)


class Arm:
    """Nine servos, read and driven in joint units.

    Attributes:
        held: (9,) the servo did not answer the newest read: its values are the last ones known.
        error: (9,) error byte of each servo's newest status packet.
        goal_rad: (7,) goals last written, as the servos understood them.
        temperature_degc, voltage_v, hardware_error: (9,) as last read.
        ok: every servo answered the newest read.
        read_ns: when its last reply arrived.
    """

    def __init__(
        self, bus: ServoBus, servos: tuple[Servo, ...], timeout_s: float, now_ns: NowNs
    ) -> None:
        self.name = bus.name
        self.bus = bus
        self.held = np.ones(SERVOS_PER_ARM, np.bool_)
        self.error = np.zeros(SERVOS_PER_ARM, np.uint8)
        self.goal_rad = np.full(len(JOINT_SERVO_IDS), np.nan)
        self.temperature_degc = np.zeros(SERVOS_PER_ARM, np.uint8)
        self.voltage_v = np.zeros(SERVOS_PER_ARM, np.float32)
        self.hardware_error = np.zeros(SERVOS_PER_ARM, np.uint8)
        self.ok = False
        self.read_ns = 0
        self._servos = servos
        self._timeout_s = timeout_s
        self._now_ns = now_ns
        self._memory = bytearray(SERVOS_PER_ARM * PRESENT.size)
        self._present = np.frombuffer(self._memory, _PRESENT_DTYPE)
        self._velocity_unit = np.array([velocity_unit_rad_s(s.model) for s in servos])[JOINT_INDEX]
        self._effort_unit = np.array([effort_unit(s.model) for s in servos])[JOINT_INDEX]
        limits = np.array([servo.goal_limits_ticks for servo in servos])[JOINT_INDEX]
        self._lowest_ticks, self._highest_ticks = limits.T

    # ---- reading ------------------------------------------------------------------------------

    def take(self, reading: BusReading) -> None:
        """Take a `PRESENT` reading; servos that did not answer keep their values, flagged."""
        self.held[:] = True
        for servo_id, status in reading.replies.items():
            index = servo_id - 1
            self.error[index] = status.error
            if status.data:
                self._memory[index * PRESENT.size : (index + 1) * PRESENT.size] = status.data
                self.held[index] = False
        self.ok = not self.held.any()
        self.read_ns = reading.complete_ns

    @property
    def position_rad(self) -> Floats:
        """(7,) joint angles, the gripper as its servo's angle."""
        return position_rad(self._present["position"][JOINT_INDEX])

    @property
    def velocity_rad_s(self) -> Floats:
        """(7,) joint speeds."""
        return np.asarray(self._present["velocity"][JOINT_INDEX] * self._velocity_unit)

    @property
    def effort(self) -> Floats:
        """(7,) mA, or 0.1 % on servos that only estimate load."""
        return np.asarray(self._present["effort"][JOINT_INDEX] * self._effort_unit)

    def take_voltage_temperature(self) -> None:
        """Read supply voltage and temperature of every servo. Blocks for one read."""
        for servo_id, data in self._read(VOLTAGE_TEMPERATURE).items():
            counts, degc = struct.unpack("<HB", data)
            self.voltage_v[servo_id - 1] = voltage_v(counts)
            self.temperature_degc[servo_id - 1] = degc

    def take_hardware_error(self) -> None:
        """Read register 70 of every servo. Blocks for one read."""
        for servo_id, data in self._read(HARDWARE_ERROR).items():
            self.hardware_error[servo_id - 1] = data[0]

    def inventory(self) -> dict[str, str]:
        """What answers on the bus: model and firmware by servo ID, as found at start."""
        return {
            str(servo.spec.servo_id): f"{servo.model.name} firmware {servo.firmware}"
            for servo in self._servos
        }

    def spec(self, index: int) -> str:
        """How the servo of this row is called: its ID and joint."""
        spec = self._servos[index].spec
        return f"{spec.servo_id} ({spec.joint})"

    def silent(self) -> list[ServoSpec]:
        """The servos that did not answer the newest read."""
        return [self._servos[index].spec for index in np.flatnonzero(self.held)]

    # ---- driving ------------------------------------------------------------------------------

    def command(self, goal_rad: Floats) -> None:
        """Send goals (7,), clipped to what the servos accept: they would refuse others.

        `goal_rad` becomes what was sent, to the servo tick.

        Raises:
            ValueError: a goal is not finite. No register value stands for that.
        """
        if not np.isfinite(goal_rad).all():
            raise ValueError(f"Goals of {self.name} must be finite, not {goal_rad}.")
        ticks = self._goal_ticks(goal_rad)
        self.bus.write_goals(ticks.tolist())
        self.goal_rad = position_rad(ticks)

    def prepare(self) -> None:
        """RAM registers that the arm relies on: no motion profile, no watchdog, gripper current.

        Raises:
            ServoError: a servo does not keep them.
        """
        self._write_or_fail("profile", _PROFILE, dict.fromkeys(SERVO_IDS, 0))
        self._write_or_fail("bus watchdog", _BUS_WATCHDOG, dict.fromkeys(SERVO_IDS, 0))
        currents = {
            servo.spec.servo_id: servo.gripper_current
            for servo in self._servos
            if servo.gripper_current is not None
        }
        if currents:
            self._write_or_fail("goal current", _GOAL_CURRENT, currents)

    def hold(self) -> str:
        """Hold every servo where it is; `goal_rad` becomes what is held.

        A servo whose torque is off gets its present position as goal, confirmed, before its torque
        goes on; one that holds already keeps its goal. A servo that does not answer is left alone.

        Returns:
            What did not work, as a sentence; empty if all nine hold.
        """
        self.take(read_together([self.bus], PRESENT, self._timeout_s, self._now_ns)[0])
        holding = {i for i, data in self._read(TORQUE_ENABLE).items() if data[0]}
        goals = self._goals_to_hold(holding)
        failed = self._write_verified(GOAL_POSITION, goals)
        answering = {i for i in SERVO_IDS if not self.held[i - 1]}
        follows = {s.spec.servo_id: s.spec.secondary_id for s in self._servos if s.spec.shadow}
        able = [i for i in answering if i not in failed and follows.get(i) not in failed]
        failed |= self._write_verified(TORQUE_ENABLE, dict.fromkeys(able, 1))
        return self._complaint("cannot be held", failed | (set(SERVO_IDS) - answering))

    def let_go(self) -> str:
        """Torque off on every servo. Returns what did not work; empty if all are limp."""
        failed = self._write_verified(TORQUE_ENABLE, dict.fromkeys(SERVO_IDS, 0))
        return self._complaint("cannot be released", failed)

    # ---- inside -------------------------------------------------------------------------------

    def _goals_to_hold(self, holding: set[int]) -> dict[int, int]:
        """Goals of the answering primaries by ID; sets `goal_rad` for all seven."""
        registers = {
            i: int.from_bytes(data, "little", signed=True)
            for i, data in self._read(GOAL_POSITION).items()
            if i in holding
        }
        present = self._goal_ticks(self.position_rad)
        ticks = np.array(
            [registers.get(i, now) for i, now in zip(JOINT_SERVO_IDS, present, strict=True)]
        )
        silent = self.held[JOINT_INDEX]
        keep = silent & np.isfinite(self.goal_rad)
        self.goal_rad = np.where(keep, self.goal_rad, position_rad(ticks))
        pairs = zip(JOINT_SERVO_IDS, ticks.tolist(), silent, strict=True)
        return {i: goal for i, goal, is_silent in pairs if not is_silent}

    def _goal_ticks(self, goal_rad: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.clip(position_ticks(goal_rad), self._lowest_ticks, self._highest_ticks)

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
