"""What the motors of the servos can do at 12 V, from ROBOTIS' data sheets."""

import math
from dataclasses import dataclass
from typing import Final

FULL_PWM: Final = 885
"""PWM registers at 100 %."""

_RPM: Final = math.tau / 60


@dataclass(frozen=True, slots=True)
class Motor:
    """One model's output shaft at 12 V."""

    stall_torque_nm: float
    stall_current_ma: float
    no_load_rad_s: float

    @property
    def nm_per_a(self) -> float:
        """Torque per current, taken as constant: gear losses are not simulated."""
        return 1000 * self.stall_torque_nm / self.stall_current_ma


MOTORS: Final = {
    1020: Motor(4.1, 2300, 46 * _RPM),  # XM430-W350
    1120: Motor(10.6, 4400, 30 * _RPM),  # XM540-W270
    1060: Motor(1.5, 1400, 61 * _RPM),  # XL430-W250
    1070: Motor(1.6, 1400, 106 * _RPM),  # XC430-W150
}
"""By model number."""
