"""The homing offsets of one arm: read, written, verified by what the servos then read, put back.

Nothing here moves a servo, and nothing is written while one has torque on.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bringup.ask import Lines
from bringup.errors import BringupError
from teleop.calibration import counted_offset
from teleop.port import SerialPort
from teleop.registers import (
    CENTRE_TICKS,
    MODELS,
    TICKS_PER_TURN,
    OperatingMode,
    Register,
    ServoModel,
)
from teleop.servos import ServoSpec

STILL_TICKS: Final = 12
"""An arm that is held by hand trembles within a degree."""
STILL_READS: Final = 5
SETTLE_READS: Final = 20
SETTLE_S: Final = 0.01

_SNAPSHOT_BYTES: Final = 71
_ANY: Final[ServoModel] = next(iter(MODELS.values()))
"""Where registers that all models share lie."""
_HOMING_OFFSET: Final = _ANY.register("homing_offset")
_PRESENT_POSITION: Final = _ANY.register("present_position")


@dataclass(frozen=True, slots=True)
class ServoState:
    """What a servo's EEPROM says, and whether it holds."""

    spec: ServoSpec
    model: ServoModel
    firmware: int
    offset_ticks: int
    limits_ticks: tuple[int, int]
    operating_mode: int
    drive_mode: int
    torque_on: bool


class ArmOffsets:
    """One arm's servos, asked through a port of its own. Use as a context manager.

    Raises:
        PortError: the port cannot be opened.
    """

    def __init__(self, bus: str, port: str, baud: int, specs: Sequence[ServoSpec]) -> None:
        self._bus = bus
        self._specs = tuple(specs)
        self._port = SerialPort(port, baud)
        self._lines = Lines({bus: self._port})

    def __enter__(self) -> "ArmOffsets":
        return self

    def __exit__(self, *_: object) -> None:
        self._port.close()

    def read(self) -> tuple[ServoState, ...]:
        """All nine servos.

        Raises:
            BringupError: one does not answer, or is no servo that belongs there.
        """
        return tuple(self._state(spec) for spec in self._specs)

    def positions(self) -> dict[int, int]:
        """Present positions in ticks, by servo ID.

        Raises:
            BringupError: a servo does not answer.
        """
        return {spec.servo_id: self._value(spec, _PRESENT_POSITION) for spec in self._specs}

    def still_positions(self) -> dict[int, int]:
        """The same of an arm that stands still.

        Raises:
            BringupError: it moves, or a servo does not answer.
        """
        reads = [self.positions() for _ in range(STILL_READS)]
        for spec in self._specs:
            values = [read[spec.servo_id] for read in reads]
            if max(values) - min(values) > STILL_TICKS:
                raise self.error(spec, "moves: hold the arm still, then run teleop calibrate again")
        return reads[-1]

    @contextlib.contextmanager
    def changed(
        self,
        states: Sequence[ServoState],
        positions: Mapping[int, int],
        offsets: Mapping[int, int],
    ) -> Iterator[None]:
        """Offsets written and verified; put back if anything goes wrong within.

        Args:
            positions: what the servos read beforehand, by ID; the arm must stay still since then.
            offsets: by ID, of all nine servos.

        Raises:
            BringupError: a servo does not take its offset, or does not read what it must then.
        """
        changing = _to_write(states, offsets)
        written: list[ServoState] = []
        try:
            for state in changing:
                written.append(state)
                self._write_offset(state.spec, offsets[state.spec.servo_id])
            for state in changing:
                servo_id = state.spec.servo_id
                fixed = positions[servo_id] - counted_offset(state.offset_ticks)
                self._verify(state.spec, offsets[servo_id], fixed + offsets[servo_id])
            yield
        except BaseException as error:
            failed = self._put_back(written)
            if failed:
                raise BringupError(
                    f"{error} Servo {failed} of {self._bus} could not be given back its old "
                    "offset: see to its cable and power, then run teleop calibrate again."
                ) from error
            raise

    def _verify(self, spec: ServoSpec, offset: int, expected: int) -> None:
        if self._value(spec, _HOMING_OFFSET) != offset:
            raise self.error(spec, "does not keep its homing offset: switch its power off and on")
        for _ in range(SETTLE_READS):
            position = self._value(spec, _PRESENT_POSITION)
            if abs(position - expected) <= STILL_TICKS:
                return
            time.sleep(SETTLE_S)
        raise self.error(
            spec,
            f"reads {position} with its new offset, not {expected}: the arm moved meanwhile, or "
            "this servo counts offsets otherwise. The old offsets are put back; hold the arm "
            "still and run teleop calibrate again",
        )

    def _put_back(self, written: Sequence[ServoState]) -> str:
        """Returns which could not be; "" if all were."""
        failed = []
        for state in written:
            try:
                self._write_offset(state.spec, state.offset_ticks)
                kept = self._value(state.spec, _HOMING_OFFSET) == state.offset_ticks
            except BringupError:
                kept = False
            if not kept:
                failed.append(f"{state.spec.servo_id} ({state.spec.joint})")
        return ", ".join(failed)

    def _write_offset(self, spec: ServoSpec, offset: int) -> None:
        data = offset.to_bytes(_HOMING_OFFSET.size, "little", signed=True)
        if not self._lines.write(self._bus, spec.servo_id, _HOMING_OFFSET.address, data):
            raise self.error(spec, "does not take a homing offset: check its cable and power")

    def _value(self, spec: ServoSpec, register: Register) -> int:
        data = self._bytes(spec, register.address, register.size)
        return int.from_bytes(data, "little", signed=register.signed)

    def _state(self, spec: ServoSpec) -> ServoState:
        memory = self._bytes(spec, 0, _SNAPSHOT_BYTES)

        def value(name: str) -> int:
            register = _ANY.register(name)
            raw = memory[register.address : register.address + register.size]
            return int.from_bytes(raw, "little", signed=register.signed)

        found = MODELS.get(value("model_number"))
        name = found.name if found else f"servo of unknown model {value('model_number')}"
        if found is None or name not in spec.models:
            wanted = " or ".join(spec.models)
            raise self.error(spec, f"is a {name}, not a {wanted}: is this the port of another arm?")
        return ServoState(
            spec,
            found,
            value("firmware_version"),
            value("homing_offset"),
            (value("min_position_limit"), value("max_position_limit")),
            value("operating_mode"),
            value("drive_mode"),
            bool(value("torque_enable")),
        )

    def _bytes(self, spec: ServoSpec, address: int, size: int) -> bytes:
        data = self._lines.read(spec.servo_id, address, size, [self._bus]).get(self._bus)
        if data is None:
            raise self.error(spec, "does not answer: check its cable and power")
        return data

    def error(self, spec: ServoSpec, what: str) -> BringupError:
        """An error about one servo."""
        return BringupError(f"Servo {spec.servo_id} ({spec.joint}) of {self._bus} {what}.")


def _to_write(states: Sequence[ServoState], offsets: Mapping[int, int]) -> list[ServoState]:
    """Servos whose offset changes, each primary before its shadow, and the shadows of those.

    A shadow may take what is written to its primary's ID (check on hardware), so that it is always
    written by its own ID afterwards.
    """
    changing: list[ServoState] = []
    for state in states:
        primaries = {each.spec.servo_id for each in changing}
        differs = offsets[state.spec.servo_id] != state.offset_ticks
        if differs or state.spec.secondary_id in primaries:
            changing.append(state)
    return changing


def degrees(position_ticks: int) -> float:
    """Joint angle of a position register."""
    return (position_ticks - CENTRE_TICKS) * 360 / TICKS_PER_TURN


def check_writable(arm: ArmOffsets, states: Sequence[ServoState]) -> None:
    """That offsets may be written, and count.

    Raises:
        BringupError: a servo holds, or is in a mode that has another idea of its offset.
    """
    for state in states:
        if state.torque_on:
            raise arm.error(state.spec, "holds: run teleop rest first")
        if state.drive_mode != state.spec.drive_mode:
            raise arm.error(
                state.spec,
                f"has drive_mode {state.drive_mode}, not {state.spec.drive_mode}: correct it with "
                "Dynamixel Wizard",
            )
        squeezing = OperatingMode.CURRENT_BASED_POSITION
        if state.operating_mode not in (OperatingMode.POSITION, squeezing):
            raise arm.error(
                state.spec,
                f"is in operating mode {state.operating_mode}, not in position mode: run teleop "
                "doctor --fix first",
            )
