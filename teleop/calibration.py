"""What a calibration says of a servo, and whether the servo found is still that one.

X series servos have no serial number. A servo is known by its place (bus and ID), its model, its
firmware, the homing offset that calibration left in its EEPROM, and the USB adapter of its bus.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from teleop.registers import CENTRE_TICKS

MAX_OFFSET_TICKS: Final = 1024
"""In position mode a homing offset counts within this many ticks either way (e-manual, 20)."""


@dataclass(frozen=True, slots=True)
class ServoCalibration:
    """One servo as its calibration left it.

    Attributes:
        model: its name, e.g. ``XM540-W270``.
        pair_difference_ticks: of a shadow, how far its position was above its primary's; 0 of all
            others.
        adapter: USB serial number of the bus's adapter; empty where it has none.
        calibrated_utc: when, ISO 8601.
    """

    bus: str
    servo_id: int
    model: str
    firmware: int
    homing_offset_ticks: int
    pair_difference_ticks: int
    adapter: str
    calibrated_utc: str

    def __post_init__(self) -> None:
        if abs(self.homing_offset_ticks) > MAX_OFFSET_TICKS:
            raise ValueError(
                f"homing_offset_ticks of servo {self.servo_id} of {self.bus} must be within "
                f"{MAX_OFFSET_TICKS} either way, not {self.homing_offset_ticks}."
            )

    def differences(self, model: str, firmware: int, offset_ticks: int, adapter: str) -> str:
        """How the servo found differs from the calibrated one, in words; "" if it does not.

        Adapters are compared where both are known.
        """
        pairs = [
            (model != self.model, f"it is a {model}, not the {self.model}"),
            (firmware != self.firmware, f"its firmware is {firmware}, not {self.firmware}"),
            (
                offset_ticks != self.homing_offset_ticks,
                f"its homing offset is {offset_ticks}, not {self.homing_offset_ticks}",
            ),
            (
                bool(adapter and self.adapter) and adapter != self.adapter,
                f"its bus is on adapter {adapter}, not {self.adapter}",
            ),
        ]
        return " and ".join(words for differs, words in pairs if differs)


def find(
    calibration: Iterable[ServoCalibration], bus: str, servo_id: int
) -> ServoCalibration | None:
    """The calibration of this servo; None: it has none."""
    for each in calibration:
        if (each.bus, each.servo_id) == (bus, servo_id):
            return each
    return None


def counted_offset(offset_ticks: int) -> int:
    """What a homing offset adds to the position in position mode."""
    return offset_ticks if abs(offset_ticks) <= MAX_OFFSET_TICKS else 0


def offset_for_zero(position_ticks: int, offset_ticks: int) -> int:
    """The homing offset that makes a servo read joint angle 0 where it stands.

    Args:
        position_ticks: what it reads there now.
        offset_ticks: its homing offset now, as the register holds it.

    Raises:
        ValueError: there is none that counts: it stands more than a quarter turn away from 0.
    """
    offset = CENTRE_TICKS - (position_ticks - counted_offset(offset_ticks))
    if abs(offset) > MAX_OFFSET_TICKS:
        raise ValueError("it stands more than a quarter turn away from its zero")
    return offset
