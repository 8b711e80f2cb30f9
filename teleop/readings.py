"""What the servos of all arms last said. An `Arm` sees its own row.

In nearly every tick all servos answer and all is well: that way is short, and in plain numbers.
After 20 ms of sleep numpy's code is out of the processor's cache, and a call of it on 36 numbers
costs ten times what it does in a loop (measured); masks are touched only where something is odd.
"""

import operator
import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.bus import PRESENT, BusReading
from teleop.joints import SERVOS_PER_ARM
from teleop.plausible import believable
from teleop.units import angles_rad

PRIMARY_INDEX: Final = (1, 3)
SHADOW_INDEX: Final = (2, 4)
"""Shoulder and elbow, and the second servo of each."""
GRIPPER_WAY_RAD: Final = 2.2
"""From closed to open. A gripper may snap over all of it when what it held is gone, and nothing but
itself follows from where it is."""

_NINE: Final = struct.Struct("<" + SERVOS_PER_ARM * "hii")
"""Effort, velocity and position of nine servos."""

Mask = npt.NDArray[np.bool_]
Counts = tuple[int, ...]


class Readings:
    """Newest readings by arm and servo. All are changed in place.

    Attributes:
        angle_rad: (arms, 9) where each servo was when it was last believed; NaN before that. Lists.
        velocity_counts, effort_counts: (arms, 9) registers of the same reading. Lists.
        held: no answer to the newest read, or none that can be true: the last value stands.
        heard: it answered the newest read.
        returned: it answered again after it had not; until somebody has looked into it.
        expected: it was there at start.
        error: error byte of its newest status packet.
        rejected: (arms,) readings so far that could not be true.
        ok: (arms,) every servo that was there at start answered the newest read, and is believed.
        read_ns: (arms,) when the last reply arrived. A list.
        temperature_degc, voltage_v, hardware_error: as last read, about once a second.
    """

    def __init__(self, arms: int, jump_rad: float) -> None:
        shape = (arms, SERVOS_PER_ARM)
        self.angle_rad = [[float("nan")] * SERVOS_PER_ARM for _ in range(arms)]
        self.velocity_counts: list[Counts] = [(0,) * SERVOS_PER_ARM for _ in range(arms)]
        self.effort_counts: list[Counts] = [(0,) * SERVOS_PER_ARM for _ in range(arms)]
        self.held: Mask = np.ones(shape, np.bool_)
        self.heard: Mask = np.ones(shape, np.bool_)
        self.returned: Mask = np.zeros(shape, np.bool_)
        self.expected: Mask = np.ones(shape, np.bool_)
        self.error = np.zeros(shape, np.uint8)
        self.rejected = np.zeros(arms, np.uint32)
        self.ok: Mask = np.zeros(arms, np.bool_)
        self.read_ns = [0] * arms
        self.temperature_degc = np.zeros(shape, np.uint8)
        self.voltage_v = np.zeros(shape, np.float32)
        self.hardware_error = np.zeros(shape, np.uint8)
        self._jumps_rad = [jump_rad] * (SERVOS_PER_ARM - 1) + [max(jump_rad, GRIPPER_WAY_RAD)]
        self._unseen_ticks = np.zeros(shape, np.int64)
        self._all_well = [False] * arms  # nothing was odd in the reading before

    def take(self, readings: Sequence[BusReading], first: int = 0) -> None:
        """Take the `PRESENT` readings of the arms from row `first` on."""
        for row, reading in enumerate(readings, start=first):
            self.read_ns[row] = reading.complete_ns
            if not (self._all_well[row] and self._goes_on(row, reading)):
                self._sort_out(row, reading)

    @property
    def all_well(self) -> bool:
        """Every servo answered the newest read, as before, is believed and has no error to tell."""
        return all(self._all_well)

    def believe(self, row: int) -> None:
        """Whatever the servos of an arm say next is where they are."""
        self.angle_rad[row] = [float("nan")] * SERVOS_PER_ARM
        self._all_well[row] = False

    def pair_gap_rad(self, row: int) -> float:
        """How far apart the two servos of shoulder or elbow of an arm are, the worse of the two; 0
        where one was never read."""
        angles = self.angle_rad[row]
        gaps = [
            abs(angles[one] - angles[other])
            for one, other in zip(PRIMARY_INDEX, SHADOW_INDEX, strict=True)
        ]
        return max(0.0, *(gap for gap in gaps if gap == gap), 0.0)

    def _goes_on(self, row: int, reading: BusReading) -> bool:
        """Take a reading in which nothing is odd; False: something is."""
        if reading.whole is None or any(reading.whole[1]):
            return False
        counts = _NINE.unpack(reading.whole[0])
        angles = angles_rad(counts[2::3])
        moved = map(abs, map(operator.sub, angles, self.angle_rad[row]))
        if any(map(operator.gt, moved, self._jumps_rad)):
            return False
        self.angle_rad[row] = angles
        self.velocity_counts[row] = counts[1::3]
        self.effort_counts[row] = counts[0::3]
        return True

    def _sort_out(self, row: int, reading: BusReading) -> None:
        """Take a reading in which something may be odd: what is missing or cannot be true keeps its
        value, flagged."""
        heard = np.zeros(SERVOS_PER_ARM, np.bool_)
        angle_rad = np.full(SERVOS_PER_ARM, np.nan)
        said: dict[int, tuple[int, int]] = {}
        for servo_id, status in reading.replies.items():
            index = servo_id - 1
            self.error[row, index] = status.error
            if len(status.data) == PRESENT.size:
                effort, velocity, position = struct.unpack("<hii", status.data)
                heard[index] = True
                angle_rad[index] = angles_rad([position])[0]
                said[index] = velocity, effort
        unseen, last_rad = self._unseen_ticks[row], np.array(self.angle_rad[row])
        true = heard & believable(angle_rad, last_rad, unseen, np.array(self._jumps_rad))
        velocities, efforts = list(self.velocity_counts[row]), list(self.effort_counts[row])
        for index in np.flatnonzero(true).tolist():
            self.angle_rad[row][index] = float(angle_rad[index])
            velocities[index], efforts[index] = said[index]
        self.velocity_counts[row], self.effort_counts[row] = tuple(velocities), tuple(efforts)
        self.rejected[row] += np.count_nonzero(heard & ~true)
        self._unseen_ticks[row] = np.where(true, 0, unseen + ~heard)
        self.returned[row] |= heard & ~self.heard[row]
        self.heard[row] = heard
        self.held[row] = ~true
        self.ok[row] = bool((true | ~self.expected[row]).all())
        odd = self.error[row].any() or self.returned[row].any()
        self._all_well[row] = bool(true.all()) and not odd
