"""What `teleop doctor --fix` can do: each fix says itself in words before it is done, and verifies.

Servos are written by their own ID only, and only while their whole arm is limp; that is read again
before the first fix of an arm, and of the servo itself before every one. Nothing here ever moves an
arm. Each `apply` raises BringupError where the arm holds, or the change is not confirmed or kept.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bringup.ask import Lines
from bringup.errors import BringupError
from teleop.bus import SERVO_IDS
from teleop.errors import PortError
from teleop.port import SerialPort
from teleop.registers import BAUD_RATES, MODELS, Register

REBOOT_S: Final = 2.0
"""Patience for a servo to come back."""
TRUSTED_ANSWERS: Final = 10
"""So many pings in a row are answered before a new line speed is trusted."""
SETTLE_S: Final = 0.1
"""Between changing a servo's line speed or ID and asking it under the new one."""

_ANY: Final = next(iter(MODELS.values()))
TORQUE: Final = _ANY.register("torque_enable")
HARDWARE_ERROR: Final = _ANY.register("hardware_error_status")
ID: Final = _ANY.register("id")
BAUD: Final = _ANY.register("baud_rate")


@dataclass(frozen=True, slots=True)
class RegisterFix:
    """Write one register of one servo."""

    bus: str
    servo_id: int
    register: Register
    old: int
    new: int

    def __str__(self) -> str:
        return f"{self.bus}, servo {self.servo_id}: {self.register.name} {self.old} -> {self.new}"

    def apply(self, workshop: Workshop) -> None:
        """Write and read back."""
        workshop.require_limp_arm(self.bus)
        line = workshop.line(self.bus)
        _require_limp(line, self.servo_id)
        data = self.new.to_bytes(self.register.size, "little", signed=self.register.signed)
        if not line.write(ONLY, self.servo_id, self.register.address, data):
            raise BringupError(f"{self}: the servo does not confirm it; is its cable sound?")
        kept = _read(line, self.servo_id, self.register)
        if kept != self.new:
            raise BringupError(f"{self}: the servo holds {kept} afterwards; power it off and on.")


@dataclass(frozen=True, slots=True)
class RebootFix:
    """Restart one servo, to clear a hardware error."""

    bus: str
    servo_id: int

    def __str__(self) -> str:
        return f"{self.bus}, servo {self.servo_id}: reboot"

    def apply(self, workshop: Workshop) -> None:
        """Reboot and see that the error is gone."""
        workshop.require_limp_arm(self.bus)
        line = workshop.line(self.bus)
        _require_limp(line, self.servo_id)
        line.reboot(ONLY, self.servo_id)
        deadline = time.monotonic() + REBOOT_S
        error = None
        while time.monotonic() < deadline and error != 0:
            time.sleep(SETTLE_S)
            error = _read(line, self.servo_id, HARDWARE_ERROR)
        if error is None:
            raise BringupError(f"{self}: it does not come back; power the arm off and on.")
        if error:
            raise BringupError(f"{self}: hardware error 0x{error:02x} is back; find its cause.")


@dataclass(frozen=True, slots=True)
class AddressFix:
    """Give a servo that answers elsewhere the ID and line speed of its place."""

    bus: str
    old_id: int
    old_baud: int
    new_id: int
    new_baud: int

    def __str__(self) -> str:
        return (
            f"{self.bus}, servo {self.old_id} at {self.old_baud} baud: -> ID {self.new_id} at "
            f"{self.new_baud} baud"
        )

    def apply(self, workshop: Workshop) -> None:
        """ID first, then line speed, each seen to have taken.

        A servo that cannot be understood at its new speed is sent back to the old one.
        """
        workshop.require_limp_arm(self.bus)
        workshop.require_limp_arm(self.bus, self.old_baud)
        line = workshop.line(self.bus, self.old_baud)
        _require_limp(line, self.old_id)
        if self.new_id != self.old_id:
            self._change(line, self.old_id, ID, self.new_id)
            if not self._answers(line):
                raise BringupError(f"{self}: it does not take the ID; teleop scan finds it.")
        if self.new_baud != self.old_baud:
            self._change(line, self.new_id, BAUD, BAUD_RATES.index(self.new_baud))
            fast = workshop.line(self.bus, self.new_baud)
            if not self._answers(fast):
                self._change(fast, self.new_id, BAUD, BAUD_RATES.index(self.old_baud))
                back = self._answers(workshop.line(self.bus, self.old_baud))
                raise BringupError(
                    f"{self}: it cannot be understood at {self.new_baud} baud and is "
                    f"{'back at the old speed' if back else 'lost; teleop scan may find it'}."
                )

    def _change(self, line: Lines, servo_id: int, register: Register, value: int) -> None:
        line.write(ONLY, servo_id, register.address, bytes((value,)))  # asked for below
        time.sleep(SETTLE_S)

    def _answers(self, line: Lines) -> bool:
        """Whether it answers as its new ID, again and again."""
        baud = line.ports[ONLY].baud
        return all(
            line.ping(self.new_id, [ONLY])[ONLY].servos(baud) for _ in range(TRUSTED_ANSWERS)
        )


@dataclass(frozen=True, slots=True)
class FileFix:
    """Write a setting of the running system, until the adapter is plugged in again."""

    path: Path
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.path}: {self.old} -> {self.new} (until it is plugged in again)"

    def apply(self, _workshop: Workshop) -> None:
        """Write and read back."""
        try:
            self.path.write_text(f"{self.new}\n")
            kept = self.path.read_text().strip()
        except OSError as error:
            raise BringupError(f"{self}: {error.strerror}; as root, or by the udev rule.") from None
        if kept != self.new:
            raise BringupError(f"{self}: it reads {kept} afterwards.")


Fix = RegisterFix | RebootFix | AddressFix | FileFix
ONLY: Final = "line"
"""The name of a `Lines`' only line."""


class Workshop:
    """Opens the port of the bus that is mended, one at a time.

    Args:
        ports: path and line speed by bus name.
    """

    def __init__(self, ports: Mapping[str, tuple[str, int]]) -> None:
        self._ports = ports
        self._limp: set[tuple[str, int]] = set()
        self._open: SerialPort | None = None

    def line(self, bus: str, baud: int | None = None) -> Lines:
        """The bus, at its own line speed or another.

        Raises:
            BringupError: it cannot be opened.
        """
        path, own_baud = self._ports[bus]
        wanted = path, baud or own_baud
        if self._open is None or (self._open.path, self._open.baud) != wanted:
            self.close()
            try:
                self._open = SerialPort(*wanted)
            except PortError as error:
                raise BringupError(str(error)) from error
        return Lines({ONLY: self._open})

    def require_limp_arm(self, bus: str, baud: int | None = None) -> None:
        """See, once for each bus and line speed, that no servo of the arm holds.

        Servos that do not answer do not count.

        Raises:
            BringupError: one does, or the port cannot be opened.
        """
        line = self.line(bus, baud)
        place = bus, line.ports[ONLY].baud
        if place not in self._limp:
            for servo_id in SERVO_IDS:
                _require_limp(line, servo_id, must_answer=False)
            self._limp.add(place)

    def close(self) -> None:
        """Give the port back. Harmless when repeated."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _require_limp(line: Lines, servo_id: int, *, must_answer: bool = True) -> None:
    torque = _read(line, servo_id, TORQUE)
    if torque is None and must_answer:
        raise BringupError(
            f"Servo {servo_id} on {line.ports[ONLY].path} does not answer: nothing was written."
        )
    if torque:
        raise BringupError(
            f"Servo {servo_id} on {line.ports[ONLY].path} holds: nothing was written; bring the "
            "arms to rest first (teleop rest)."
        )


def _read(line: Lines, servo_id: int, register: Register) -> int | None:
    """None: no answer."""
    data = line.read(servo_id, register.address, register.size, [ONLY]).get(ONLY)
    return None if data is None else int.from_bytes(data, "little", signed=register.signed)
