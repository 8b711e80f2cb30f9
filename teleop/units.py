"""Servo registers to SI units and back. The only place that knows ticks.

Velocity and effort depend on the servo model; position, voltage and temperature do not.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from teleop.registers import CENTRE_TICKS, TICKS_PER_TURN, ServoModel

RAD_PER_TICK: Final = 2 * math.pi / TICKS_PER_TURN
RAD_S_PER_RPM: Final = 2 * math.pi / 60
VOLT_PER_COUNT: Final = 0.1

Floats = npt.NDArray[np.float64]
Counts = npt.ArrayLike


def position_rad(ticks: Counts) -> Floats:
    """Joint angle of a position register; the centre of the range is 0 rad."""
    return (np.asarray(ticks, np.float64) - CENTRE_TICKS) * RAD_PER_TICK


def angles_rad(ticks: Sequence[int]) -> list[float]:
    """`position_rad` in plain numbers."""
    return [(count - CENTRE_TICKS) * RAD_PER_TICK for count in ticks]


def position_ticks(rad: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The nearest position register value of a finite joint angle."""
    return np.rint(np.asarray(rad, np.float64) / RAD_PER_TICK).astype(np.int64) + CENTRE_TICKS


def goal_ticks(rad: float, lowest: int, highest: int) -> int:
    """The nearest position register value of a finite joint angle that is within these two."""
    return min(max(round(rad / RAD_PER_TICK) + CENTRE_TICKS, lowest), highest)


def velocity_unit_rad_s(model: ServoModel) -> float:
    """rad/s per count of the model's velocity registers."""
    return model.velocity_unit_rpm * RAD_S_PER_RPM


def effort_unit(model: ServoModel) -> float:
    """mA per count of register 126, or 1 where it is load, which is kept in 0.1 %."""
    return 1.0 if model.current_unit_ma is None else model.current_unit_ma


def current_counts(model: ServoModel, current_ma: float) -> int:
    """The largest current register value that is not above `current_ma`."""
    if model.current_unit_ma is None:
        raise ValueError(f"The {model.name} does not measure current.")
    return int(current_ma / model.current_unit_ma)


def voltage_v(counts: int) -> float:
    """Input voltage of register 144."""
    return counts * VOLT_PER_COUNT
