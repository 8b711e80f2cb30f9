"""What one arm's nine servos say, in radians: the reading half of an arm."""

import operator
import struct
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.bus import (
    CONDITION,
    WATCHDOG,
    Block,
    BusReading,
    NowNs,
    ServoBus,
    read_together,
)
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM, Role
from teleop.readings import Mask, Readings
from teleop.servos import ServoSpec
from teleop.setup import Servo
from teleop.units import effort_unit, velocity_unit_rad_s, voltage_v

JOINT_INDEX: Final = [servo_id - 1 for servo_id in JOINT_SERVO_IDS]
"""Where the seven joints lie among the nine servos."""
WATCHDOG_COUNTS: Final = 10
"""200 ms, in the register's unit of 20 ms: a follower whose host falls silent stops by itself."""

Said = Mapping[int, bytes]
"""Data by servo ID, of those that answered."""

_SUPPLY: Final = struct.Struct("<HB")
_joints: Final = operator.itemgetter(*JOINT_INDEX)


class SensedArm:
    """Nine servos as they are read, in joint units.

    Attributes:
        temperature_degc, voltage_v, hardware_error: (9,) as last read.
        torque_wanted: (9,) torque was switched on and is to stay on.
        lapsed: (9,) torque or watchdog are not as they were set, as last read: it restarted, or
            its watchdog has tripped.
        looks: times that something of it was read that is not read in every tick.

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
        self.temperature_degc = readings.temperature_degc[row]  # views: written here, seen there
        self.voltage_v = readings.voltage_v[row]
        self.hardware_error = readings.hardware_error[row]
        self.torque_wanted: Mask = np.zeros(SERVOS_PER_ARM, np.bool_)
        self.lapsed: Mask = np.zeros(SERVOS_PER_ARM, np.bool_)
        self.looks = 0
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

    def take_condition(self) -> None:
        """Read torque and hardware error status of every servo. Blocks for one read."""
        self.note_condition(self._read(CONDITION))

    def take_watchdog(self) -> None:
        """Read the followers' watchdogs: armed, tripped, or off after a restart. Blocks for one
        read."""
        if self._watched:
            self.note_watchdog(self._read(WATCHDOG))

    def note_supply(self, said: Said) -> None:
        """Take voltages and temperatures."""
        self.looks += 1
        for servo_id, data in said.items():
            counts, degc = _SUPPLY.unpack(data)
            self.voltage_v[servo_id - 1] = voltage_v(counts)
            self.temperature_degc[servo_id - 1] = degc

    def note_condition(self, said: Said) -> None:
        """Take torque and hardware errors."""
        self.looks += 1
        for servo_id, data in said.items():
            self.hardware_error[servo_id - 1] = data[-1]
            self.lapsed[servo_id - 1] = self.torque_wanted[servo_id - 1] and not data[0]

    def note_watchdog(self, said: Said) -> None:
        """Take watchdogs, where they are armed."""
        self.looks += 1
        for servo_id, data in said.items():
            index = servo_id - 1
            if self._watched and self.torque_wanted[index] and data[0] != WATCHDOG_COUNTS:
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

    def _read(self, block: Block) -> dict[int, bytes]:
        """Data by servo ID of those that answered."""
        (reading,) = read_together([self.bus], block, self._timeout_s, self._now_ns)
        return said(reading)


def said(reading: BusReading) -> dict[int, bytes]:
    """The data of those that answered with some."""
    return {i: status.data for i, status in reading.replies.items() if status.data}
