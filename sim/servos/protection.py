"""What wears on a servo: heat, supply voltage and overload, and the errors that they raise.

The manual publishes limits but no dynamics, so all constants here are choices of a plausible order
of magnitude: check on hardware.

- The case warms with the square of the current, as one lump that forgets in `WARM_UP_S`. At 30 % of
  stall current it settles 34 degC above ambient, at stall it passes 80 degC after 105 s.
- The supply at the servo sags with its own current through `LEAD_OHM` of cable. What the other
  servos of the chain draw does not show.
- Overload is an effort of `OVERLOAD_SHARE` of stall current or more for `OVERLOAD_S`, with
  interruptions counted off at the same rate.
"""

import math
import struct
from enum import IntFlag
from typing import Final

from sim.servos.motor import Motor
from sim.servos.settings import Settings

SUPPLY_V: Final = 12.0
AMBIENT_DEGC: Final = 25.0
IDLE_RISE_DEGC: Final = 7.0
"""What the electronics alone warm the case above ambient."""
STALL_RISE_DEGC: Final = 300.0
WARM_UP_S: Final = 600.0
LEAD_OHM: Final = 0.15
OVERLOAD_SHARE: Final = 0.9
OVERLOAD_S: Final = 3.0

_PERIOD_NS: Final = 100_000_000
_EFFORT, _SUPPLY = 126, 144
_INT16, _SUPPLY_FORMAT = struct.Struct("<h"), struct.Struct("<HB")


class HardwareError(IntFlag):
    """Bits of hardware error status (70) and shutdown (63)."""

    VOLTAGE = 0x01
    OVERHEATING = 0x04
    ENCODER = 0x08
    SHOCK = 0x10
    OVERLOAD = 0x20


class Protection:
    """Temperature, voltage and load of one servo as they develop; keeps registers 144 and 146.

    Attributes:
        due_ns: when `advance` has work to do again: ten times a second.
    """

    def __init__(self, memory: bytearray, motor: Motor, phase: int) -> None:
        self._memory = memory
        self._stall_ma = motor.stall_current_ma
        self._phase_ns = phase % 5 * _PERIOD_NS // 5  # not all servos of an arm in the same step
        self._before_ns: int | None = None
        self._loaded_s = 0.0
        self.due_ns = -(1 << 62)
        self.measure(SUPPLY_V, AMBIENT_DEGC + IDLE_RISE_DEGC)

    def measure(self, voltage_v: float, temperature_degc: float) -> None:
        """Voltage and temperature are this now."""
        self.voltage_v, self.temperature_degc = voltage_v, temperature_degc
        decivolt, degc = round(10 * voltage_v), round(temperature_degc)
        _SUPPLY_FORMAT.pack_into(
            self._memory, _SUPPLY, min(max(decivolt, 0), 65_535), min(max(degc, 0), 255)
        )

    def relieve(self) -> None:
        """Forgets the load so far, as a reboot does; the case stays warm."""
        self._loaded_s = 0.0

    def advance(
        self, now_ns: int, settings: Settings, supply_v: float, ambient_degc: float
    ) -> HardwareError:
        """Lets time pass at the current measured last; returns what is wrong now.

        `supply_v`, `ambient_degc`: what the servo is fed and what surrounds it.
        """
        before_ns, self._before_ns = self._before_ns, now_ns
        self.due_ns = now_ns + _PERIOD_NS
        if before_ns is None:
            self.due_ns += self._phase_ns
            return HardwareError(0)
        elapsed_s = (now_ns - before_ns) * 1e-9
        effort: int = _INT16.unpack_from(self._memory, _EFFORT)[0]
        current_ma = abs(effort / settings.counts_per_ma)
        share = current_ma / self._stall_ma
        settled = ambient_degc + IDLE_RISE_DEGC + STALL_RISE_DEGC * share * share
        kept = math.exp(-elapsed_s / WARM_UP_S)
        temperature_degc = settled + (self.temperature_degc - settled) * kept
        self.measure(supply_v - LEAD_OHM * current_ma / 1000, temperature_degc)
        loaded_s = elapsed_s if share >= OVERLOAD_SHARE else -elapsed_s
        self._loaded_s = max(0.0, self._loaded_s + loaded_s)
        return self._errors(settings)

    def _errors(self, settings: Settings) -> HardwareError:
        errors = HardwareError(0)
        if self.temperature_degc > settings.hottest_degc:
            errors |= HardwareError.OVERHEATING
        if not settings.lowest_v <= round(self.voltage_v, 1) <= settings.highest_v:
            errors |= HardwareError.VOLTAGE
        if self._loaded_s >= OVERLOAD_S:
            errors |= HardwareError.OVERLOAD
        return errors
