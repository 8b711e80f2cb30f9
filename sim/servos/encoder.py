"""Between joint angle and position register: zero, homing offset, whole turns, an encoder's fault.

The encoder knows where the shaft is in one turn. Whole turns are counted while the servo has power
and forgotten at power-up, by a clear instruction, and on entering position mode or torque in it.
"""

import struct
from typing import Final

from sim.servos.settings import Settings
from teleop.registers import CENTRE_TICKS, TICKS_PER_TURN

_PRESENT_POSITION: Final = 132
_INT32: Final = struct.Struct("<i")
MAX_INT32: Final = 2_147_483_647


class Encoder:
    """The present position register of one servo, and what it is counted from.

    Attributes:
        zero_ticks: the register's value at joint angle 0.
        offset_ticks: what a faulty encoder reads too much.
    """

    def __init__(self, memory: bytearray) -> None:
        self._memory = memory
        self._turns = 0
        self.offset_ticks = 0
        self.zero_ticks = CENTRE_TICKS

    @property
    def ticks(self) -> int:
        """The present position register."""
        position: int = _INT32.unpack_from(self._memory, _PRESENT_POSITION)[0]
        return position

    def adopt(self, settings: Settings) -> None:
        """Counts from where the settings say, from the next sensing on."""
        turned = self._turns * TICKS_PER_TURN
        self.zero_ticks = CENTRE_TICKS + settings.homing_ticks + self.offset_ticks - turned

    def forget_turns(self, settings: Settings) -> int:
        """Back into one turn, homing offset aside; returns the ticks taken off."""
        turns = (self.ticks - settings.homing_ticks) // TICKS_PER_TURN
        self._turns += turns
        self._shift(-turns * TICKS_PER_TURN)
        self.adopt(settings)
        return turns * TICKS_PER_TURN

    def slip(self, offset_ticks: int, settings: Settings) -> None:
        """Reads too much by this from now on."""
        self._shift(offset_ticks - self.offset_ticks)
        self.offset_ticks = offset_ticks
        self.adopt(settings)

    def _shift(self, ticks: int) -> None:
        shifted = within(self.ticks + ticks, MAX_INT32)
        _INT32.pack_into(self._memory, _PRESENT_POSITION, shifted)


def within(value: int, limit: int) -> int:
    """The value, or the limit of its sign where it lies beyond."""
    return limit if value > limit else -limit if value < -limit else value
